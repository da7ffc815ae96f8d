import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { alipayFaults, transportFaults } from '../../../examples/made-up-wechat/faults.ts'
import type { OpenChannels } from '../../../src/channels/open-channels.ts'
import type { FaceRequest, FaceVerifier } from '../../../src/proofing/face/face-verifier.ts'
import { alipayVerifier } from '../../../src/proofing/face/vendors/alipay.ts'
import { readVendors } from '../../../src/proofing/face/vendors/vendors.ts'
import { certHash, wechatVerifier } from '../../../src/proofing/face/vendors/wechat.ts'
import { channelOf, openVendorChannels, startVendors, type Vendors } from '../../setup/channel-vendors.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

const clock = Date.now
const back = { kind: 'return', parameters: { check: '1' } } as const

let vendors: Vendors
let channels: OpenChannels
let wechat: FaceVerifier
let alipay: FaceVerifier

function read(settings: object): FaceVerifier[] {
  const file = join(temporaryDirectory(), 'vendors.json')
  writeFileSync(file, JSON.stringify(settings))
  return readVendors(file, clock, true, channels)
}

beforeAll(async () => {
  vendors = await startVendors()
  channels = openVendorChannels([channelOf(vendors, 'wechat-mini'), channelOf(vendors, 'alipay-mini')])
  const [ofWechat, ofAlipay] = [channels.wechat('wechat-mini'), channels.alipay('alipay-mini')]
  if (!ofWechat || !ofAlipay) throw new Error('no channel')
  wechat = wechatVerifier({ channel: 'wechat-mini' }, ofWechat)
  alipay = alipayVerifier({ channel: 'alipay-mini', bizCode: 'FACE' }, ofAlipay)
})
afterEach(() => vendors.well())

let nonces = 0

/** A verification that was begun a moment ago. */
function asked(subject: Partial<FaceRequest['subject']> = {}): FaceRequest {
  nonces += 1
  return {
    subject: {
      personId: 'p',
      documentType: 'resident_id',
      documentNumber: '310101199801011234',
      name: '张三',
      ...subject,
    },
    purpose: 'proofing',
    level: 4,
    nonce: `${nonces}`.padStart(32, '0'),
    returnUrl: 'https://login.example/return?check=1',
    browser: 'Mozilla/5.0',
  }
}

/** The native page shows a phone, and the vendor names the verification. */
async function atPhone(request: FaceRequest, openid = 'o-san') {
  const begun = await wechat.atPhone?.(request, openid)
  return begun?.kind === 'opens' ? begun : expect.fail(JSON.stringify(begun))
}

it('the hash of name and number is the one in WeChat’s documentation', () => {
  const certificate = { type: 'IDENTITY_CARD', name: '张三', number: '310101199801011234' }
  expect(certHash(certificate)).toBe('3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b')
})

it('a channel that is not there, or of the other vendor, stops the start', () => {
  const names = read({ wechat: { channel: 'wechat-mini' }, alipay: { channel: 'alipay-mini' } }).map(({ name }) => name)
  expect(names).toEqual(['wechat', 'alipay'])
  expect(() => read({ wechat: { channel: 'nowhere' } })).toThrow(/YIDENG_FACE_VENDORS names the channel nowhere/)
  expect(() => read({ alipay: { channel: 'wechat-mini' } })).toThrow(/the channel wechat-mini for alipay/)
})

it.each([
  ['WeChat’s mini program', 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.60 miniProgram/wx1234', true, false],
  ['WeChat outside a mini program', 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.60', false, false],
  ['Alipay’s mini program', 'Mozilla/5.0 (iPhone) AlipayClient/10.5 miniProgram', false, true],
  ['a usual browser', 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1', false, true],
])('in %s the right vendors verify', (_where, userAgent, byWechat, byAlipay) => {
  expect([wechat, alipay].map(({ serves }) => serves?.(userAgent))).toEqual([byWechat, byAlipay])
})

it('a person without a resident identity card cannot be verified', async () => {
  for (const verifier of [wechat, alipay]) {
    const begun = await verifier.begin(asked({ documentType: 'passport' }))
    expect(begun).toMatchObject({ kind: 'ended', result: { outcome: 'unavailable', reasons: ['no_reference'] } })
  }
})

describe('WeChat', () => {
  it.each([
    ['10000', 'passed'],
    ['10001', 'failed'],
    ['90001', 'cancelled'],
    ['90100', 'cancelled'],
    ['NaN', 'unavailable'],
  ])('verify_ret %s is %s', async (result, outcome) => {
    const request = asked()
    expect(await wechat.begin(request)).toEqual({ kind: 'native', channel: 'wechat-mini', state: '' })
    const { verifyId, state } = await atPhone(request)
    expect(await wechat.complete(request, state, back)).toMatchObject({ outcome: 'cancelled' })
    vendors.finishFace(verifyId, result)
    expect(await wechat.complete(request, state, back)).toMatchObject({ outcome })
  })

  it('has no result before the native page, and asks nothing', async () => {
    const before = vendors.calls.length
    expect(await wechat.complete(asked(), '', back)).toMatchObject({ outcome: 'cancelled' })
    expect(vendors.calls.length).toBe(before)
  })

  it('a passed face counts for no other name, number, order, user or verification', async () => {
    const request = asked()
    const { verifyId, state } = await atPhone(request)
    vendors.finishFace(verifyId, '10000')
    const other = await atPhone(asked({ name: '李四' }), 'o-si')
    const { subject } = request
    const swapped: [FaceRequest, string][] = [
      [{ ...request, subject: { ...subject, name: '李四' } }, state],
      [{ ...request, subject: { ...subject, documentNumber: '11010519491231002X' } }, state],
      [{ ...request, nonce: asked().nonce }, state],
      [request, JSON.stringify({ verifyId, openid: 'o-si' })],
      [request, other.state],
      [asked({ name: '李四' }), state],
    ]
    for (const [one, given] of swapped)
      expect(await wechat.complete(one, given, back), given).toMatchObject({ outcome: 'unavailable' })
    expect(await wechat.complete(request, state, back)).toMatchObject({ outcome: 'passed', reference: verifyId })
  })

  it.each([...transportFaults, -1, 40001, 45011])('%s of either call is no result', async (fault) => {
    const request = asked()
    const { verifyId, state } = await atPhone(request)
    vendors.finishFace(verifyId, '10000')
    vendors.fail('getverifyid', fault)
    vendors.fail('queryverifyinfo', fault)
    const begun = await wechat.atPhone?.(asked(), 'o-san')
    expect(begun).toMatchObject({ kind: 'ended', result: { outcome: 'unavailable' } })
    expect(await wechat.complete(request, state, back)).toMatchObject({ outcome: 'unavailable' })
  })

  it.each([
    ['an error beside the result', { errcode: 84001 }],
    ['a result in quotes', { verify_ret: '10000' }],
    ['a result that is nearly passed', { verify_ret: 10000.5 }],
    ['another field', { verify_ret: undefined, verify_result: 10000 }],
  ])('%s is not passed', async (_what, change) => {
    const request = asked()
    const { verifyId, state } = await atPhone(request)
    vendors.finishFace(verifyId, '10000')
    vendors.alter('queryverifyinfo', (text) => JSON.stringify({ ...(JSON.parse(text) as object), ...change }))
    expect((await wechat.complete(request, state, back)).outcome).not.toBe('passed')
  })
})

describe('Alipay', () => {
  async function begun(request: FaceRequest) {
    const left = await alipay.begin(request)
    return left.kind === 'redirect' ? left : expect.fail(JSON.stringify(left))
  }

  it('leads to its page by a signed address; only the answer to the query counts', async () => {
    const request = asked()
    const { url, state } = await begun(request)
    const { searchParams } = new URL(url)
    expect(searchParams.get('method')).toBe('alipay.user.certify.open.certify')
    expect(JSON.parse(searchParams.get('biz_content') ?? '')).toEqual({ certify_id: state })
    expect(searchParams.get('sign')).toMatch(/^[A-Za-z0-9+/]{342}==$/)
    const sent = vendors.calls.findLast(({ endpoint }) => endpoint.endsWith('initialize'))?.sent ?? ''
    expect(JSON.parse(new URLSearchParams(sent.trim()).get('biz_content') ?? '')).toEqual({
      outer_order_no: request.nonce,
      biz_code: 'FACE',
      identity_param: {
        identity_type: 'CERT_INFO',
        cert_type: 'IDENTITY_CARD',
        cert_name: '张三',
        cert_no: '310101199801011234',
      },
      merchant_config: { return_url: request.returnUrl },
    })
    // what the browser brings back is not read
    const claimed = { kind: 'return', parameters: { check: '1', passed: 'T' } } as const
    expect(await alipay.complete(request, state, claimed)).toMatchObject({ outcome: 'failed' })
    vendors.finishFace(state, 'T')
    expect(await alipay.complete(request, state, back)).toMatchObject({ outcome: 'passed', reference: state })
  })

  it.each(['F', 't', 'true', '', '1'])('“%s” is not passed', async (result) => {
    const request = asked()
    const { state } = await begun(request)
    vendors.finishFace(state, result)
    expect((await alipay.complete(request, state, back)).outcome).not.toBe('passed')
  })

  it.each([...transportFaults, ...alipayFaults.slice(0, 3), 'isp.unknow-error' as const])(
    '%s of either call is no result',
    async (fault) => {
      const request = asked()
      const { state } = await begun(request)
      vendors.finishFace(state, 'T')
      vendors.fail('alipay.user.certify.open.initialize', fault)
      vendors.fail('alipay.user.certify.open.query', fault)
      expect(await alipay.begin(asked())).toMatchObject({ kind: 'ended', result: { outcome: 'unavailable' } })
      expect(await alipay.complete(request, state, back)).toMatchObject({ outcome: 'unavailable' })
    },
  )
})
