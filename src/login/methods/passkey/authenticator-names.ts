import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Language } from '../../../pages/languages.ts'

const table = z
  .record(z.guid(), z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) }))
  .parse(JSON.parse(readFileSync(new URL('../../../../config/authenticators.json', import.meta.url), 'utf8')))

/** Usual name of the authenticator with this AAGUID (config/authenticators.json); empty for an unknown one. */
export function authenticatorName(aaguid: string, language: Language): string {
  return table[aaguid]?.[language] ?? ''
}
