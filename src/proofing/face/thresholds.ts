import { z } from 'zod'
import { readJson } from '../../config/machine-errors.ts'
import { actions } from './challenge.ts'

const ratio = z.number().positive()

const schema = z.object({
  /** Largest distance between two templates of one person. Up to `unsure` the person has to try again. */
  accept: ratio,
  unsure: ratio,
  /** Largest distance between two pictures of one capture. */
  continuity: ratio,
  /** Movement of the nose relative to the eyes, in distances between the eyes. */
  turn: ratio,
  /** Factor by which the face becomes wider. */
  nearer: ratio,
  /** Share of the contrast around the eyes that remains when they are closed. */
  blink: ratio,
  /** Lowest mean luminance for a decision, 0 to 255. */
  darkest: ratio,
  /** Smallest width of a face, in a picture of 480 pixels. */
  smallestFace: ratio,
  /** Lowest score of the detector. */
  detection: ratio,
  /** Smallest width of a second face, as a share of the first one's width. */
  secondFace: ratio,
  /** A face before the capture, in shares of the ring's width: smallest and largest width, largest distance from the middle. */
  framing: z.object({ smallest: ratio, largest: ratio, aside: ratio }),
  actions: z.array(z.enum(actions)).min(3),
  /** Number of actions in a challenge. */
  steps: z.number().int().min(2).max(4),
})

/** Thresholds of the local engine (config/face.json); docs/face.md has the error rates at these values. */
export type Thresholds = z.infer<typeof schema>

export const thresholds: Thresholds = readJson(new URL('../../../config/face.json', import.meta.url), schema)
