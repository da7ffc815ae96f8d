import { z } from 'zod'
import { parseSettings, seconds, SettingsError, whole, type SettingTexts } from '../setting-types.ts'

const schema = z.object({
  YIDENG_SESSION_IDLE_SECONDS: seconds,
  YIDENG_SESSION_SECONDS: seconds,
  YIDENG_INTERACTION_SECONDS: seconds,
  YIDENG_CODE_SECONDS: seconds,
  YIDENG_ACCESS_TOKEN_SECONDS: seconds,
  YIDENG_ID_TOKEN_SECONDS: seconds,
  YIDENG_REFRESH_TOKEN_SECONDS: seconds,
  YIDENG_REFRESH_GRACE_SECONDS: whole(0, 60),
  YIDENG_FRESH_SIGN_IN_SECONDS: whole(30, 3600),
})

/** Lifetimes of sessions and tokens, in seconds. */
export function lifetimeSettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  if (parsed.YIDENG_SESSION_IDLE_SECONDS > parsed.YIDENG_SESSION_SECONDS) {
    throw new SettingsError('The setting YIDENG_SESSION_IDLE_SECONDS must not be larger than YIDENG_SESSION_SECONDS.')
  }
  return {
    sessionIdle: parsed.YIDENG_SESSION_IDLE_SECONDS,
    session: parsed.YIDENG_SESSION_SECONDS,
    interaction: parsed.YIDENG_INTERACTION_SECONDS,
    code: parsed.YIDENG_CODE_SECONDS,
    accessToken: parsed.YIDENG_ACCESS_TOKEN_SECONDS,
    idToken: parsed.YIDENG_ID_TOKEN_SECONDS,
    refreshToken: parsed.YIDENG_REFRESH_TOKEN_SECONDS,
    refreshGrace: parsed.YIDENG_REFRESH_GRACE_SECONDS,
    freshSignIn: parsed.YIDENG_FRESH_SIGN_IN_SECONDS,
  }
}
