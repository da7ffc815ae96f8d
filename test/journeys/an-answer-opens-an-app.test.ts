import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openContext, phone, signInOn, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'

const app = 'cn.gov.example.app'
const callback = `${app}:/callback`
const signedOut = `${app}:/signed-out`
const claimed = 'https://app.example.gov.cn/callback'

describe.skipIf(cannotRun('browser'))('in Chromium, an answer to an app', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services
  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  /** The address that the browser gives to the system for the app, or asks the app's host for. */
  const attempt = async (page: Page, address: string) =>
    new URL((await page.waitForRequest((request) => request.url().startsWith(`${address}?`))).url())

  /** Begins at the app as AppAuth does (RFC 8252), and signs a person in. */
  async function arrive(redirect: string, javaScriptEnabled = true) {
    const person = await openPerson(services)
    const registered = await registerPortal(services, {
      type: 'native',
      redirect_uris: [redirect],
      post_logout_redirect_uris: [signedOut],
      scope: 'openid profile offline_access',
    })
    const { context, complaints } = await openContext(browser(), { ...phone, javaScriptEnabled })
    const page = await context.newPage()
    const { url, finish } = await registered.begin({ redirect_uri: redirect })
    await page.goto(url.href)
    await signInOn(page, person)
    /** Sends the form of the consent page, and waits until the browser goes on. */
    const decide = async (decision: 'allow' | 'deny') => {
      const attempted = attempt(page, redirect)
      await page.locator(`form[action$="/consent"] button[value=${decision}]`).click()
      return attempted
    }
    const tokensOf = (leads: URL) => finish({ url: leads, status: 303, html: '', headers: new Headers(), leads })
    return { context, page, complaints, decide, tokensOf, clientId: registered.clientId }
  }

  it.each([true, false])(
    'with its own scheme: the browser tries it by itself, and again by the button (scripts: %s)',
    async (scripts) => {
      const { context, page, complaints, decide, tokensOf } = await arrive(callback, scripts)
      const leads = await decide('allow')
      expect([...leads.searchParams.keys()].toSorted()).toEqual(['code', 'iss', 'state'])
      // no app is there: the page stays, and offers the same address
      const again = attempt(page, callback)
      await page.locator('main a.button').click()
      expect((await again).href).toBe(leads.href)
      expect((await tokensOf(leads)).refresh_token).toBeTypeOf('string')
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  it('with its own scheme says who said No', async () => {
    const { context, complaints, decide } = await arrive(callback)
    expect((await decide('deny')).searchParams.get('error')).toBe('access_denied')
    expect(complaints).toEqual([])
    await context.close()
  })

  it('reaches it after a sign-out', async () => {
    const { context, page, complaints, decide, clientId } = await arrive(callback)
    await decide('allow')
    const query = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: signedOut, state: 's' })
    await page.goto(`${server.issuer}/logout?${query.toString()}`)
    const attempted = attempt(page, signedOut)
    await page.locator('button[name=logout]').click()
    expect((await attempted).searchParams.get('state')).toBe('s')
    expect(complaints).toEqual([])
    await context.close()
  })

  it('reaches an https address that the app has claimed', async () => {
    const { context, page, complaints, decide, tokensOf } = await arrive(claimed)
    await page.route(`${claimed}?*`, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>app</h1>' }))
    const leads = await decide('allow')
    await page.waitForURL(`${claimed}?*`)
    expect((await tokensOf(leads)).claims()?.sub).toBeTypeOf('string')
    expect(complaints).toEqual([])
    await context.close()
  })
})
