import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { alipayFaults, transportFaults, type Fault } from '../../examples/made-up-wechat/faults.ts'
import type { VendorUser } from '../../examples/made-up-wechat/state.ts'
import type { ChannelFailure } from '../../src/channels/channel-client.ts'
import { channelKinds, isAlipay, isMiniProgram, type Channel, type ChannelKind } from '../../src/channels/channels.ts'
import {
  channelOf,
  openVendorChannels,
  patienceFor,
  startVendors,
  vendorUser,
  type Vendors,
} from '../setup/channel-vendors.ts'

let vendors: Vendors
beforeAll(async () => {
  vendors = await startVendors()
})
beforeEach(() => vendors.well())

const exchangeOf = (kind: ChannelKind) => {
  if (isAlipay(kind)) return 'alipay.system.oauth.token'
  return isMiniProgram(kind) ? 'jscode2session' : 'access_token'
}

const codeOf = (kind: ChannelKind, user: VendorUser) => {
  if (isAlipay(kind)) return vendors.alipayCode(user)
  return isMiniProgram(kind) ? vendors.loginCode(user) : vendors.webCode(user)
}

const clientOf = (kind: ChannelKind, other: Partial<Channel> = {}, fault?: Fault) => {
  const channels = [channelOf(vendors, kind, other)]
  const client = openVendorChannels(channels, {}, patienceFor(fault)).client(kind)
  if (!client) throw new Error(`no client for ${kind}`)
  return client
}

/** Errors of WeChat and Alipay, with what they mean. */
const wechatErrors: [Fault, ChannelFailure][] = [
  [-1, 'unavailable'],
  [40001, 'channel_misconfigured'],
  [40013, 'channel_misconfigured'],
  [40029, 'code_refused'],
  [40125, 'channel_misconfigured'],
  [40163, 'code_refused'],
  [40226, 'user_blocked'],
  [45011, 'user_blocked'],
  ['no-unionid', 'channel_misconfigured'],
]
const alipayErrors: [Fault, ChannelFailure][] = [
  ['isv.code-invalid', 'code_refused'],
  ['isv.invalid-signature', 'channel_misconfigured'],
  ['isv.invalid-app-id', 'channel_misconfigured'],
  ['isp.unknow-error', 'unavailable'],
  ['no-ids', 'channel_misconfigured'],
  ...alipayFaults.filter((fault) => fault !== 'no-ids').map((fault): [Fault, ChannelFailure] => [fault, 'unavailable']),
]

describe.each(channelKinds)('the client of %s', (kind) => {
  it('names the person of a code, with every id that the vendor sent', async () => {
    const user = vendorUser('anna')
    const ids = isAlipay(kind)
      ? { user_id: user.userId, open_id: user.openId }
      : { openid: user.openid, unionid: user.unionid }
    const subject = isAlipay(kind) ? user.openId : user.unionid
    expect(await clientOf(kind).identify(codeOf(kind, user))).toEqual({ identity: { subject, ids } })
  })

  it('takes a code once', async () => {
    const client = clientOf(kind)
    const code = codeOf(kind, vendorUser('anna'))
    expect(await client.identify(code)).toHaveProperty('identity')
    expect(await client.identify(code)).toEqual({ failure: 'code_refused' })
  })

  it.each(['', 'a b', 'ä', 'x'.repeat(257), 'x\r\ny'])('does not ask the vendor about the text %j', async (code) => {
    const before = vendors.calls.length
    expect(await clientOf(kind).identify(code)).toEqual({ failure: 'code_refused' })
    expect(vendors.calls.length).toBe(before)
  })

  const transport = transportFaults.map((fault): [Fault, ChannelFailure] => [fault, 'unavailable'])
  it.each([...transport, ...(isAlipay(kind) ? alipayErrors : wechatErrors)])(
    'names nobody where the vendor answers %s: %s',
    async (fault, failure) => {
      vendors.fail(exchangeOf(kind), fault)
      expect(await clientOf(kind, {}, fault).identify(codeOf(kind, vendorUser('anna')))).toEqual({ failure })
    },
  )

  it('asks one address only, and follows no redirect', async () => {
    vendors.fail(exchangeOf(kind), 'redirect')
    const before = vendors.calls.length
    await clientOf(kind).identify(codeOf(kind, vendorUser('anna')))
    expect(vendors.calls.slice(before).map(({ endpoint }) => endpoint)).toEqual([exchangeOf(kind)])
  })

  it('shows that a registration works', async () => {
    expect(await clientOf(kind).check()).toEqual({ ok: true })
  })

  it.each(['appid', 'secret'] as const)('shows that the %s is wrong', async (part) => {
    const other = part === 'secret' && isAlipay(kind) ? otherKey() : 'wrong'
    const client = clientOf(kind, { [part]: other })
    expect(await client.check()).toEqual({ ok: false, failure: 'channel_misconfigured' })
  })

  it.each(transportFaults)('shows that the vendor fails: %s', async (fault) => {
    vendors.fail(exchangeOf(kind), fault)
    expect(await clientOf(kind, {}, fault).check()).toEqual({ ok: false, failure: 'unavailable' })
  })
})

describe.each(channelKinds.filter((kind) => !isMiniProgram(kind)))('the page of the vendor for %s', (kind) => {
  it('sends the browser back with a code of this person', async () => {
    const user = vendorUser('anna')
    const redirectUri = 'https://id.example/channel/x/callback'
    const client = clientOf(kind)
    const address = client.authorizeUrl?.({ state: 'state123', redirectUri }) ?? ''
    const answer = await fetch(address, { redirect: 'manual', headers: { cookie: vendors.cookieOf(user) } })
    const back = new URL(answer.headers.get('location') ?? '')
    expect(back.origin + back.pathname).toBe(redirectUri)
    expect(back.searchParams.get('state')).toBe('state123')
    const code = back.searchParams.get(isAlipay(kind) ? 'auth_code' : 'code') ?? ''
    const subject = isAlipay(kind) ? user.openId : user.unionid
    expect(await client.identify(code)).toMatchObject({ identity: { subject } })
  })
})

it.each(channelKinds.filter(isMiniProgram))('%s has no page of the vendor', (kind) => {
  expect(clientOf(kind)).not.toHaveProperty('authorizeUrl')
})

const otherKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey
