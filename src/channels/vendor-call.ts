import type { z } from 'zod'
import type { ChannelFailure } from './channel-client.ts'

/** A fetch with limits of time and size, which follows no redirect (guards/outbound.ts). */
export type ChannelFetch = (
  url: URL,
  init: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string },
) => Promise<Response>

interface VendorRequest {
  query?: Record<string, string>
  json?: object
  form?: Record<string, string>
}

/** Asks one vendor's server. Undefined: no answer, or one that is not 200. */
export type AskVendor = (path: string, request: VendorRequest) => Promise<string | undefined>

/**
 * Binds a fetch to one origin: no other is ever asked. Errors end here, because their text may have the address, and
 * the address has the secret.
 */
export function askOnly(api: string, fetch: ChannelFetch): AskVendor {
  return async (path, { query = {}, json, form }) => {
    const url = new URL(path, api)
    if (url.origin !== api) return undefined
    url.search = new URLSearchParams(query).toString()
    try {
      const response = await fetch(url, bodyOf(json, form))
      return response.status === 200 ? await response.text() : undefined
    } catch {
      return undefined
    }
  }
}

function bodyOf(json: object | undefined, form: Record<string, string> | undefined): Parameters<ChannelFetch>[1] {
  const post = (type: string, body: string) => ({ method: 'POST' as const, headers: { 'content-type': type }, body })
  if (json) return post('application/json', JSON.stringify(json))
  if (form) return post('application/x-www-form-urlencoded;charset=utf-8', new URLSearchParams(form).toString())
  return { method: 'GET' }
}

/** What a vendor answered, or why it cannot be used. */
export type VendorAnswer<T> = { value: T } | { failure: ChannelFailure }

/** Reads a document of a vendor; undefined for any other text. */
export function readDocument<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
