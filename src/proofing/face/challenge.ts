import { randomInt } from 'node:crypto'

/** Actions in front of the camera. Left and right are those of the person. */
export const actions = ['left', 'right', 'blink', 'nearer'] as const

export type Action = (typeof actions)[number]

/** Draws `count` different actions in random order, so that no attacker can prepare a video. */
export function drawActions(from: readonly Action[], count: number): Action[] {
  const left = [...from]
  return Array.from({ length: Math.min(count, from.length) }, () => left.splice(randomInt(left.length), 1)).flat()
}
