import fc from 'fast-check'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { ChannelAnswer } from '../../src/channels/channel-client.ts'
import type { OpenChannels } from '../../src/channels/open-channels.ts'
import { channelOf, openVendorChannels, startVendors, vendorUser, type Vendors } from '../setup/channel-vendors.ts'
import { inLongRun } from '../setup/long-run.ts'

const kinds = ['wechat-mini', 'wechat-h5', 'alipay-h5'] as const

let vendors: Vendors
let channels: OpenChannels
beforeAll(async () => {
  vendors = await startVendors()
  channels = openVendorChannels(kinds.map((kind) => channelOf(vendors, kind)))
})
beforeEach(() => vendors.well())

const runs = { numRuns: inLongRun(120, 1500) }
const place = fc.nat({ max: 1000 })
const piece = fc.constantFrom('"', '\\', '{', '}', ',', ':', '0', ' ', '"open_id":"a-carl",', '"unionid":"u-carl",', '﻿')

/** Alters text: a piece more, a piece less, a piece elsewhere. */
const onText = fc.oneof(
  fc.record({ at: place, more: piece }).map(({ at, more }) => (text: string) => {
    const index = at % (text.length + 1)
    return text.slice(0, index) + more + text.slice(index)
  }),
  fc.record({ at: place, length: fc.integer({ min: 1, max: 40 }) }).map(({ at, length }) => (text: string) => {
    const index = at % text.length
    return text.slice(0, index) + text.slice(index + length)
  }),
  fc
    .record({ at: place, length: fc.integer({ min: 1, max: 60 }), to: place })
    .map(({ at, length, to }) => (text: string) => {
      const moved = text.slice(at % text.length, (at % text.length) + length)
      const index = to % text.length
      return text.slice(0, index) + moved + text.slice(index)
    }),
)

/** Alters a document: a member gets another value, or goes. */
const names = fc.constantFrom('openid', 'unionid', 'errcode', 'is_snapshotuser', 'user_id', 'open_id', 'sign', 'code')
const values = fc.oneof(
  fc.constantFrom(0, 1, -1, 40029, '0', '1', '', 'u-carl', 'a-carl', null, true, false, [], {}, 'ä', 'x'.repeat(200)),
  fc.jsonValue(),
)
const onDocument = fc
  .record({ name: names, value: fc.option(values, { nil: undefined }) })
  .map(({ name, value }) => (text: string) => {
    const document = parsed(text)
    return document ? JSON.stringify(alterDeep(document, name, value)) : text
  })

function alterDeep(document: Record<string, unknown>, name: string, value: unknown): object {
  const inner = Object.entries(document).find(([key]) => key.endsWith('_response'))
  if (!inner || name === 'sign') return { ...document, [name]: value }
  return { ...document, [inner[0]]: { ...(inner[1] as object), [name]: value } }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Alters nothing that counts, so that the property also sees answers that hold. */
const harmless = fc.constantFrom<(text: string) => string>(
  (text) => text.replace('{', '{ \n'),
  (text) => `${text}\r\n`,
  (text) => text.replace('{', '{"other":[{"open_id":"a-carl"}],'),
)

const alterations = fc
  .array(fc.oneof(onText, onDocument, harmless), { minLength: 1, maxLength: 3 })
  .map((all) => (text: string) => all.reduce((altered, alter) => alter(altered), text))

/** Asks once, with the answer altered; also gives the altered text. */
async function ask(kind: (typeof kinds)[number], endpoint: string, alter: (text: string) => string) {
  let sent = ''
  vendors.alter(endpoint, (text) => (sent = alter(text)))
  const anna = vendorUser(`anna${Math.trunc(performance.now() * 1000)}`)
  const codes = { 'wechat-mini': vendors.loginCode, 'wechat-h5': vendors.webCode, 'alipay-h5': vendors.alipayCode }
  const answer = await channels.client(kind)?.identify(codes[kind](anna))
  return { answer: answer as ChannelAnswer, sent, anna }
}

it.each([
  ['wechat-mini', 'jscode2session'],
  ['wechat-h5', 'access_token'],
] as const)('an altered answer to %s names the person of the document, or no person', async (kind, endpoint) => {
  const seen = { identity: 0, failure: 0 }
  await fc.assert(
    fc.asyncProperty(alterations, async (alter) => {
      const { answer, sent } = await ask(kind, endpoint, alter)
      seen['failure' in answer ? 'failure' : 'identity'] += 1
      if ('failure' in answer) return
      const document = parsed(sent) ?? {}
      expect([0, undefined]).toContain(document['errcode'])
      expect([0, null, undefined]).toContain(document['is_snapshotuser'])
      expect(answer.identity.subject).toBe(document['unionid'])
      expect(answer.identity.ids.openid ?? '').toBe(document['openid'] ?? '')
      expect(answer.identity.subject).toMatch(/^[\w-]{1,128}$/)
    }),
    runs,
  )
  expect(Math.min(seen.identity, seen.failure)).toBeGreaterThan(0)
})

it('an altered answer of Alipay names the person that Alipay signed, or no person', async () => {
  const seen = { identity: 0, failure: 0 }
  await fc.assert(
    fc.asyncProperty(alterations, async (alter) => {
      const { answer, anna } = await ask('alipay-h5', 'alipay.system.oauth.token', alter)
      seen['failure' in answer ? 'failure' : 'identity'] += 1
      if ('failure' in answer) return
      const { userId, openId } = anna
      expect(answer.identity).toEqual({ subject: openId, ids: { user_id: userId, open_id: openId } })
    }),
    runs,
  )
  expect(Math.min(seen.identity, seen.failure)).toBeGreaterThan(0)
})
