import { readBytes } from '../../../pages/bodies.ts'
import { captureLimits, readFrames } from '../../../proofing/face/frames.ts'
import type { Frame } from '../../../proofing/face/face-verifier.ts'
import type { RouterContext } from '../../method.ts'

/** A capture takes a few seconds to send; a slower one holds a place that others need. */
const mostMs = 15_000

/** The pictures of a capture page; undefined for other bytes, or more than `captureLimits`. */
export async function receiveFrames(ctx: RouterContext): Promise<Frame[] | undefined> {
  const late = setTimeout(() => ctx.req.destroy(), mostMs)
  try {
    const bytes = await readBytes(ctx.req, captureLimits.bytes)
    return bytes && readFrames(bytes)
  } catch (error) {
    // a client that left, or was cut off above, waits for no answer
    if (!ctx.req.complete) return undefined
    throw error
  } finally {
    clearTimeout(late)
  }
}
