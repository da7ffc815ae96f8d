import { createServer } from 'node:http'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import type { Back } from '../../src/admin/house.ts'
import { desk, expectAccessible, openContext, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

/** The authenticator of the device itself, as WebAuthn's automation has it (Level 3, 11). */
async function authenticatorOf(page: Page, overrides: Record<string, unknown> = {}) {
  const cdp: CDPSession = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...overrides,
    },
  })
  return {
    authenticatorId,
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verifies: (isUserVerified: boolean) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    answers: (enabled: boolean) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    remove: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  }
}

describe.skipIf(cannotRun('browser'))('in Chromium, a person with passkeys', { timeout: 90_000 }, () => {
  const browser = useBrowser()
  let server: RunningServer
  let house: Back

  beforeAll(async () => {
    server = await startServer()
    house = await server.house()
  })

  /** A portal that says so when somebody comes back. */
  async function openPortal() {
    const portal = await registerPortal(house, { name: '深圳市政务服务网', consent: 'implicit', min_level: 3 })
    const listener = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end('<!doctype html><html lang="zh"><link rel="icon" href="data:,"><title>门户</title><h1>门户</h1>')
    })
    listener.listen(Number(new URL(portal.redirectUri).port), 'localhost')
    onTestFinished(() => void listener.close())
    return portal
  }

  const byPassword = async (page: Page, person: { username: string; password: string }) => {
    await page.locator('[name=identifier]').fill(person.username)
    await page.locator('[name=password]').fill(person.password)
    await page.locator('form[action$="/password"] button').click()
  }

  /** The page in both languages, at the narrowest and at a desk. */
  async function expectFit(page: Page) {
    const { search } = new URL(page.url())
    for (const language of ['en', 'zh-CN']) {
      await page.locator(`a[hreflang="${language}"]`).click()
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        await expectAccessible(page)
      }
    }
    void search
  }

  const signOut = (context: BrowserContext) => context.clearCookies({ name: /session/ })

  it('is offered one after the password, and from then on needs no password', async () => {
    const person = await openPerson(house)
    const portal = await openPortal()
    const { context, complaints } = await openContext(browser(), desk)
    const page = await context.newPage()
    const device = await authenticatorOf(page)
    const enter = async (parameters: Record<string, string> = {}) => {
      const visit = await portal.begin(parameters)
      await page.goto(visit.url.href)
      return visit
    }
    const finish = async (visit: Awaited<ReturnType<typeof enter>>) => {
      await page.waitForURL(/\/callback\?/)
      const leads = new URL(page.url())
      return visit.finish({ url: leads, status: 303, html: '', headers: new Headers(), leads })
    }

    let visit = await enter()
    await page.locator('.passkey button').waitFor()
    await page.screenshot({ path: '/tmp/shots/sign-in.png', fullPage: true })
    await byPassword(page, person)
    await page.locator('[data-passkey=create] button').waitFor()
    await page.screenshot({ path: '/tmp/shots/offer.png', fullPage: true })
    await expectFit(page)
    await page.locator('[data-start]').click()
    expect((await finish(visit)).claims()).toMatchObject({ amr: ['pwd'] })
    expect(await device.credentials()).toHaveLength(1)

    await signOut(context)
    visit = await enter()
    expect((await finish(visit)).claims()).toMatchObject({ amr: ['hwk', 'user'] })
    expect(complaints).toEqual([])
    await context.close()
  })
})
