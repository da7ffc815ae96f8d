import { createHash } from 'node:crypto'
import { z } from 'zod'
import { readJson } from '../config/machine-errors.ts'

/** The inside of each icon by its name: a grid of 24, lines of 1.8 with round ends (docs/design.md). */
const icons: Readonly<Record<string, string>> = readJson(
  new URL('../../views/icons.json', import.meta.url),
  z.record(z.string(), z.string()),
)

const sizes = { normal: 'i', small: 'i i-s', large: 'i i-l' } as const

/**
 * One line icon for a page. Words are always beside it, so that programs that read pages aloud leave it out.
 * @throws Error for a name that is not in views/icons.json
 */
export function icon(name: string, size: keyof typeof sizes = 'normal'): string {
  const inside = Object.hasOwn(icons, name) ? icons[name] : undefined
  if (inside === undefined) throw new Error(`There is no icon ${name}`)
  return `<svg class="${sizes[size]}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${inside}</svg>`
}

/** Colours of portals that have chosen none. White characters on them have a contrast of at least 4.5 (WCAG 2.2, 1.4.3). */
const chipColours = ['#9b1c1c', '#1a5fa8', '#5b3a8c', '#8a4b08', '#0f6466', '#7a2d5c', '#3f5a1f', '#37474f'] as const

/** The colour of a name: the same on every page and in every process. */
export const colourOf = (name: string): string =>
  chipColours[(createHash('sha256').update(name).digest()[0] ?? 0) % chipColours.length] ?? chipColours[0]

const segments = new Intl.Segmenter('zh', { granularity: 'grapheme' })

/** The first character of a name as a person sees it, for its chip. */
export const initialOf = (name: string): string =>
  segments.segment(name.trim())[Symbol.iterator]().next().value?.segment ?? ''
