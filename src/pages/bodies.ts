import type { IncomingMessage } from 'node:http'
import { Refusal } from '../refusal/refusal.ts'

/** What a request sent; undefined for more than `mostBytes`, of which no more is read. */
export async function readBytes(request: IncomingMessage, mostBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return undefined
  return readAtMost(request, mostBytes)
}

/** All of a stream; undefined for more than `mostBytes`, where the stream is ended. */
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

/** The client ended the connection before all of its request was here: nobody waits for the answer. */
export const isGone = ({ errored }: IncomingMessage) => (errored as { code?: string } | null)?.code === 'ECONNRESET'

/**
 * The text a request sent.
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
 * The JSON a program sent.
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
