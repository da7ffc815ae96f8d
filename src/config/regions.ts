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

/** The names from the province down to the region: 广东省, 深圳市, 南山区. Empty for an unknown code. */
export function regionPath(code: string, language: Language): string[] {
  if (!isRegion(code)) return []
  // GB/T 2260: two digits each for province, city and county
  const steps = new Set([`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code])
  return [...steps].filter(isRegion).map((step) => regionName(step, language))
}
