import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { VendorUser } from '../../examples/made-up-wechat/state.ts'
import { handleOf, startChannelLogin, type ChannelLogin, type Setting } from '../setup/channel-login.ts'
import { openNativePage, programFile } from '../setup/native-page.ts'
import { signIn } from '../setup/person.ts'
import { computerAndPhone } from '../setup/qr.ts'
import { until } from '../setup/server.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})
beforeEach(() => all.vendors.well())

/** What the vendor's app knows of its user. */
const appOf = {
  wechat: (user: VendorUser) => ({
    login: ({ success }: { success(answer: { code: string }): void }) => success({ code: all.vendors.loginCode(user) }),
  }),
  alipay: (user: VendorUser) => ({
    getAuthCode: ({ scopes, success }: { scopes: string; success(answer: { authCode: string }): void }) => {
      expect(scopes).toBe('auth_base')
      success({ authCode: all.vendors.alipayCode(user) })
    },
  }),
}

const programs = [
  { vendor: 'wechat', channel: 'mini', agent: 'wechatMini' },
  { vendor: 'alipay', channel: 'alipay-mini', agent: 'alipayMini' },
] as const

const settings = (channel: string) => ({ issuer: all.server.issuer, channel })

/** The page of the sign-in page's button, as the script of that page opens it. */
function opened({ vendor, channel }: (typeof programs)[number], login: ChannelLogin, user: VendorUser, below = true) {
  const native = openNativePage({
    vendor,
    page: 'yideng/index',
    settings: settings(channel),
    app: appOf[vendor](user),
    below,
  })
  const query = { a: handleOf(login.page, channel), l: login.path.split('/').at(-1) ?? '' }
  return { ...native, query }
}

describe.each(programs)('the mini program of $vendor', (program) => {
  const { vendor, channel, agent } = program
  const begun = () => all.begin(all.portal, { visitor: all.browser(agent) })

  it('has each page that it lists, with a template that names what the page has', () => {
    const { pages } = JSON.parse(programFile(vendor, 'app.json')) as { pages: string[] }
    expect(pages.length).toBeGreaterThan(2)
    for (const name of pages) {
      const template = programFile(vendor, `${name}.${vendor === 'wechat' ? 'wxml' : 'axml'}`)
      const app = appOf[vendor](all.user())
      const { page } = openNativePage({ vendor, page: name.replace('pages/', ''), settings: settings(channel), app })
      for (const [, value = ''] of template.matchAll(/\{\{(\w+)\}\}/g)) expect(page.data, name).toHaveProperty(value)
      for (const [, handler = ''] of template.matchAll(/(?:bind\w+|on[A-Z]\w+)="(\w+)"/g))
        expect(page, name).toHaveProperty(handler, expect.any(Function))
    }
  })

  it('signs a bound person in, in the web view that asked', async () => {
    const [user, person] = [all.user(), await all.person()]
    const first = await begun()
    const one = opened(program, first, user)
    one.page.onLoad(one.query)
    const unbound = await first.visitor.get(await one.back)
    expect(unbound.leads).toBeUndefined()
    const typed = await signIn(first.visitor, await first.visitor.get(`${first.path}?way=password`), person.username)
    await first.visitor.submit(typed, '/channel/answer', { decision: 'bind' })

    const login = await begun()
    const two = opened(program, login, user)
    two.page.onLoad(two.query)
    const address = await two.back
    // the address is worth nothing in another browser
    expect((await (await begun()).visitor.get(address)).leads).toBeUndefined()
    const again = opened(program, login, user)
    again.page.onLoad(again.query)
    const page = await login.visitor.get(await again.back)
    const { claims } = await login.begun.finish(page)
    expect(claims()?.['amr']).toEqual([vendor])
  })

  it('says that it failed, leaves the web view alone, and tries again', async () => {
    const login = await begun()
    const { page, web, query, back } = opened(program, login, all.user())
    all.vendors.fail(vendor === 'wechat' ? 'jscode2session' : 'alipay.system.oauth.token', 'hang-up')
    page.onLoad(query)
    await until(async () => page.data['failed'] === true)
    expect(web.data.address).toBe('')
    all.vendors.well()
    page.start()
    expect(await back).toContain(`/channel/${channel}/enter?t=`)
    expect(page.data['failed']).toBe(false)
  })

  it('fails where no web view opened it, as from a forwarded link', async () => {
    const { page, query, web } = opened(program, await begun(), all.user(), false)
    page.onLoad(query)
    await until(async () => page.data['failed'] === true)
    expect(web.data.address).toBe('')
  })

  it('hands a scanned QR code over before it opens the web view, and no other code', async () => {
    const open = () =>
      openNativePage({
        vendor,
        page: 'yideng/scan',
        settings: settings(channel),
        app: appOf[vendor](all.user()),
        below: false,
      })
    const { computer } = await computerAndPhone(all.services)
    const frame = await computer.start()
    const scanned = open()
    scanned.page.onLoad({ q: encodeURIComponent(frame) })
    await until(async () => scanned.page.data['address'] !== '')
    expect(scanned.page.data['address']).toMatch(/^http:\S+\/q\/1\.\S+\?t=\S+$/)
    expect(scanned.asked).toEqual([`${all.server.issuer}/api/channel/${channel}/scan`])

    for (const q of ['https://evil.example/q/1.a.b.c', '', `${all.server.issuer}.evil.example/q/1`]) {
      const foreign = open()
      foreign.page.onLoad(q ? { q: encodeURIComponent(q) } : {})
      expect([foreign.page.data, foreign.asked]).toEqual([{ address: '', foreign: true }, []])
    }
  })
})
