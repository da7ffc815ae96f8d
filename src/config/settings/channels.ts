import { z } from 'zod'
import { optionalPath, parseSettings, type SettingTexts } from '../setting-types.ts'

const schema = z.object({ YIDENG_CHANNELS: optionalPath })

/** Channels 渠道: programs on people's phones that vouch for their users, such as WeChat and Alipay. */
export function channelSettings(texts: SettingTexts) {
  return {
    /** The list of channels (src/channels/channels.ts); empty where there is none. */
    file: parseSettings(schema, texts).YIDENG_CHANNELS,
  }
}
