import { z } from 'zod'
import { optionalPath, parseSettings, type SettingTexts } from '../setting-types.ts'

const schema = z.object({ YIDENG_CHANNELS: optionalPath, YIDENG_CHECK_FILES: optionalPath })

/** Channels 渠道: programs on people's phones that vouch for their users, such as WeChat and Alipay. */
export function channelSettings(texts: SettingTexts) {
  const given = parseSettings(schema, texts)
  return {
    /** The list of channels (src/channels/channels.ts); empty where there is none. */
    file: given.YIDENG_CHANNELS,
    /** Folder with the vendors' check files for this domain (src/http/check-files.ts); empty where there is none. */
    checkFiles: given.YIDENG_CHECK_FILES,
  }
}
