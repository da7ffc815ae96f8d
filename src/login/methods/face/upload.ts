import { readBytes } from '../../../pages/bodies.ts'
import { captureLimits, readCapturedFrames } from '../../../proofing/face/captured-frames.ts'
import type { CapturedFrame } from '../../../proofing/face/face-verifier.ts'
import type { RouterContext } from '../../method.ts'

/** A capture takes a few seconds to send; a slower one holds a place that others need. */
const mostMs = 15_000

/** The pictures of a capture page; undefined for other bytes, or more than `mostBytes` or `captureLimits`. */
export async function receiveFrames(
  ctx: RouterContext,
  mostBytes = captureLimits.bytes,
): Promise<CapturedFrame[] | undefined> {
  const late = setTimeout(() => ctx.req.destroy(), mostMs)
  try {
    const bytes = await readBytes(ctx.req, mostBytes)
    return bytes && readCapturedFrames(bytes)
  } catch (error) {
    // a client that left, or was cut off above, waits for no answer
    if (!ctx.req.complete) return undefined
    throw error
  } finally {
    clearTimeout(late)
  }
}
