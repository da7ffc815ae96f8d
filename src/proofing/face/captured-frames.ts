import type { CapturedFrame } from './face-verifier.ts'

/** Limits that are checked before decoding. */
export const captureLimits = { bytes: 3 * 1024 * 1024, frames: 32, frameBytes: 256 * 1024, pixels: 1_300_000 }

const headBytes = 5
/** Start of image, and start of the next marker (ISO/IEC 10918-1, B.1.1.2). */
const jpegStart = [0xff, 0xd8, 0xff]

/**
 * Parses the body from the capture page: for each picture its step (1 byte), its length (4 bytes, big endian), a JPEG.
 * Undefined for other bodies, or above `captureLimits`.
 */
export function readCapturedFrames(body: Buffer): CapturedFrame[] | undefined {
  const frames: CapturedFrame[] = []
  let at = 0
  while (at < body.length) {
    if (frames.length >= captureLimits.frames || at + headBytes > body.length) return undefined
    const length = body.readUInt32BE(at + 1)
    const jpeg = body.subarray(at + headBytes, at + headBytes + length)
    if (length > captureLimits.frameBytes || jpeg.length !== length) return undefined
    if (!jpegStart.every((byte, index) => jpeg[index] === byte)) return undefined
    frames.push({ step: body.readUInt8(at), jpeg })
    at += headBytes + length
  }
  return frames
}
