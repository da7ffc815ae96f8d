import { z } from 'zod'
import { localized } from '../../config/localized.ts'
import { readJson } from '../../config/machine-errors.ts'
import type { Language } from '../../pages/languages.ts'

const principalKind = z.enum(['legal_person', 'natural_person'])

/** The kind of principal: an organisation, or a relative (亲友代办). */
export type PrincipalKind = z.infer<typeof principalKind>

const table = new Map(
  Object.entries(
    readJson(
      new URL('../../../config/matters.json', import.meta.url),
      z.record(
        z.string().regex(/^[a-z][a-z-]*(\.[a-z][a-z-]*)*$/),
        z.strictObject({
          words: localized,
          for: z.array(principalKind).min(1),
        }),
      ),
    ),
  ),
)

/** All matters, also future ones; only an organisation can give it. */
export const everything = '*'

/** The matters (事项) that may be given for such a principal, in the order of config/matters.json. */
export function mattersFor(kind: PrincipalKind): string[] {
  return [...table].filter(([, matter]) => matter.for.includes(kind)).map(([name]) => name)
}

/** The title of a matter; its id where it is no longer in the catalogue. */
export function matterWords(matter: string, language: Language): string {
  return table.get(matter)?.words[language] ?? matter
}

/** Whether these are known matters for such a principal, each once. */
export function areMatters(kind: PrincipalKind, matters: readonly string[]): boolean {
  const known = new Set([...mattersFor(kind), ...(kind === 'legal_person' ? [everything] : [])])
  return matters.length > 0 && new Set(matters).size === matters.length && matters.every((one) => known.has(one))
}

/** Whether the given matters include all wanted ones. */
export function covers(given: readonly string[], wanted: readonly string[]): boolean {
  return given.includes(everything) || wanted.every((one) => given.includes(one))
}

/** The matters in both lists. */
export function common(one: readonly string[], other: readonly string[]): string[] {
  if (one.includes(everything)) return [...other]
  if (other.includes(everything)) return [...one]
  return one.filter((matter) => other.includes(matter))
}
