import { z } from 'zod'
import { optionalPath, parseSettings, whole, type SettingTexts } from '../setting-types.ts'

const schema = z.object({
  YIDENG_PASSKEY_OFFER_DAYS: whole(1, 366),
  YIDENG_PASSKEY_ROOTS: optionalPath,
})

export function passkeySettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  return {
    passkeyOfferDays: parsed.YIDENG_PASSKEY_OFFER_DAYS,
    /** Empty: no attestation is requested. */
    passkeyRootsFile: parsed.YIDENG_PASSKEY_ROOTS,
  }
}
