import { z } from 'zod'
import { optionalPath, parseSettings, type SettingTexts } from '../setting-types.ts'

const schema = z.object({ YIDENG_UPSTREAMS: optionalPath })

/** Upstreams 上游: existing account systems whose people sign in here. */
export function upstreamSettings(texts: SettingTexts) {
  const given = parseSettings(schema, texts)
  /** The list of upstreams (src/upstreams/upstreams.ts); empty where there is none. */
  return { file: given.YIDENG_UPSTREAMS }
}
