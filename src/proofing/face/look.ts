import type { Thresholds } from './thresholds.ts'

/** What the detector sees in one small still, before and during a capture. It has no template: it recognises no person. */
export interface Look {
  /** Mean luminance, 0 to 255. */
  light: number
  /** Number of faces above the thresholds `detection` and `secondFace`. */
  faces: number
  /** The largest face, in shares of the shorter side of the picture. That side is the width of the ring on the page. */
  face?: {
    width: number
    /** From the middle of the picture to the middle of the face. */
    aside: number
  }
}

/** Each has its words under `face.seen_<seen>`. */
export const seens = ['good', 'dark', 'none', 'many', 'far', 'close', 'aside'] as const

export type Seen = (typeof seens)[number]

/**
 * The first thing that the person can better. `good` means one face of the right size, place and light. Pure.
 */
export function judgeLook({ light, faces, face }: Look, { darkest, framing }: Thresholds): Seen {
  if (light < darkest) return 'dark'
  if (!face) return 'none'
  if (faces > 1) return 'many'
  if (face.aside > framing.aside) return 'aside'
  if (face.width < framing.smallest) return 'far'
  return face.width > framing.largest ? 'close' : 'good'
}
