import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ChannelKind } from '../../src/channels/channels.ts'
import { channelOf, openVendorChannels, startVendors, vendorUser } from '../setup/channel-vendors.ts'
import { handClock } from '../setup/temporary.ts'

const anna = vendorUser('anna')

/** Alipay's keys cost a tenth of a second, so only some tests open its channel. */
async function openFake(...others: ChannelKind[]) {
  const { clock, forward } = handClock()
  const vendors = await startVendors(clock)
  const kinds = ['wechat-mini', 'wechat-h5', ...others] as const
  const channels = openVendorChannels(
    kinds.map((kind) => channelOf(vendors, kind)),
    { clock },
  )
  return { vendors, forward, channels, identify: (kind: string, code: string) => channels.client(kind)?.identify(code) }
}

describe('the made-up vendors', () => {
  it('let codes of WeChat live for five minutes, and of Alipay for a day', async () => {
    const { vendors, forward, identify } = await openFake('alipay-mini')
    const wechat = [vendors.loginCode(anna), vendors.loginCode(anna)] as const
    const alipay = [vendors.alipayCode(anna), vendors.alipayCode(anna)] as const
    forward(299_999)
    expect(await identify('wechat-mini', wechat[0])).toHaveProperty('identity')
    forward(1)
    expect(await identify('wechat-mini', wechat[1])).toEqual({ failure: 'code_refused' })
    forward(86_399_999 - 300_000)
    expect(await identify('alipay-mini', alipay[0])).toHaveProperty('identity')
    forward(1)
    expect(await identify('alipay-mini', alipay[1])).toEqual({ failure: 'code_refused' })
  })

  it('refuse a code of another app, and of another kind', async () => {
    const { vendors, identify } = await openFake()
    expect(await identify('wechat-mini', vendors.loginCode(anna, 'wxother'))).toEqual({ failure: 'code_refused' })
    expect(await identify('wechat-mini', vendors.webCode(anna))).toEqual({ failure: 'code_refused' })
    expect(await identify('wechat-h5', vendors.loginCode(anna))).toEqual({ failure: 'code_refused' })
  })

  it('block a user after a hundred exchanges in a minute', async () => {
    const { vendors, forward, identify } = await openFake()
    for (let count = 0; count < 100; count += 1) await identify('wechat-mini', vendors.loginCode(anna))
    expect(await identify('wechat-mini', vendors.loginCode(anna))).toEqual({ failure: 'user_blocked' })
    forward(60_001)
    expect(await identify('wechat-mini', vendors.loginCode(anna))).toHaveProperty('identity')
  })

  it('know a snapshot visitor, and a user of an app without open-platform account', async () => {
    const { vendors, identify } = await openFake()
    const { unionid: _, ...unbound } = anna
    expect(await identify('wechat-h5', vendors.webCode({ ...anna, snapshot: true }))).toEqual({
      failure: 'snapshot_visitor',
    })
    expect(await identify('wechat-mini', vendors.loginCode(unbound))).toEqual({ failure: 'channel_misconfigured' })
  })

  it('send a browser back two times where a test wants it', async () => {
    const { vendors, channels } = await openFake()
    vendors.visitedBy(anna)
    vendors.comesTwice(true)
    const redirectUri = 'https://id.example/channel/x/callback'
    const address = channels.client('wechat-h5')?.authorizeUrl?.({ state: 's1', redirectUri }) ?? ''
    const page = await (await fetch(address)).text()
    expect(page).toContain(`${redirectUri}?code=`)
    expect(page).toContain('setTimeout(go')
  })

  it.each([
    ['a parameter before another', (url: string) => url.replace(/appid=\w+&/, '').replace('#', '&appid=wx1234#')],
    ['a state of other characters', (url: string) => url.replace('state=s1', 'state=s-1')],
    ['another scope', (url: string) => url.replace('snsapi_userinfo', 'snsapi_login')],
    ['another app', (url: string) => url.replace('wx1234', 'wx9')],
  ])('refuse a request with %s', async (_, alter) => {
    const { vendors, channels } = await openFake()
    vendors.visitedBy(anna)
    const redirectUri = 'https://id.example/channel/x/callback'
    const address = channels.client('wechat-h5')?.authorizeUrl?.({ state: 's1', redirectUri }) ?? ''
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(302)
    expect(alter(address)).not.toBe(address)
    expect((await fetch(alter(address), { redirect: 'manual' })).status).toBe(400)
  })

  it('bind a face of WeChat to name, number and openid', async () => {
    const { vendors, channels, forward } = await openFake()
    const server = channels.wechat('wechat-mini')
    const cert = { cert_type: 'IDENTITY_CARD', cert_name: '张三', cert_no: '310101199801011234' }
    // the official vector
    const hash = '3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b'
    const asked = { out_seq_no: 'sequence-1', cert_info: cert, openid: anna.openid }
    const path = '/cityservice/face/identify'
    const begun = await server?.post(`${path}/getverifyid`, asked, z.object({ verify_id: z.string() }))
    const id = begun && 'value' in begun ? begun.value.verify_id : ''
    const result = async (other: object = {}) => {
      const query = { verify_id: id, out_seq_no: 'sequence-1', cert_hash: hash, openid: anna.openid, ...other }
      return server?.post(`${path}/queryverifyinfo`, query, z.object({ verify_ret: z.number() }))
    }
    expect(await result()).toEqual({ value: { verify_ret: 90001 } })
    vendors.finishFace(id, '10000')
    expect(await result()).toEqual({ value: { verify_ret: 10000 } })
    const foreign = [
      { openid: 'o-carl' },
      { cert_hash: createHash('sha256').update('').digest('hex') },
      { out_seq_no: 'sequence-2' },
      { verify_id: 'v-other' },
    ]
    for (const other of foreign) expect(await result(other)).toEqual({ failure: 'unavailable' })
    forward(3_600_000)
    expect(await result()).toEqual({ failure: 'unavailable' })
  })

  it('tell the result of a face of Alipay by query alone', async () => {
    const { vendors, channels } = await openFake('alipay-mini')
    const gateway = channels.alipay('alipay-mini')
    const initialize = 'alipay.user.certify.open.initialize'
    const begun = await gateway?.call(initialize, { biz_content: '{}' }, z.object({ certify_id: z.string() }))
    const id = begun && 'value' in begun ? begun.value.certify_id : ''
    const query = async () =>
      gateway?.call(
        'alipay.user.certify.open.query',
        { biz_content: JSON.stringify({ certify_id: id }) },
        z.object({ passed: z.string() }),
      )
    expect(await query()).toEqual({ value: { passed: 'F' } })
    vendors.finishFace(id, 'T')
    expect(await query()).toEqual({ value: { passed: 'T' } })
  })
})
