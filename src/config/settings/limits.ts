import { z } from 'zod'
import { parseSettings, seconds, whole, type SettingTexts } from '../setting-types.ts'

const schema = z.object({
  YIDENG_PASSWORD_TRIES: whole(1, 100),
  YIDENG_PASSWORD_WAIT_SECONDS: seconds,
  YIDENG_ADDRESS_TRIES: whole(1, 1_000_000),
  YIDENG_ADDRESS_REGISTRATIONS: whole(1, 1_000_000),
  YIDENG_ADDRESS_REQUESTS: whole(10, 100_000_000),
  YIDENG_ADDRESS_STORED: whole(16, 100_000_000),
  YIDENG_PORTAL_CALLS: whole(10, 100_000_000),
})

/** Limits of attempts and requests. The windows they count in are in config/budgets.ts. */
export function limitSettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  return {
    passwordTries: parsed.YIDENG_PASSWORD_TRIES,
    passwordWaitSeconds: parsed.YIDENG_PASSWORD_WAIT_SECONDS,
    addressTries: parsed.YIDENG_ADDRESS_TRIES,
    addressRegistrations: parsed.YIDENG_ADDRESS_REGISTRATIONS,
    addressRequests: parsed.YIDENG_ADDRESS_REQUESTS,
    addressStored: parsed.YIDENG_ADDRESS_STORED,
    portalCalls: parsed.YIDENG_PORTAL_CALLS,
  }
}
