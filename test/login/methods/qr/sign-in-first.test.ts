import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInAddress } from '../../../../src/account-centre/own-client.ts'
import type { Services } from '../../../../src/services.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { approve, digitsOf, scan, WaitingComputer } from '../../../setup/qr.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

const edge = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
  services = await server.services()
})
afterAll(() => server.kill('SIGKILL'))

/** A computer with a code, and the browser of a phone that is not signed in. */
async function meet(headers: Record<string, string> = {}) {
  const person = await openPerson(services, { level: 3 })
  const portal = await registerPortal(services, { name: '南海区一窗通', consent: 'implicit', min_level: 3 })
  const begun = await portal.begin()
  const at = { 'x-forwarded-for': '203.0.113.1', 'user-agent': edge }
  const computer = await WaitingComputer.at(begun.url, server.issuer, at)
  const phone = new Visitor(server.issuer, { 'x-forwarded-for': '120.231.4.5', ...headers })
  return { person, portal, begun, computer, phone }
}

const idOf = (frame: string) => frame.split('.').at(-3) ?? ''
const titleOf = (html: string) => /<title>([^<]*)/.exec(html)?.[1] ?? ''

describe('a phone that scans and is not signed in', () => {
  it.each([
    ['zh-CN', '先在手机上登录，再让电脑登录南海区一窗通', '和您的手机不在同一个网络'],
    ['zh-Hant', '先在手機上登入，再讓電腦登入南海区一窗通', '和您的手機不在同一個網絡'],
    ['en', 'First sign in on this phone, then let the computer sign in to 南海区一窗通', 'not in the same network'],
  ])('sees why it signs in, and for which computer: %s', async (language, title, network) => {
    const { person, computer, phone } = await meet({ 'accept-language': language })
    const page = await scan(phone, await computer.start())
    expect(page.url.pathname).toMatch(/^\/login\//)
    const wrong = await phone.submit(page, '/password', { identifier: person.username, password: 'wrong' })
    for (const { html } of [page, wrong]) {
      expect(titleOf(html)).toContain(title)
      for (const part of ['Windows', 'Edge', network]) expect(html).toContain(part)
    }
  })

  it('has its time for that: the clock of the decision starts after the sign-in, and once', async () => {
    const { person, computer, phone, begun } = await meet()
    const page = await scan(phone, await computer.start())
    await server.forward(290_000)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
    const asked = await signIn(phone, page, person.username)
    const secondsOn = (html: string) => Number(/data-countdown="(\d+)"/.exec(html)?.[1])
    expect(secondsOn(asked.html)).toBeGreaterThan(110)
    expect(secondsOn(asked.html)).toBeLessThanOrEqual(120)
    await server.forward(60_000)
    expect(secondsOn((await phone.get(asked.url)).html)).toBeLessThanOrEqual(60)
    await computer.post('code', { code: digitsOf(await approve(phone, asked)) })
    await begun.finish(await computer.redeem())
  })

  it('holds the computer no longer than that, and the computer can end it at once', async () => {
    const held = await meet()
    await scan(held.phone, await held.computer.start())
    await server.forward(301_000)
    expect(await held.computer.look()).toMatchObject({ state: 'expired', reason: 'late_scanned' })
    // a new code at once
    const frame = await held.computer.start()
    await scan(held.phone, frame)
    expect(await held.computer.post('cancel')).toMatchObject({ state: 'aborted', reason: 'cancelled' })
    expect(await held.computer.start()).not.toContain(idOf(frame))
  })

  it('is the only browser that learns of the computer: others may know the address of the question', async () => {
    const { computer, phone, person } = await meet()
    const frame = await computer.start()
    await scan(phone, frame)
    const address = signInAddress(server.issuer, `/q/scan/${idOf(frame)}`, { level: 2 })
    const another = new Visitor(server.issuer)
    await scan(another, await (await meet()).computer.start())
    for (const stranger of [new Visitor(server.issuer), another]) {
      const page = await stranger.get(address)
      expect(titleOf(page.html)).toContain('登录我的一登账户')
      expect(page.html).not.toContain('南海区一窗通')
      expect(page.html).not.toContain('Edge')
      expect((await signIn(stranger, page, person.username)).html).toContain('这个二维码不能用了')
    }
    expect((await phone.get(address)).html).toContain('南海区一窗通')
  })
})
