import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { isPlainJpeg } from '../../../src/proofing/face/jpeg.ts'

const [width, height] = [64, 48]
const pixels = width * height
const startOfScan = Buffer.from([0xff, 0xda])

describe('a picture from a stranger', () => {
  let plain: Buffer

  /** With noise, so that its scan has stuffed bytes. */
  const picture = (options: Parameters<ReturnType<typeof sharp>['jpeg']>[0]) => {
    const data = Buffer.from(Array.from({ length: pixels * 3 }, (_, index) => (index * 7919) % 256))
    return sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg(options)
      .toBuffer()
  }

  beforeAll(async () => {
    plain = await picture({ quality: 95 })
  })

  it('is accepted as cameras make it, up to the largest size', () => {
    expect(plain.includes(Buffer.from([0xff, 0]))).toBe(true)
    expect(isPlainJpeg(plain, pixels)).toBe(true)
    expect(isPlainJpeg(Buffer.concat([Buffer.from('xyz'), plain]).subarray(3), pixels)).toBe(true)
    expect(isPlainJpeg(plain, pixels - 1)).toBe(false)
  })

  it('is refused before decoding when a decoder would process it many times', async () => {
    expect(isPlainJpeg(await picture({ progressive: true }), pixels)).toBe(false)
    const from = plain.indexOf(startOfScan)
    const scan = plain.subarray(from, -2)
    const thrice = Buffer.concat([plain.subarray(0, from), scan, scan, scan, plain.subarray(-2)])
    expect(isPlainJpeg(thrice, pixels)).toBe(false)
  })

  it('is refused when a decoder would read another picture: after a single marker', async () => {
    // We read the next bytes as the length of a segment that ends before `plain`. A decoder finds a progressive picture there.
    const hidden = await picture({ progressive: true })
    const behind = 0xff00 + (hidden[3] ?? 0)
    const filling = Buffer.alloc(2 + behind - hidden.length)
    for (const alone of [0xd0, 0x01, 0xff]) {
      const both = [hidden.subarray(0, 2), Buffer.from([0xff, alone]), hidden.subarray(2), filling, plain.subarray(2)]
      expect(isPlainJpeg(Buffer.concat(both), pixels), alone.toString(16)).toBe(false)
    }
  })

  it('is refused when it ends before its pixels, or is no JPEG', () => {
    const beforeScan = plain.subarray(0, plain.indexOf(startOfScan))
    for (const one of [beforeScan, plain.subarray(0, 3), Buffer.alloc(0), Buffer.from('GIF89a')]) {
      expect(isPlainJpeg(one, pixels)).toBe(false)
    }
  })
})
