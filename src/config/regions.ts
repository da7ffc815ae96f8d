import { z } from 'zod'
import { localized } from './localized.ts'
import { readJson } from './machine-errors.ts'

const table = new Map(
  Object.entries(
    readJson(
      new URL('../../config/regions.json', import.meta.url),
      z.strictObject({
        source: z.record(z.string(), z.string()),
        regions: z.record(z.string().regex(/^[1-9]\d{5}$/), localized),
      }),
    ).regions,
  ),
)

type Language = keyof z.infer<typeof localized>

/** Whether a code is in config/regions.json: GB/T 2260 codes of provinces, and of cities and counties of Guangdong. */
export function isRegion(code: string): boolean {
  return table.has(code)
}

/** The region's own name (南山区, Nanshan District); the code itself if it is unknown, as after a reform. */
export function regionName(code: string, language: Language): string {
  return table.get(code)?.[language] ?? code
}

/** The names of a region in each language; none if it is unknown. */
export const regionNames = (code: string): string[] => Object.values(table.get(code) ?? {})

/** The number of significant digits of a code (GB/T 2260: two each for province, city, county). */
export const ownDigits = (code: string) => (code.endsWith('0000') ? 2 : code.endsWith('00') ? 4 : 6)

export const isProvince = (code: string) => ownDigits(code) === 2

/** Whether `outer` contains or equals `inner` (GB/T 2260): 440000 holds 44xxxx, 440300 holds 4403xx. */
export function regionHolds(outer: string, inner: string): boolean {
  const digits = ownDigits(outer)
  return [outer, inner].every((code) => /^[1-9]\d{5}$/.test(code)) && outer.slice(0, digits) === inner.slice(0, digits)
}
