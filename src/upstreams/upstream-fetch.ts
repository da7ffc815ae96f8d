/** A fetch with limits of time and size, which follows no redirect and keeps to the rule of networks (guards/upstream-fetch.ts). */
export type UpstreamFetch = (
  url: string | URL,
  init: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string },
) => Promise<Response>

/** The `code` of an error: the answer has more bytes than the limit. */
export const tooLong = 'ERR_ANSWER_TOO_LONG'
/** The `code` of an error: no network that may be asked has the address (YIDENG_OUTBOUND_NETWORKS). */
export const networkRefused = 'ERR_NETWORK_REFUSED'
/** The `code` of an error: the answer is not UTF-8 (RFC 8259, 8.1). */
export const notUtf8 = 'ERR_ANSWER_NOT_UTF8'

/**
 * The text of an answer; a byte that is not UTF-8 is never replaced by a mark, for two values would look the same.
 * @throws Error with the code `notUtf8`
 */
export async function textOf(response: Response): Promise<string> {
  const bytes = await response.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw Object.assign(new Error('the answer is not UTF-8', { cause }), { code: notUtf8 })
  }
}
