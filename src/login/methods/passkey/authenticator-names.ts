import { z } from 'zod'
import { localized } from '../../../config/localized.ts'
import { readJson } from '../../../config/machine-errors.ts'
import type { Language } from '../../../pages/languages.ts'

const table = readJson(
  new URL('../../../../config/authenticators.json', import.meta.url),
  z.record(z.guid(), localized),
)

/** Usual name of the authenticator with this AAGUID (config/authenticators.json); empty for an unknown one. */
export function authenticatorName(aaguid: string, language: Language): string {
  return table[aaguid]?.[language] ?? ''
}
