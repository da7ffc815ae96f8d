import sharp from 'sharp'
import { anna, berta, camera, pictureOf, type FaceArea } from '../../examples/demo/photographs.ts'
import type { Action } from '../../src/proofing/face/challenge.ts'
import type { CapturedFrame } from '../../src/proofing/face/face-verifier.ts'

export { anna, berta, photographs } from '../../examples/demo/photographs.ts'

const { width, height } = camera
const raw = { raw: { width, height, channels: 3 as const } }

const pixelsOf = async (area: FaceArea): Promise<Buffer> => (await pictureOf(area)).raw().toBuffer()

type From = (x: number, y: number) => [number, number]

/** Copies each pixel from the position that `from` returns. */
function bend(pixels: Buffer, from: From): Buffer {
  const bent = Buffer.alloc(pixels.length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [column, row] = from(x, y).map(Math.round) as [number, number]
      const clear = Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))
      for (let channel = 0; channel < 3; channel += 1) {
        bent[(y * width + x) * 3 + channel] = pixels[clear * 3 + channel] ?? 0
      }
    }
  }
  return bent
}

/** The middle of `anna`'s face and of her eyes, in pixels of the camera. */
const nose = { x: 308, y: 255 }
const eyes = [
  { x: 279, y: 230 },
  { x: 355, y: 230 },
]
const eyeWidth = 30
const apart = 105

/**
 * Forges an answer to the challenge from ONE photograph: pushes the middle of the face aside for a turn, pulls skin over the
 * eyes for a blink. It passes, which shows the limits of the local liveness check (docs/face.md).
 */
const forgeries: Record<Action, From> = {
  left: push(0.65, 0.85),
  right: push(-0.45, 0.7),
  nearer: (x, y) => [nose.x + (x - nose.x) / 1.4, nose.y + (y - nose.y) / 1.4],
  blink: (x, y) => {
    for (const eye of eyes) {
      const out = Math.hypot((x - eye.x) / (eyeWidth * 0.85), (y - eye.y) / (eyeWidth * 0.5))
      if (out < 1) return [x, y - eyeWidth * 1.1 * (1 - out) ** 2]
    }
    return [x, y]
  },
}

function push(by: number, wide: number): From {
  return (x, y) => {
    const near = Math.exp(-(((x - nose.x) / (apart * wide)) ** 2 + ((y - nose.y) / (apart * 0.8)) ** 2))
    return [x - by * apart * near, y]
  }
}

const jpeg = (pixels: Buffer) => sharp(pixels, raw).jpeg({ quality: 88 }).toBuffer()

export const portrait = async (area: FaceArea): Promise<Buffer> => jpeg(await pixelsOf(area))

export const darkness = (): Promise<Buffer> => jpeg(Buffer.alloc(width * height * 3, 8))
export const wall = (): Promise<Buffer> => jpeg(Buffer.alloc(width * height * 3, 150))

export async function twoPeople(): Promise<Buffer> {
  const [one, other] = await Promise.all(
    [anna, berta].map(async (area) =>
      sharp(await portrait(area))
        .extract({ left: 160, top: 0, width: 320, height: 480 })
        .toBuffer(),
    ),
  )
  return sharp({ create: { width, height, channels: 3, background: 'grey' } })
    .composite([
      { input: one, left: 0, top: 0 },
      { input: other, left: 320, top: 0 },
    ])
    .jpeg({ quality: 88 })
    .toBuffer()
}

/** `anna` far away: her picture is two fifths as wide, in the middle of a wall. */
export async function farAway(): Promise<Buffer> {
  const one = await sharp(await portrait(anna))
    .resize(width * 0.4)
    .toBuffer()
  return sharp({ create: { width, height, channels: 3, background: 'grey' } })
    .composite([{ input: one }])
    .jpeg({ quality: 88 })
    .toBuffer()
}

/** `anna` at the edge of the picture. */
export async function atTheEdge(): Promise<Buffer> {
  const pixels = await pixelsOf(anna)
  return jpeg(bend(pixels, (x, y) => [x + 120, y]))
}

/** A face of a few strokes, as a child draws it. */
export const drawn = (): Promise<Buffer> =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#d5d0c5"/>
    <ellipse cx="320" cy="240" rx="110" ry="140" fill="#deb99c"/><path d="M265 215h34M342 215h34M320 225l-12 45h18M275 300q45 34 90 0" fill="none" stroke="#5b3c2e" stroke-width="8"/></svg>`),
  )
    .jpeg({ quality: 88 })
    .toBuffer()

/** Eight small pictures of `berta` beside and above each other. */
export async function crowd(): Promise<Buffer> {
  const [across, down] = [160, 240]
  const one = await sharp(await portrait(berta))
    .resize(across, down, { fit: 'cover' })
    .toBuffer()
  const all = [0, 1, 2, 3].flatMap((left) =>
    [0, 1].map((top) => ({ input: one, left: left * across, top: top * down })),
  )
  return sharp({ create: { width, height, channels: 3, background: 'grey' } })
    .composite(all)
    .jpeg()
    .toBuffer()
}

/** A picture of `anna` in this action, forged from one photograph. */
export async function forged(action: Action | 'straight'): Promise<Buffer> {
  const pixels = await pixelsOf(anna)
  return jpeg(action === 'straight' ? pixels : bend(pixels, forgeries[action]))
}

/** The frames that the capture page sends: two of each step. */
export async function frames(straight: Buffer, steps: Buffer[]): Promise<CapturedFrame[]> {
  return [straight, ...steps].flatMap((picture, step) => [1, 2].map(() => ({ step, jpeg: picture })))
}

/** Writes frames in the format of the capture page (src/proofing/face/captured-frames.ts). */
export function writeFrames(all: readonly CapturedFrame[]): Buffer {
  return Buffer.concat(
    all.flatMap(({ step, jpeg: picture }) => {
      const head = Buffer.alloc(5)
      head.writeUInt8(step)
      head.writeUInt32BE(picture.length, 1)
      return [head, picture]
    }),
  )
}

/** A film of one picture. */
export const still = (picture: Buffer): Buffer => Buffer.concat(Array.from({ length: 5 }, () => picture))
