import { styleText } from 'node:util'
import { encodeQR } from 'qr'

/** Modules around the code (ISO/IEC 18004, 5.3.8 asks for 4; telephones read 2). */
const border = 2
const halves = [' ', '▄', '▀', '█']

/**
 * The lines of a QR code: a character shows two modules, one above the other.
 * @internal
 */
export function qrRows(text: string): string[] {
  const modules = encodeQR(text, 'raw', { ecc: 'low', border })
  const pairs = Array.from({ length: Math.ceil(modules.length / 2) }, (_, index) => index * 2)
  return pairs.map((at) =>
    Array.from(
      modules[at] ?? [],
      (upper, column) => halves[(upper ? 2 : 0) + (modules[at + 1]?.[column] ? 1 : 0)],
    ).join(''),
  )
}

/** The QR code of a text, black on white on every terminal. */
export const qrText = (text: string): string =>
  qrRows(text)
    .map((row) => `${styleText(['black', 'bgWhiteBright'], row, { stream: process.stdout })}\n`)
    .join('')
