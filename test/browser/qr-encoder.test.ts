import { randomBytes } from 'node:crypto'
import { encodeQR as reference } from 'qr'
import decodeQR from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { inLongRun } from '../setup/long-run.ts'

type Encode = (text: string) => boolean[][]
const { default: encodeQR } = (await import(new URL('../../browser/qr-encoder.js', import.meta.url).href)) as {
  default: Encode
}

const lines = (rows: readonly (readonly boolean[])[]) => rows.map((row) => row.map(Number).join('')).join('\n')

/** The package draws at least one light module around the code. */
const expected = (text: string) =>
  lines(
    reference(text, 'raw', { ecc: 'medium', encoding: 'byte', mask: 0, border: 1 })
      .slice(1, -1)
      .map((row) => row.slice(1, -1)),
  )

const textOf = (bytes: number) => randomBytes(bytes).toString('base64url').slice(0, bytes)
const frameOf = (n: number) => `https://login.gd.gov.cn/q/1.${textOf(22)}.${n}.${textOf(22)}`

/** A picture as a camera has it: 4 pixels a module, 4 light modules around. */
function pictureOf(rows: boolean[][]) {
  const side = (rows.length + 8) * 4
  const data = new Uint8Array(side * side * 4).fill(255)
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      if (rows[(y >> 2) - 4]?.[(x >> 2) - 4]) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3)
    }
  }
  return { width: side, height: side, data }
}

describe('the QR code that the sign-in page draws', () => {
  it('is the one of another encoder, module by module, for each length from version 1 to 20', () => {
    const sizes = new Set<number>()
    for (let length = 1; length <= 666; length += inLongRun(5, 1)) {
      const text = textOf(length)
      const rows = encodeQR(text)
      sizes.add(rows.length)
      expect(lines(rows), `${length} bytes`).toBe(expected(text))
    }
    expect(sizes.size).toBe(20)
  })

  it('at the length that fills each version, and one byte more', () => {
    for (const fits of [
      14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
    ]) {
      const [full, more] = [encodeQR(textOf(fits)), fits < 666 ? encodeQR(textOf(fits + 1)) : undefined]
      if (more) expect(more.length).toBe(full.length + 4)
    }
    expect(() => encodeQR(textOf(667))).toThrow(RangeError)
  })

  it('is read as it was written, also characters of several bytes', () => {
    for (const text of [...Array.from({ length: 20 }, (_, n) => frameOf(n)), '一登 🙂', 'A']) {
      expect(decodeQR(pictureOf(encodeQR(text)))).toBe(text)
    }
  })
})
