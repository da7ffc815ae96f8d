import { readFileSync } from 'node:fs'
import { z } from 'zod'

const names = z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) })

const table = new Map(
  Object.entries(
    z
      .strictObject({
        source: z.record(z.string(), z.string()),
        regions: z.record(z.string().regex(/^[1-9]\d{5}$/), names),
      })
      .parse(JSON.parse(readFileSync(new URL('../../config/regions.json', import.meta.url), 'utf8'))).regions,
  ),
)

type Language = keyof z.infer<typeof names>

/** Whether six digits are the GB/T 2260 code of a province, or of a city or county of Guangdong (config/regions.json). */
export function isRegion(code: string): boolean {
  return table.has(code)
}

/** The region's own name (南山区, Nanshan District); the code itself where it is not known, as after a reform. */
export function regionName(code: string, language: Language): string {
  return table.get(code)?.[language] ?? code
}

/** How many of its digits tell a region apart (GB/T 2260: two each for province, city, county); it holds what they begin. */
export const ownDigits = (code: string) => (code.endsWith('0000') ? 2 : code.endsWith('00') ? 4 : 6)

export const isProvince = (code: string) => ownDigits(code) === 2

/** Whether a region is another or lies in it (GB/T 2260): 440000 holds 44xxxx, 440300 holds 4403xx, 440305 itself alone. */
export function regionHolds(outer: string, inner: string): boolean {
  const digits = ownDigits(outer)
  return [outer, inner].every((code) => /^[1-9]\d{5}$/.test(code)) && outer.slice(0, digits) === inner.slice(0, digits)
}
