import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { channelRow, channelsFile, startVendors, vendorUser, type Vendors } from '../../../setup/channel-vendors.ts'
import { addPasskey } from '../../../setup/passkey.ts'
import { approve, computerAndPhone, digitsOf, look, scan, signedInPhone, signOnPhone } from '../../../setup/qr.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'

let server: RunningServer
let services: Services
let vendors: Vendors

beforeAll(async () => {
  vendors = await startVendors()
  const rows = (['wechat-mini', 'alipay-mini', 'wechat-h5'] as const).map((kind) => channelRow(vendors, kind))
  server = await startServer({ YIDENG_TRUST_PROXY: 'true', YIDENG_CHANNELS: channelsFile(vendors, rows) })
  services = await server.services()
})
beforeEach(() => vendors.well())

interface Answer {
  status: number
  url?: string
  expires_in?: number
  error?: string
}

/** What the native page of a mini program does with the text that its scanner read. */
async function handOver(frame: string, { channel = 'wechat-mini', code = vendors.loginCode(vendorUser('anna')) } = {}) {
  const answer = await fetch(`${server.issuer}/api/channel/${channel}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ frame, code }),
  })
  return { status: answer.status, ...((await answer.json()) as object) } as Answer
}

const handed = async (frame: string): Promise<string> => {
  const { url, ...rest } = await handOver(frame)
  if (url === undefined) throw new Error(JSON.stringify(rest))
  return url
}

/** A web view sends no fetch metadata that could tell a scan from a link. */
const inWebView = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const gone = '这个二维码不能用了'

describe('a QR code that a vendor’s scanner has read', () => {
  it.each([
    ['wechat-mini', () => vendors.loginCode(vendorUser('anna'))],
    ['alipay-mini', () => vendors.alipayCode(vendorUser('anna'))],
  ] as const)('%s: the web view may come after the frame has gone; the digits are asked for', async (channel, code) => {
    const { computer, phone, begun } = await computerAndPhone(services)
    const frame = await computer.start()
    const { status, url = '', expires_in: seconds } = await handOver(frame, { channel, code: code() })
    expect([status, seconds, url.startsWith(`${frame}?t=`)]).toEqual([200, 60, true])
    // nothing is claimed by the native page
    expect(await computer.look()).toMatchObject({ state: 'created' })
    await server.forward(20_000)
    expect((await look(phone, frame, inWebView)).html).toContain(gone)
    expect(await computer.look()).toMatchObject({ state: 'created' })
    const asked = await scan(phone, url, inWebView)
    expect(asked.url.pathname).toMatch(/^\/q\/scan\//)
    const told = await approve(phone, asked)
    expect((await computer.redeem()).leads).toBeUndefined()
    await computer.post('code', { code: digitsOf(told) })
    await begun.finish(await computer.redeem())
  })

  it('the page asks whether the person has scanned it, and a passkey does not replace the digits', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const authenticator = new SoftwareAuthenticator(server.issuer)
    await addPasskey(phone, authenticator)
    const url = await handed(await computer.start())
    const looked = await look(phone, url, inWebView)
    expect(looked.html).toContain('这个登录二维码，是您自己扫的吗？')
    expect(looked.html).not.toContain('data-look')
    const asked = await phone.submit(looked, looked.url.pathname, {})
    expect((await signOnPhone(phone, asked, authenticator)).html).toContain('请把这 4 位数字输入电脑')
  })

  it('a ticket counts for a minute', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const url = await handed(await computer.start())
    await server.forward(60_500)
    expect((await look(phone, url, inWebView)).html).toContain(gone)
  })

  it('a second browser with the same ticket, or with its own, aborts both', async () => {
    for (const own of [false, true]) {
      const { computer, phone, person } = await computerAndPhone(services)
      const frame = await computer.start()
      const [first, second] = [await handed(frame), await handed(frame)]
      await scan(phone, first, inWebView)
      const other = await signedInPhone(server.issuer, person)
      expect((await scan(other, own ? second : first, inWebView)).html).toContain(gone)
      expect(await computer.look()).toMatchObject({ state: 'aborted', reason: 'second_scan' })
    }
  })

  it('the ticket of another frame, of another computer, or a changed one claims nothing', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const { computer: another } = await computerAndPhone(services)
    const frame = await computer.start()
    const ticket = new URL(await handed(await another.start())).search
    const own = await handed(frame)
    for (const url of [`${frame}${ticket}`, `${own}x`, own.replace('?t=1', '?t=2'), `${frame}?t=`, `${own}&t=1`])
      expect((await look(phone, url, inWebView)).html, url).toContain(gone)
    expect(await computer.look()).toMatchObject({ state: 'created' })
  })

  it.each<[string, () => Promise<Answer>, number, string]>([
    ['a channel that the settings do not have', () => handOver('x', { channel: 'nowhere' }), 404, 'not_found'],
    ['a channel that is no mini program', () => handOver('x', { channel: 'wechat-h5' }), 404, 'not_found'],
    ['a code of another service', () => handOver('https://evil.example/q/1.a.0.b'), 400, 'qr_gone'],
    ['a forged frame', () => handOver(`${server.issuer}/q/1.${'A'.repeat(22)}.0.${'A'.repeat(22)}`), 400, 'qr_gone'],
    ['no code of the vendor', () => handOver('x', { code: '' }), 400, 'bad_request'],
    [
      'a frame with a ticket',
      () => handOver(`${server.issuer}/q/1.${'A'.repeat(22)}.0.${'A'.repeat(22)}?t=1`),
      400,
      'qr_gone',
    ],
  ])('%s is refused, and the vendor is not asked', async (_, ask, status, error) => {
    const before = vendors.calls.length
    expect(await ask()).toMatchObject({ status, error })
    expect(vendors.calls.length).toBe(before)
  })

  it('a frame that has gone is refused before the vendor is asked', async () => {
    const { computer } = await computerAndPhone(services)
    const frame = await computer.start()
    await server.forward(6000)
    const before = vendors.calls.length
    expect(await handOver(frame)).toMatchObject({ status: 400, error: 'qr_gone' })
    expect(vendors.calls.length).toBe(before)
  })

  it('a code of the vendor counts once, and a vendor that is down makes no ticket', async () => {
    const { computer } = await computerAndPhone(services)
    const frame = await computer.start()
    const code = vendors.loginCode(vendorUser('anna'))
    expect(await handOver(frame, { code })).toMatchObject({ status: 200 })
    const fresh = (await computer.look()).frame ?? ''
    expect(await handOver(fresh, { code })).toMatchObject({ status: 403, error: 'forbidden' })
    vendors.fail('jscode2session', 'status-500')
    expect(await handOver((await computer.look()).frame ?? '')).toMatchObject({ status: 503, error: 'unavailable' })
    expect(await computer.look()).toMatchObject({ state: 'created' })
  })
})
