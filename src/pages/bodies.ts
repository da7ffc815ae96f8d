import type { IncomingMessage } from 'node:http'
import { Refusal } from '../refusal/refusal.ts'

/** Reads the body of a request; undefined for more than `mostBytes`, and the rest stays unread. */
export async function readBytes(request: IncomingMessage, mostBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return undefined
  return readAtMost(request, mostBytes)
}

/** Reads a stream to its end; undefined for more than `mostBytes`, and the stream is closed. */
export async function readAtMost(stream: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > mostBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** True where the client closed the connection before its request was complete: no client waits for the answer. */
export const isGone = ({ errored }: IncomingMessage) => (errored as { code?: string } | null)?.code === 'ECONNRESET'

/**
 * Reads the body of a request as text.
 * @throws Refusal `too_large`, `bad_request` when it is not UTF-8
 */
export async function readText(request: IncomingMessage, mostBytes: number): Promise<string> {
  const bytes = await readBytes(request, mostBytes)
  if (!bytes) throw new Refusal('too_large')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Refusal('bad_request', `not UTF-8: ${String(cause)}`)
  }
}

/**
 * Reads the body of a program's request as JSON.
 * @throws Refusal `unsupported_media_type`, `too_large`, `bad_request`
 */
export async function readJson(
  ctx: { req: IncomingMessage; is(type: string): string | false | null },
  mostBytes: number,
): Promise<unknown> {
  if (!ctx.is('application/json')) throw new Refusal('unsupported_media_type')
  const text = await readText(ctx.req, mostBytes)
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new Refusal('bad_request', String(cause))
  }
}
