import { inflateSync } from 'node:zlib'

const channelsOf: Record<number, number> = { 2: 3, 6: 4 }

const paeth = (left: number, up: number, corner: number) => {
  const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [number, number, number]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}

/** The pixels of a screenshot (PNG, ISO/IEC 15948): eight bits a channel, with or without alpha, not interlaced. */
export function decodePng(png: Buffer): { width: number; height: number; data: Uint8Array } {
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  const channels = channelsOf[png[25] ?? 0]
  if (png[24] !== 8 || channels === undefined || png[28] !== 0) throw new Error('not a picture this reads')
  const packed: Buffer[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') packed.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const raw = inflateSync(Buffer.concat(packed))
  const stride = width * channels
  const data = new Uint8Array(stride * height)
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : (data[y * stride + x] ?? 0))
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x += 1) {
      const [left, up, corner] = [at(x - channels, y), at(x, y - 1), x < channels ? 0 : at(x - channels, y - 1)]
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0
      data[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + predicted
    }
  }
  return { width, height, data }
}
