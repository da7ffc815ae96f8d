import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { actions } from './challenge.ts'

const ratio = z.number().positive()

const schema = z.object({
  /** Largest distance between two templates that is the same person; up to `unsure` another try is asked for. */
  accept: ratio,
  unsure: ratio,
  /** Largest distance between two pictures of one capture. */
  continuity: ratio,
  /** How far the nose moves against the eyes, in widths between them. */
  turn: ratio,
  /** How much wider the face becomes. */
  nearer: ratio,
  /** What is left of the contrast around the eyes when they are closed. */
  blink: ratio,
  /** Mean luminance, 0 to 255, below which nothing is judged. */
  darkest: ratio,
  /** Width of a face in a picture of 480 pixels. */
  smallestFace: ratio,
  /** How sure the detector must be. */
  detection: ratio,
  /** A second face counts from this share of the first one's width. */
  secondFace: ratio,
  actions: z.array(z.enum(actions)).min(3),
  /** How many actions a challenge has. */
  steps: z.number().int().min(2).max(4),
})

/** What the local engine decides by (config/face.json); the error rates at these values are in docs/face.md. */
export type Thresholds = z.infer<typeof schema>

export const thresholds: Thresholds = schema.parse(
  JSON.parse(readFileSync(new URL('../../../config/face.json', import.meta.url), 'utf8')),
)
