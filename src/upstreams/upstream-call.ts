import type { UpstreamFailure } from './upstream-client.ts'
import { tooLong, type UpstreamFetch } from './upstream-fetch.ts'

/** Character sets of old systems, which their headers often leave out (WHATWG Encoding). */
export const charsets = ['utf-8', 'gbk', 'gb18030'] as const

export type Charset = (typeof charsets)[number]

export interface UpstreamRequest {
  url: URL
  method: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

export type UpstreamText = { status: number; text: string } | { failure: UpstreamFailure }

/**
 * Asks an upstream. Errors end here, because their text may have the address, and the address may have a secret.
 * @returns `unavailable` without an answer, or for a status that shows a fault or a busy server; `answer_invalid` for bytes that are no text
 */
export async function askUpstream(
  fetch: UpstreamFetch,
  { url, ...init }: UpstreamRequest,
  charset: Charset,
): Promise<UpstreamText> {
  let answer: { status: number; bytes: ArrayBuffer }
  try {
    const response = await fetch(url, init)
    answer = { status: response.status, bytes: await response.arrayBuffer() }
  } catch (error) {
    return { failure: (error as { code?: unknown }).code === tooLong ? 'answer_invalid' : 'unavailable' }
  }
  const { status, bytes } = answer
  if (status >= 500 || status === 408 || status === 429) return { failure: 'unavailable' }
  try {
    return { status, text: new TextDecoder(charset, { fatal: true }).decode(bytes) }
  } catch {
    return { failure: 'answer_invalid' }
  }
}

/**
 * Parses JSON. A number is its text as it was sent: a long id would lose its last digits.
 * @returns undefined for any text that is no object
 */
export function parseAnswer(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text, (_name, one: unknown, context?: { source?: string }) =>
      typeof one === 'number' ? context?.source : one,
    )
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // also for a nesting that is too deep for the parser
    return undefined
  }
}

/** What a browser may carry from an upstream as a code or ticket (RFC 6749, appendix A.11). */
export const isCode = (text: string | undefined): text is string =>
  text !== undefined && /^[\x20-\x7e]{1,2048}$/.test(text)

/** An address with parameters more; those of its own stay. */
export function withParameters(address: string, parameters: Readonly<Record<string, string>>): URL {
  const url = new URL(address)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url
}
