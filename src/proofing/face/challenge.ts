import { randomInt } from 'node:crypto'

/** What a person may be asked to do before the camera. Left and right are theirs. */
export const actions = ['left', 'right', 'blink', 'nearer'] as const

export type Action = (typeof actions)[number]

/** So many actions in an order nobody can know before. */
export function drawActions(from: readonly Action[], count: number): Action[] {
  const left = [...from]
  return Array.from({ length: Math.min(count, from.length) }, () => left.splice(randomInt(left.length), 1)).flat()
}
