import { z } from 'zod'
import { parseSettings, SettingsError, whole, type SettingTexts } from '../setting-types.ts'

const schema = z.object({
  YIDENG_QR_FRAME_SECONDS: whole(2, 30),
  YIDENG_QR_HIDE_SECONDS: whole(2, 30),
  YIDENG_QR_SHOWN_SECONDS: whole(10, 600),
  YIDENG_QR_SHOWN_TIMES: whole(1, 1_000_000),
  YIDENG_QR_DECIDE_SECONDS: whole(1, 600),
  YIDENG_QR_REDEEM_SECONDS: whole(1, 120),
  YIDENG_QR_CODE_SECONDS: whole(1, 300),
  YIDENG_QR_CODE_TRIES: whole(1, 5),
  YIDENG_QR_ADDRESS_CREATIONS: whole(1, 1_000_000),
  YIDENG_QR_ACCOUNT_SCANS: whole(1, 1_000_000),
  YIDENG_QR_REFUSALS: whole(1, 100),
})

/** Login by QR code. */
export function qrSettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  if (parsed.YIDENG_QR_HIDE_SECONDS > parsed.YIDENG_QR_FRAME_SECONDS) {
    throw new SettingsError('The setting YIDENG_QR_HIDE_SECONDS must not be larger than YIDENG_QR_FRAME_SECONDS.')
  }
  return {
    /** Seconds. */
    times: {
      frame: parsed.YIDENG_QR_FRAME_SECONDS,
      shown: parsed.YIDENG_QR_SHOWN_SECONDS,
      decide: parsed.YIDENG_QR_DECIDE_SECONDS,
      redeem: parsed.YIDENG_QR_REDEEM_SECONDS,
      redeemWithCode: parsed.YIDENG_QR_CODE_SECONDS,
    },
    hideSeconds: parsed.YIDENG_QR_HIDE_SECONDS,
    shownTimes: parsed.YIDENG_QR_SHOWN_TIMES,
    codeTries: parsed.YIDENG_QR_CODE_TRIES,
    addressCreations: parsed.YIDENG_QR_ADDRESS_CREATIONS,
    accountScans: parsed.YIDENG_QR_ACCOUNT_SCANS,
    refusals: parsed.YIDENG_QR_REFUSALS,
  }
}
