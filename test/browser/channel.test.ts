import { beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import type { Services } from '../../src/services.ts'
import { openContext, phone, useBrowser } from '../setup/browser.ts'
import { channelRow, channelsFile, startVendors, vendorUser, type Vendors } from '../setup/channel-vendors.ts'
import { cannotRun } from '../setup/parts.ts'
import { residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal, standIn } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

const mobile = 'Mozilla/5.0 (Linux; Android 14; V2307A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126 Mobile'
const wechat = `${mobile} MicroMessenger/8.0.60 miniProgram/wx1234`
const alipay = `${mobile} AliApp(AP/10.6.80) AlipayClient/10.6.80 MiniProgram`

/** A bridge as WeChat's app puts it into a web view; it answers with `said` and remembers what it was asked. */
const bridge = (said: string) => `window.asked = []
  window.WeixinJSBridge = { invoke(api, { name, arg }, told) { window.asked.push([api, name, arg.url]); told(${said}) } }`
const ok = `{ err_msg: 'invokeMiniProgramAPI:ok' }`

describe.skipIf(cannotRun('browser'))('the button of a channel in a mini program', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services
  let vendors: Vendors

  beforeAll(async () => {
    vendors = await startVendors()
    const rows = (['wechat-mini', 'alipay-mini'] as const).map((kind) => channelRow(vendors, kind))
    server = await startServer({ YIDENG_CHANNELS: channelsFile(vendors, rows) })
    services = await server.services()
  })

  async function begun(userAgent: string, script = '') {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const { context, complaints } = await openContext(browser(), { ...phone, userAgent, isMobile: true })
    const page = await context.newPage()
    if (script) await page.addInitScript(script)
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    // the app answers for the address of its bridge
    await page.route('https://appx/web-view.min.js', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: 'window.asked = []; window.my = { navigateTo: ({ url }) => window.asked.push(url) }',
      }),
    )
    await page.goto((await portal.begin()).url.href)
    const part = page.locator('[data-channel]')
    const asked = async () => (await page.evaluate('window.asked')) as unknown[] | undefined
    return {
      context,
      complaints,
      portal,
      page,
      origins,
      part,
      button: part.locator('button'),
      none: part.locator('p'),
      asked,
    }
  }

  const pageOf = async (page: Page) => {
    const dataset = (await page.evaluate("({ ...document.querySelector('[data-channel]').dataset })")) as object
    const { handle = '', login = '' } = dataset as Record<string, string>
    expect(handle.length).toBeGreaterThanOrEqual(22)
    expect(new URL(page.url()).pathname).toBe(`/login/${login}`)
    return `/pages/yideng/index?${new URLSearchParams({ a: handle, l: login }).toString()}`
  }

  it('in WeChat opens the native page by the bridge that is there, and asks no other origin', async () => {
    const { context, complaints, page, origins, button, none, asked } = await begun(wechat, bridge(ok))
    await button.click()
    await expect.poll(asked).toEqual([['invokeMiniProgramAPI', 'navigateTo', await pageOf(page)]])
    await page.waitForTimeout(2200)
    expect(await none.isVisible()).toBe(false)
    expect([...origins]).toEqual([server.issuer])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('waits for a bridge that comes a moment later', async () => {
    const later = `setTimeout(() => { ${bridge(ok)}; document.dispatchEvent(new Event('WeixinJSBridgeReady')) }, 1500)`
    const { context, page, button, none, asked } = await begun(wechat)
    await button.click()
    await page.evaluate(later)
    await expect.poll(asked, { timeout: 5000 }).toHaveLength(1)
    expect(await none.isVisible()).toBe(false)
    await context.close()
  })

  it('says after two seconds that no app answers, does nothing later, and leaves the other ways', async () => {
    const { context, complaints, page, button, none, asked } = await begun(wechat)
    const start = Date.now()
    await button.click()
    await none.waitFor({ state: 'visible' })
    expect(Date.now() - start).toBeGreaterThanOrEqual(1990)
    await page.evaluate(`${bridge(ok)}; document.dispatchEvent(new Event('WeixinJSBridgeReady'))`)
    expect(await asked()).toEqual([])
    await page.locator('a[href$="way=password"]').click()
    expect(await page.locator('[name=password]').isVisible()).toBe(true)
    expect(complaints).toEqual([])
    await context.close()
  })

  it.each([`{ err_msg: 'invokeMiniProgramAPI:fail page not found' }`, `{ errMsg: 'system:access_denied' }`])(
    'says so where the app refuses: %s',
    async (said) => {
      const { context, button, none } = await begun(wechat, bridge(said))
      await button.click()
      await none.waitFor({ state: 'visible' })
      await context.close()
    },
  )

  it('opens the page for a number with the handle of that page alone', async () => {
    const { context, complaints, page, asked } = await begun(wechat, bridge(ok))
    await page.goto(`${server.issuer}/register`)
    for (const [name, value] of Object.entries({ name: '林小梅', phone: '13700031234' }))
      await page.fill(`[name=${name}]`, value)
    await page.fill('[name=document_number]', residentId('44030519880217001'))
    await page.locator('button.button[type=submit]:visible').click({ timeout: 5000 })
    const button = page.locator('button[data-native=phone]')
    const handle = (await button.getAttribute('data-handle', { timeout: 5000 })) ?? ''
    await button.click()
    const url = `/pages/yideng/phone?${new URLSearchParams({ a: handle }).toString()}`
    await expect.poll(asked).toEqual([['invokeMiniProgramAPI', 'navigateTo', url]])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('in Alipay loads the bridge of the app under the page’s policy, when it is pressed', async () => {
    const { context, complaints, page, origins, button, asked } = await begun(alipay)
    expect([...origins]).toEqual([server.issuer])
    const answer = await page.reload()
    expect(answer?.headers()['content-security-policy']).not.toContain('appx')
    await button.click()
    await expect.poll(asked).toEqual([await pageOf(page)])
    expect([...origins]).toEqual([server.issuer, 'https://appx'])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('the native page brings the web view back: first with another way and the question, then without a password', async () => {
    const person = await openPerson(services)
    for (const bound of [false, true]) {
      const { context, complaints, portal, page, button, asked } = await begun(wechat, bridge(ok))
      await standIn(portal)
      await button.click()
      await expect.poll(asked).toHaveLength(1)
      const [[, , url]] = (await asked()) as [[string, string, string]]
      const { a: handle, l: login } = Object.fromEntries(new URL(url, server.issuer).searchParams)
      const given = await fetch(`${server.issuer}/api/channel/wechat-mini/ticket`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: vendors.loginCode(vendorUser('anna')), handle }),
      })
      const { ticket } = (await given.json()) as { ticket: string }
      await page.goto(`${server.issuer}/login/${login}/channel/wechat-mini/enter?t=${encodeURIComponent(ticket)}`)
      if (!bound) {
        // no ticket in the address that stays
        expect(page.url()).toBe(`${server.issuer}/login/${login}`)
        await page.locator('[name=identifier]').fill(person.username)
        await page.locator('[name=password]').fill(person.password)
        await page.locator('form[action$="/password"] button[type=submit]').click()
        await page.locator('button[name=decision][value=bind]').click()
      }
      await page.waitForURL((address) => address.href.startsWith(`${portal.redirectUri}?code=`))
      expect(complaints).toEqual([])
      await context.close()
    }
  })
})
