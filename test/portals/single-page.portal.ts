import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { desktop, launchBrowser, openContext, signInOn } from '../setup/browser.ts'
import { findChromium } from '../setup/chromium.ts'
import { openPerson } from '../setup/person.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { build } from './build.ts'
import { singlePage } from './examples.ts'
import { yideng } from './yideng.ts'
import { start, type Portal } from './running.ts'

const inside = '您好，张三'
const outside = '未登录'

describe('oidc-client-ts in Chromium', () => {
  let server: RunningServer
  let services: Services
  let portal: Portal | undefined
  let browser: Awaited<ReturnType<typeof launchBrowser>> | undefined
  let why = ''

  beforeAll(async () => {
    server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
    services = await server.services()
    const built = await build(singlePage)
    why = 'notRun' in built ? built.notRun : findChromium() === undefined ? 'this machine has no Chromium' : ''
    if ('notRun' in built || why !== '') return
    portal = await start({ example: singlePage, directory: built.directory, server, services })
    browser = await launchBrowser()
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await portal?.stop()
    if (why !== '') console.log(`Not run: ${singlePage.name}: ${why}.`)
  })

  interface Opened {
    page: Page
    portal: Portal
    person: Awaited<ReturnType<typeof openPerson>>
    complaints: string[]
  }

  /** Each test has a browser and a person of its own. */
  const testOf = (title: string, act: (opened: Opened) => Promise<void>) =>
    it(title, async (run) => {
      if (!portal || !browser) return run.skip(why)
      const { context, complaints } = await openContext(browser, desktop)
      context.setDefaultTimeout(30_000)
      const page = await context.newPage()
      await page.goto(portal.url)
      await act({ page, portal, person: await openPerson(services, { name: '张三' }), complaints })
      return context.close()
    })

  const shows = (page: Page, text: string) => page.locator('#person', { hasText: text }).waitFor()
  const presses = async (page: Page, id: string, outcome: string) => {
    await page.locator(`#${id}`).click()
    await page.locator('#outcome', { hasText: `${id}:` }).waitFor()
    expect(await page.locator('#outcome').textContent()).toBe(outcome)
  }
  const decide = (page: Page, decision: 'allow' | 'deny') =>
    page.locator(`form[action$="/consent"] button[value=${decision}]`).click()

  async function signIn({ page, person }: Opened) {
    await page.locator('#login').click()
    await signInOn(page, person)
    await decide(page, 'allow')
    await shows(page, inside)
  }

  testOf('signs a person in and shows the name; the next window needs no password', async (opened) => {
    await signIn(opened)
    expect(opened.page.url()).toBe(`${opened.portal.url}/`)
    const next = await opened.page.context().newPage()
    await next.goto(opened.portal.url)
    await shows(next, outside)
    await next.locator('#login').click()
    await shows(next, inside)
    expect(opened.complaints).toEqual([])
  })

  testOf('signs a person in by a popup', async ({ page, person, complaints }) => {
    const popups = page.waitForEvent('popup')
    await page.locator('#popup').click()
    const popup = await popups
    await signInOn(popup, person)
    await decide(popup, 'allow')
    await shows(page, inside)
    expect(await page.locator('#outcome').textContent()).toBe('popup: done')
    expect(popup.isClosed()).toBe(true)
    expect(complaints).toEqual([])
  })

  testOf('signs nobody in who said No', async ({ page, person }) => {
    await page.locator('#login').click()
    await signInOn(page, person)
    await decide(page, 'deny')
    await shows(page, '登录没有完成')
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
    await page.goto(new URL('/', page.url()).href)
    await shows(page, outside)
  })

  /** The user that the library keeps in this window. */
  const kept = (page: Page) =>
    page.evaluate('manager.getUser()') as Promise<{ refresh_token?: string; access_token: string }>

  testOf('gets new tokens by the refresh token, without prompt=consent', async (opened) => {
    await signIn(opened)
    const { page } = opened
    for (let times = 0; times < 2; times += 1) {
      const before = await kept(page)
      await presses(page, 'renew', 'renew: done')
      const after = await kept(page)
      expect(after.access_token).not.toBe(before.access_token)
      expect(after.refresh_token).toBeTypeOf('string')
      expect(after.refresh_token).not.toBe(before.refresh_token)
    }
    await shows(page, inside)
  })

  testOf('gets new tokens by a hidden frame, while the session at Yideng lasts', async (opened) => {
    await signIn(opened)
    const { page } = opened
    const renew =
      "manager.signinSilent({ forceIframeAuth: true, scope: 'openid profile' }).then(() => 'done', ({ error }) => error)"
    const before = await kept(page)
    expect(await page.evaluate(renew)).toBe('done')
    const after = await kept(page)
    expect(after.access_token).not.toBe(before.access_token)
    await page.context().clearCookies()
    expect(await page.evaluate(renew)).toBe('login_required')
    expect(opened.complaints).toEqual([])
  })

  testOf('revokes its tokens', async (opened) => {
    await signIn(opened)
    const { access_token: token } = await kept(opened.page)
    const userinfo = () => fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
    expect((await userinfo()).status).toBe(200)
    await presses(opened.page, 'revoke', 'revoke: done')
    expect((await userinfo()).status).toBe(401)
  })

  testOf('signs out at Yideng too, and revokes its tokens before', async (opened) => {
    await signIn(opened)
    const { page, portal: there } = opened
    const { access_token: token } = await kept(page)
    await page.locator('#logout').click()
    const confirm = page.locator('button[name=logout]')
    await confirm.or(page.locator('#person', { hasText: outside })).waitFor()
    if (await confirm.isVisible()) await confirm.click()
    await page.waitForURL(`${there.url}/signed-out*`)
    await shows(page, outside)
    const answer = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(401)
    await page.locator('#login').click()
    await page.locator('[name=identifier]').waitFor()
    expect(opened.complaints).toEqual([])
  })

  testOf('signs people in after the signing keys changed at once', async (opened) => {
    yideng(server, 'keys', 'rotate', '--now')
    await signIn(opened)
    await presses(opened.page, 'renew', 'renew: done')
  })

  testOf('signs nobody in while it is suspended', async (opened) => {
    await signIn(opened)
    const { page, portal: there } = opened
    await services.clients.setStatus(there.client.id, 'suspended', 'administrator:test')
    await page.locator('#renew').click()
    await page.locator('#outcome', { hasText: 'renew:' }).waitFor()
    expect(await page.locator('#outcome').textContent()).not.toBe('renew: done')
    const refused = page.waitForResponse((answer) => answer.url().startsWith(`${server.issuer}/authorize`))
    await page.locator('#login').click()
    expect((await refused).status()).toBe(400)
    await services.clients.setStatus(there.client.id, 'active', 'administrator:test')
    await page.goto(there.url)
    await page.locator('#login').click()
    await shows(page, inside)
  })
})
