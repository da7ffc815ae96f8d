import { z } from 'zod'
import { readJson } from '../../../config/machine-errors.ts'
import type { Language } from '../../../pages/languages.ts'

const table = readJson(
  new URL('../../../../config/authenticators.json', import.meta.url),
  z.record(z.guid(), z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) })),
)

/** Usual name of the authenticator with this AAGUID (config/authenticators.json); empty for an unknown one. */
export function authenticatorName(aaguid: string, language: Language): string {
  return table[aaguid]?.[language] ?? ''
}
