import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMadeUpVendors } from '../../examples/made-up-wechat/start.ts'
import type { VendorUser } from '../../examples/made-up-wechat/state.ts'
import type { Channel, ChannelKind } from '../../src/channels/channels.ts'
import { createChannels, type OpenChannels } from '../../src/channels/open-channels.ts'
import { createOutbound } from '../../src/guards/outbound.ts'
import { createFieldCipher } from '../../src/keys/field-cipher.ts'
import { afterFile } from './after-file.ts'

/** The made-up WeChat and Alipay of one test file; `clock` is the machine's unless a test gives its own. */
export async function startVendors(clock: () => number = Date.now) {
  const vendors = await startMadeUpVendors({ clock })
  afterFile(() => vendors.close())
  return vendors
}

export type Vendors = Awaited<ReturnType<typeof startVendors>>

/** A person with ids at both vendors. */
export const vendorUser = (name: string): VendorUser => ({
  openid: `o-${name}`,
  unionid: `u-${name}`,
  userId: `2088${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`,
  openId: `a-${name}`,
})

/** A row of YIDENG_CHANNELS for a channel at the made-up vendors. */
export function channelRow(vendors: Vendors, kind: ChannelKind, other: object = {}): Record<string, unknown> {
  const alipay = kind.startsWith('alipay-')
  return {
    id: kind,
    kind,
    name: alipay ? '支付宝' : '微信',
    appid: alipay ? vendors.alipay.appid : vendors.apps[0]?.appid,
    secretFile: alipay ? 'alipay-private' : 'wechat-secret',
    ...(alipay ? { publicKeyFile: 'alipay-public' } : {}),
    namespace: alipay ? 'gd-alipay' : 'gd',
    subject: alipay ? 'open_id' : 'unionid',
    level: 2,
    api: vendors.url,
    open: vendors.url,
    ...other,
  }
}

/** Writes the file of YIDENG_CHANNELS with its key files. @returns its path */
export function channelsFile(vendors: Vendors, rows: object[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-channels-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'wechat-secret'), vendors.apps[0]?.secret ?? '')
  writeFileSync(join(directory, 'alipay-private'), vendors.alipay.privateKey())
  writeFileSync(join(directory, 'alipay-public'), vendors.alipay.publicKey())
  const file = join(directory, 'channels.json')
  writeFileSync(file, JSON.stringify(rows))
  return file
}

/** A channel as the settings give it. */
export function channelOf(vendors: Vendors, kind: ChannelKind, other: Partial<Channel> = {}): Channel {
  const { secretFile: _, publicKeyFile: __, ...row } = channelRow(vendors, kind)
  const alipay = kind.startsWith('alipay-')
  return {
    ...(row as unknown as Channel),
    clients: 'all',
    secret: alipay ? vendors.alipay.privateKey() : (vendors.apps[0]?.secret ?? ''),
    publicKey: alipay ? vendors.alipay.publicKey() : undefined,
    ...other,
  }
}

const key = { suite: 'international' as const, key: createSecretKey(randomBytes(32)) }
const cipher = createFieldCipher(
  () => ({ keys: { k: key }, current: 'k' }),
  () => undefined,
)

/** Channels without a server around them; a vendor has `patienceMs` for an answer. */
export function openVendorChannels(
  channels: Channel[],
  other: Partial<Parameters<typeof createChannels>[0]> = {},
  patienceMs = 5000,
): OpenChannels {
  const limits = { patienceMs, mostBytes: 16 * 1024, readsPosts: true }
  const fetch = createOutbound({ allowed: () => true, ...limits })
  return createChannels({ channels, fetch, artifacts: undefined, cipher, clock: Date.now, ...other })
}

/** Time for a vendor that must not answer in time; any other vendor has enough. */
export const patienceFor = (fault: unknown) => (fault === 'slow' || fault === 'drip' ? 200 : 5000)
