import { encodeQR } from 'qr'

/** A QR code as an SVG path, and its width in modules; the box around it is the quiet zone (ISO/IEC 18004). */
export function qrOutline(text: string): { path: string; width: number } {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 1 })
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return { path, width: rows.length }
}
