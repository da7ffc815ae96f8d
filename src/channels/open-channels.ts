import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { createAlipayClient } from './alipay.ts'
import { createAlipayGateway, type AlipayGateway } from './alipay-gateway.ts'
import type { ChannelClient, ChannelFailure, Channels } from './channel-client.ts'
import { isAlipay, type Channel } from './channels.ts'
import { askOnly, type ChannelFetch } from './vendor-call.ts'
import { createWechatClient } from './wechat.ts'
import { createWechatToken, type TokenStore, type WechatToken } from './wechat-token.ts'

/** The channels, and the servers of their vendors for other calls: face, numbers. */
export interface OpenChannels extends Channels {
  /** WeChat's server for the app of this channel. */
  wechat(id: string): WechatToken | undefined
  /** Alipay's gateway for the app of this channel. */
  alipay(id: string): AlipayGateway | undefined
}

interface ChannelsDeps {
  channels: readonly Channel[]
  fetch: ChannelFetch
  /** Undefined for a command line: it asks for a token of its own each time. */
  artifacts: TokenStore | undefined
  cipher: FieldCipher
  clock: Clock
  /** Called for each exchange of a code. */
  counted?: (channel: string, outcome: 'success' | ChannelFailure) => void
}

interface Opened {
  client: ChannelClient
  wechat?: WechatToken
  alipay?: AlipayGateway
}

/** @throws SettingsError for a key that is none */
export function createChannels(deps: ChannelsDeps): OpenChannels {
  const opened = new Map(deps.channels.map((channel) => [channel.id, open(channel, deps)]))
  return {
    list: deps.channels,
    client: (id) => opened.get(id)?.client,
    wechat: (id) => opened.get(id)?.wechat,
    alipay: (id) => opened.get(id)?.alipay,
  }
}

function open(channel: Channel, deps: ChannelsDeps): Opened {
  const { artifacts = noStore, cipher, clock, counted } = deps
  const ask = askOnly(channel.api, deps.fetch)
  if (isAlipay(channel.kind)) {
    const alipay = createAlipayGateway(channel, ask, clock)
    return { client: counting(createAlipayClient(channel, alipay), counted), alipay }
  }
  const wechat = createWechatToken(channel, { ask, artifacts, cipher, clock })
  return { client: counting(createWechatClient(channel, { ask, token: wechat }), counted), wechat }
}

function counting(client: ChannelClient, counted: ChannelsDeps['counted']): ChannelClient {
  if (!counted) return client
  return {
    ...client,
    async identify(code) {
      const answer = await client.identify(code)
      counted(client.channel.id, 'failure' in answer ? answer.failure : 'success')
      return answer
    },
  }
}

const noStore: TokenStore = {
  get: async () => undefined,
  put: async () => undefined,
  add: async () => true,
  remove: async () => undefined,
  increment: async () => ({ count: 1, expiresAt: 0 }),
}
