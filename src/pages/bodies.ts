import type { IncomingMessage } from 'node:http'
import { Refusal } from '../refusal/refusal.ts'

/**
 * The JSON a program sent.
 * @throws Refusal `unsupported_media_type`, `too_large`, `bad_request`
 */
export async function readJson(
  ctx: { req: IncomingMessage; is(type: string): string | false | null },
  mostBytes: number,
): Promise<unknown> {
  if (!ctx.is('application/json')) throw new Refusal('unsupported_media_type')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostBytes) throw new Refusal('too_large')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) as unknown
  } catch (cause) {
    throw new Refusal('bad_request', String(cause))
  }
}
