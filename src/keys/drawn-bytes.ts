import { randomFillSync } from 'node:crypto'

const drawnAtOnce = 4096

const drawn = Buffer.alloc(drawnAtOnce)
let unused = drawnAtOnce

/** Random bytes, each used once. One call for many is cheaper: twelve bytes alone take longer than sealing a field. */
export function drawnBytes(many: number): Buffer {
  if (unused + many > drawnAtOnce) {
    randomFillSync(drawn)
    unused = 0
  }
  unused += many
  return Buffer.from(drawn.subarray(unused - many, unused))
}
