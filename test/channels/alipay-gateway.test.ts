import { createVerify, generateKeyPairSync } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Channel } from '../../src/channels/channels.ts'
import { channelOf, openVendorChannels, startVendors, vendorUser, type Vendors } from '../setup/channel-vendors.ts'

let vendors: Vendors
beforeAll(async () => {
  vendors = await startVendors()
})
beforeEach(() => vendors.well())

const open = (other: Partial<Channel> = {}, deps: Parameters<typeof openVendorChannels>[1] = {}) =>
  openVendorChannels([channelOf(vendors, 'alipay-h5', other)], deps)

const keyLines = /-----[A-Z ]+-----/g

it('signs a call as the documented text says', async () => {
  const sent: string[] = []
  const fetch = async (_url: unknown, { body = '' }: { body?: string }) => (sent.push(body), new Response('{}'))
  const clock = () => Date.UTC(2026, 10, 29, 11)
  await open({}, { fetch, clock }).client('alipay-h5')?.identify('authcode')
  const sign = new URLSearchParams(sent[0]).get('sign') ?? ''
  const text =
    'app_id=2021000000000001&charset=utf-8&code=authcode&grant_type=authorization_code&method=alipay.system.oauth.token' +
    '&sign_type=RSA2&timestamp=2026-11-29 19:00:00&version=1.0'
  expect(createVerify('RSA-SHA256').update(text).verify(vendors.alipay.privateKey(), sign, 'base64')).toBe(true)
})

it('takes keys without the lines around them, as Alipay’s tool writes them', async () => {
  const { privateKey, publicKey } = vendors.alipay
  const bare = (key: string) => key.replaceAll(keyLines, '').replaceAll('\n', '')
  const client = open({ secret: bare(privateKey()), publicKey: bare(publicKey()) }).client('alipay-h5')
  expect(await client?.identify(vendors.alipayCode(vendorUser('anna')))).toHaveProperty('identity')
})

it.each(['secret', 'publicKey'] as const)('refuses a %s that is no RSA key, and shows nothing of it', (part) => {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const curve = part === 'secret' ? pair.privateKey : pair.publicKey
  for (const key of ['this text is no key', vendors.alipay.privateKey().slice(0, 200), curve]) {
    const attempt = () => open({ [part]: key })
    expect(attempt).toThrow('YIDENG_CHANNELS')
    expect(attempt).toThrow(/key of the channel alipay-h5 is no RSA key/)
    expect(attempt).not.toThrow(key.slice(-30))
  }
})

describe('the move from user_id to open_id', () => {
  const { userId, openId } = vendorUser('anna')

  it.each(['user_id', 'open_id'] as const)('names the person by %s, and keeps the other id', async (subject) => {
    const client = open({ subject }).client('alipay-h5')
    const ids = { user_id: userId, open_id: openId }
    expect(await client?.identify(vendors.alipayCode({ userId, openId } as object))).toEqual({
      identity: { subject: ids[subject], ids },
    })
  })

  it('never takes the other id in place of the one that the channel names people by', async () => {
    const byOld = open({ subject: 'user_id' }).client('alipay-h5')
    const byNew = open({ subject: 'open_id' }).client('alipay-h5')
    const failure = { failure: 'channel_misconfigured' }
    expect(await byOld?.identify(vendors.alipayCode({ openId } as object))).toEqual(failure)
    expect(await byNew?.identify(vendors.alipayCode({ userId } as object))).toEqual(failure)
  })
})

describe('the signature of an answer', () => {
  const identify = () =>
    open()
      .client('alipay-h5')
      ?.identify(vendors.alipayCode(vendorUser('anna')))
  const method = 'alipay.system.oauth.token'
  const nameOfValue = 'alipay_system_oauth_token_response'

  it.each<[string, (text: string) => string]>([
    ['space around the value', (text) => text.replace(/:\{(.*)\},/, ' : \n{$1} ,')],
    ['the signature first', (text) => text.replace(/^\{(.*),("sign":"[^"]*")\}$/, '{$2,$1}')],
    ['members beside it', (text) => text.replace('{', '{"alipay_cert_sn":"a{\\"b}","list":[{"x":1}],')],
  ])('holds with %s', async (_, alter) => {
    vendors.alter(method, alter)
    expect(await identify()).toMatchObject({ identity: { subject: 'a-anna' } })
  })

  it.each<[string, (text: string) => string]>([
    ['space within the value', (text) => text.replace('"open_id":', '"open_id": ')],
    ['an escaped letter', (text) => text.replace('a-anna', '\\u0061-anna')],
    ['another id', (text) => text.replace('a-anna', 'a-carl')],
    ['a second value before it', (text) => text.replace('{', `{"${nameOfValue}":{"open_id":"a-carl"},`)],
    ['a second value after it', (text) => text.replace(/\}$/, `,"${nameOfValue}":{"open_id":"a-carl"}}`)],
    ['the value within another', (text) => `{"outer":${text}}`],
    ['an error beside the value', (text) => text.replace(nameOfValue, 'error_response')],
    ['the name of another call', (text) => text.replace(nameOfValue, 'alipay_user_info_share_response')],
    ['an empty signature', (text) => text.replace(/"sign":"[^"]*"/, '"sign":""')],
    ['a signature that is no text', (text) => text.replace(/"sign":"[^"]*"/, '"sign":{"a":1}')],
    ['text after the document', (text) => `${text}{"open_id":"a-carl"}`],
  ])('does not hold with %s', async (_, alter) => {
    vendors.alter(method, (text) => {
      expect(alter(text)).not.toBe(text)
      return alter(text)
    })
    expect(await identify()).toEqual({ failure: 'unavailable' })
  })

  it('does not make a signed error a success', async () => {
    const gateway = open().alipay('alipay-h5')
    const found = await gateway?.call('alipay.user.certify.open.query', { biz_content: '{}' }, z.object({}))
    expect(found).toEqual({ failure: 'code_refused' })
  })
})

it('signs the address of a page', async () => {
  const address = open().alipay('alipay-h5')?.pageUrl('alipay.user.certify.open.certify', { biz_content: '{"a":"1"}' })
  const query = new URL(address ?? '').searchParams
  const answer = await fetch(`${vendors.url}/gateway.do`, { method: 'POST', body: query })
  expect(await answer.text()).not.toContain('isv.invalid-signature')
})
