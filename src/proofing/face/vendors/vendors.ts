import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { SettingsError } from '../../../config/settings.ts'
import { faceVendors, type FaceVendor } from '../../../config/settings/face.ts'
import type { FaceVerifier } from '../face-verifier.ts'
import { alibabaSettings, alibabaVerifier } from './alibaba.ts'
import { alipaySettings, alipayVerifier } from './alipay.ts'
import type { ChannelServers } from './channel-servers.ts'
import { tencentSettings, tencentVerifier } from './tencent.ts'
import { webhookSettings, webhookVerifier } from './webhook.ts'
import { wechatSettings, wechatVerifier } from './wechat.ts'

/** What a vendor may need to verify. */
interface VendorMeans {
  clock: Clock
  timeoutMs: number
  channels: ChannelServers
}

/** A vendor with its settings: the address that it is called at, where it is not a channel's, and its verifier. */
interface ConfiguredVendor {
  address?: string
  open(means: VendorMeans): FaceVerifier
}

/** The settings of each vendor, read from its part of the file. */
const vendors: Record<FaceVendor, z.ZodType<ConfiguredVendor>> = {
  tencent: tencentSettings.transform((own) => ({
    address: own.endpoint,
    open: ({ clock, timeoutMs }) => tencentVerifier(own, clock, timeoutMs),
  })),
  alibaba: alibabaSettings.transform((own) => ({
    address: own.endpoint,
    open: ({ clock, timeoutMs }) => alibabaVerifier(own, clock, timeoutMs),
  })),
  webhook: webhookSettings.transform((own) => ({
    address: own.url,
    open: ({ clock, timeoutMs }) => webhookVerifier(own, clock, timeoutMs),
  })),
  wechat: wechatSettings.transform((own) => ({
    open: ({ channels }) => wechatVerifier(own, theServer(channels.wechat(own.channel), 'wechat', own.channel)),
  })),
  alipay: alipaySettings.transform((own) => ({
    open: ({ channels }) => alipayVerifier(own, theServer(channels.alipay(own.channel), 'alipay', own.channel)),
  })),
}

/** @throws SettingsError for an id that is no channel of this vendor */
function theServer<Server>(server: Server | undefined, vendor: FaceVendor, channel: string): Server {
  if (server) return server
  throw new SettingsError(
    `The setting YIDENG_FACE_VENDORS names the channel ${channel} for ${vendor}, and YIDENG_CHANNELS has no such one.`,
  )
}

const noChannels: ChannelServers = { wechat: () => undefined, alipay: () => undefined }

const schema = z.strictObject({
  /** Time limit for an answer. */
  timeoutSeconds: z.number().positive().max(30).default(8),
  ...z.object(vendors).partial().shape,
})

/**
 * The vendors that a province has an account with (YIDENG_FACE_VENDORS); none without a file.
 * @throws SettingsError
 */
export function readVendors(
  file: string,
  clock: Clock,
  production: boolean,
  channels: ChannelServers = noChannels,
): FaceVerifier[] {
  if (!file) return []
  const { timeoutSeconds, ...parsed } = parse(file)
  const configured = faceVendors.flatMap((name) => parsed[name] ?? [])
  if (production && configured.some(({ address }) => address?.startsWith('https:') === false)) {
    throw new SettingsError('The setting YIDENG_FACE_VENDORS names an address that does not begin with https://.')
  }
  const means = { clock, timeoutMs: timeoutSeconds * 1000, channels }
  return configured.map(({ open }) => open(means))
}

function parse(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    // never the content: it has keys
    const where = cause instanceof z.ZodError ? cause.issues.map(({ path }) => path.join('.')).join(', ') : 'the file'
    throw new SettingsError(`The setting YIDENG_FACE_VENDORS names a file that cannot be used: look at ${where}.`, {
      cause,
    })
  }
}
