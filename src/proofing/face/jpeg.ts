/** Markers (ISO/IEC 10918-1, table B.1): 0xff and one of these. */
const startOfImage = 0xd8
const endOfImage = 0xd9
const startOfScan = 0xda
/** Frames with one pass, baseline or extended. Others have many passes (progressive) or are rare. */
const sequential = new Set([0xc0, 0xc1])
/** Segments before a scan: Huffman and quantization tables, restart interval, comment. Also APP0 to APP15. */
const tables = new Set([0xc4, 0xdb, 0xdd, 0xfe])
const isApplication = (marker: number) => marker >= 0xe0 && marker <= 0xef

/** A stuffed byte or a restart does not end a scan. */
const continuesScan = (marker: number) => marker === 0 || (marker >= 0xd0 && marker <= 0xd7)

/**
 * Whether a JPEG is as cameras and browsers make it: one sequential frame of at most `mostPixels`, in one scan. Each further scan
 * costs a few bytes and makes a decoder process the whole picture again: so it is checked before decoding. Only segments with a
 * length are accepted: at fill bytes or single markers a decoder could continue at another position.
 */
export function isPlainJpeg(bytes: Uint8Array, mostPixels: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let pixels = 0
  let at = 2
  if (bytes[0] !== 0xff || bytes[1] !== startOfImage) return false
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1] ?? 0
    const length = view.getUint16(at + 2)
    if (bytes[at] !== 0xff || length < 2) return false
    const end = at + 2 + length
    if (marker === startOfScan) return pixels > 0 && pixels <= mostPixels && isLastScan(bytes, end)
    if (sequential.has(marker)) {
      if (pixels > 0 || at + 9 > bytes.length) return false
      pixels = view.getUint16(at + 5) * view.getUint16(at + 7)
    } else if (!tables.has(marker) && !isApplication(marker)) return false
    at = end
  }
  return false
}

function isLastScan(bytes: Uint8Array, from: number): boolean {
  let at = bytes.indexOf(0xff, from)
  while (at !== -1 && continuesScan(bytes[at + 1] ?? endOfImage)) at = bytes.indexOf(0xff, at + 1)
  return at === -1 || bytes[at + 1] === endOfImage
}
