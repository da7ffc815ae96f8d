// The QR code of a text (ISO/IEC 18004): bytes, error correction M, mask 0, versions 1 to 20. Rows of modules, true is dark.
// A general encoder weighs four times as much, and must be there before a code is (docs/decisions/0118-own-qr-encoder.md).

/** Error correction codewords of a block, and blocks, by version (table 9). */
const checks = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

/** Codewords of a version, with those for error correction. */
function allOf(version) {
  const places = version > 1 ? Math.floor(version / 7) + 2 : 0
  const patterns = places ? (25 * places - 10) * places - 55 : 0
  return ((16 * version + 128) * version + 64 - patterns - (version > 6 ? 36 : 0)) >> 3
}

const checksOf = (version) => checks[version - 1] * blocks[version - 1]

/** Mode, length, text, end and padding (7.4). */
function dataOf(bytes, version, length) {
  const hex = (number, digits) => number.toString(16).padStart(digits, '0')
  const text = `4${hex(bytes.length, version < 10 ? 2 : 4)}${bytes.map((byte) => hex(byte, 2)).join('')}0`
  const data = text.match(/../g).map((pair) => parseInt(pair, 16))
  for (let pad = 236; data.length < length; pad ^= 253) data.push(pad)
  return data
}

/** In GF(256) with the polynomial 285. */
function times(one, other) {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 285) ^ (((other >> bit) & 1) * one)
  return product
}

/** Reed and Solomon: what remains of the data, divided by the generator (7.5). */
function remainderOf(data, degree) {
  const generator = [...Array(degree - 1).fill(0), 1]
  for (let turn = 0, root = 1; turn < degree; turn++, root = times(root, 2))
    generator.forEach((_, at) => (generator[at] = times(generator[at], root) ^ (generator[at + 1] ?? 0)))
  return data.reduce((rest, byte) => {
    const factor = byte ^ rest[0]
    return generator.map((part, at) => (rest[at + 1] ?? 0) ^ times(part, factor))
  }, Array(degree).fill(0))
}

/** The blocks with their error correction, one codeword of each in turn (7.6). */
function interleaved(data, version) {
  const count = blocks[version - 1]
  const short = Math.floor(data.length / count)
  let from = 0
  const parts = Array.from({ length: count }, (_, at) => {
    const to = from + short + (at < count - (data.length % count) ? 0 : 1)
    const part = data.slice(from, to)
    from = to
    return part
  })
  const turns = (all) => Array.from({ length: short + 30 }, (_, at) => all.map((part) => part[at])).flat()
  const corrections = parts.map((part) => remainderOf(part, checks[version - 1]))
  return [...turns(parts), ...turns(corrections)].filter((byte) => byte !== undefined)
}

/** Bits of a number with its remainder (BCH code). */
function withRemainder(number, degree, generator) {
  let rest = number
  for (let turn = 0; turn < degree; turn++) rest = (rest << 1) ^ ((rest >> (degree - 1)) * generator)
  return (number << degree) | rest
}

/** Where a finder pattern is, there is no alignment pattern. */
const isCorner = (x, y, size) => Math.min(x, y) === 6 && [6, size - 7].includes(Math.max(x, y))

/** Everything but data and format (6.3). */
function patternsOf(version, size) {
  const grid = Array.from({ length: size }, () => Array(size))
  const square = (left, top, reach, isDark) => {
    for (let y = -reach; y <= reach; y++)
      for (let x = -reach; x <= reach; x++)
        if (grid[top + y] && left + x >= 0 && left + x < size)
          grid[top + y][left + x] = isDark(Math.max(Math.abs(x), Math.abs(y)))
  }
  for (let at = 0; at < size; at++) grid[6][at] = grid[at][6] = at % 2 === 0
  const places = Math.floor(version / 7) + 2
  const step = Math.ceil((version * 4 + 4) / (places * 2 - 2)) * 2
  const centres = version > 1 ? [6, ...Array.from({ length: places - 1 }, (_, at) => size - 7 - at * step)] : []
  for (const x of centres) for (const y of centres) if (!isCorner(x, y, size)) square(x, y, 2, (ring) => ring !== 1)
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ])
    square(x, y, 4, (ring) => ring !== 2 && ring !== 4)
  if (version > 6) {
    const bits = withRemainder(version, 12, 0x1f25)
    for (let at = 0; at < 18; at++) {
      const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)]
      grid[near][far] = grid[far][near] = Boolean((bits >> at) & 1)
    }
  }
  return grid
}

/** Level M and mask 0 are 15 bits, written twice (7.9). */
function setFormat(grid) {
  const size = grid.length
  const bits = 0x5412
  for (let at = 0; at < 15; at++) {
    const dark = Boolean((bits >> at) & 1)
    if (at < 8) grid[at + (at > 5 ? 1 : 0)][8] = grid[8][size - 1 - at] = dark
    else grid[8][at > 8 ? 14 - at : 7] = grid[size - 15 + at][8] = dark
  }
  grid[size - 8][8] = true
}

/** Fills the free modules from the right, two columns at a time (7.7.3), and turns every second one over: mask 0 (7.8). */
function fill(grid, bytes) {
  const size = grid.length
  const free = grid.map((row) => Array.from(row, (module) => module === undefined))
  let bit = 0
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    for (let turn = 0; turn < size; turn++) {
      const y = (right + (right < 6 ? 1 : 0)) & 2 ? turn : size - 1 - turn
      for (const x of [right, right - 1]) {
        if (!free[y][x]) continue
        const dark = (bytes[bit >> 3] >> (7 - (bit & 7))) & 1
        bit++
        grid[y][x] = Boolean(dark) !== ((x + y) % 2 === 0)
      }
    }
  }
}

/** @throws RangeError for more than 666 bytes */
export default function encodeQR(text) {
  const bytes = [...new TextEncoder().encode(text)]
  let version = 1
  while (allOf(version) - checksOf(version) < bytes.length + (version < 10 ? 2 : 3)) version++
  if (version > checks.length) throw new RangeError('too long')
  const grid = patternsOf(version, version * 4 + 17)
  setFormat(grid)
  fill(grid, interleaved(dataOf(bytes, version, allOf(version) - checksOf(version)), version))
  return grid
}
