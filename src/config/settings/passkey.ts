import { z } from 'zod'
import { optionalPath, parseTexts, whole, type SettingTexts } from './values.ts'

const schema = z.object({
  YIDENG_PASSKEY_OFFER_DAYS: whole(1, 366),
  YIDENG_PASSKEY_ROOTS: optionalPath,
})

export function passkeySettings(texts: SettingTexts) {
  const parsed = parseTexts(schema, texts)
  return {
    passkeyOfferDays: parsed.YIDENG_PASSKEY_OFFER_DAYS,
    /** Empty: no attestation is requested. */
    passkeyRootsFile: parsed.YIDENG_PASSKEY_ROOTS,
  }
}
