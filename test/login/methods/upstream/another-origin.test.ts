import { beforeAll, describe, expect, it } from 'vitest'
import { desktop, openContext, useBrowser } from '../../../setup/browser.ts'
import { cannotRun } from '../../../setup/parts.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { startServer } from '../../../setup/server.ts'
import { casRow } from '../../../setup/upstreams/cas.ts'
import { startFake } from '../../../setup/upstreams/fake-server.ts'
import { upstreamsFile } from '../../../setup/upstreams/open.ts'

/** Chromium applies the form-action of our page to each redirect after its form (Content Security Policy Level 3, 6.4.1). */
describe.skipIf(cannotRun('browser'))('in Chromium, a system whose login page is at another origin', () => {
  const browser = useBrowser()
  let portal: TestPortal
  let login: string

  beforeAll(async () => {
    const page = await startFake(() => ({ type: 'text/html; charset=utf-8', body: '<title>城市登录</title>' }))
    login = `${page.url}/login`
    const cas = await startFake(() => ({ status: 302, location: login }))
    const server = await startServer({ YIDENG_UPSTREAMS: upstreamsFile([casRow(cas, 'json')]) })
    portal = await registerPortal(await server.services(), { consent: 'implicit' })
  })

  it.each([true, false])('is reached from the sign-in page, with scripts: %s', async (javaScriptEnabled) => {
    const { context, complaints } = await openContext(browser(), { ...desktop, javaScriptEnabled })
    const page = await context.newPage()
    await page.goto((await portal.begin({ idp_hint: 'cas-json' })).url.href)
    await page.locator('form[action$="/upstream/cas-json/start"] button').first().click()
    await page.waitForURL(login, { timeout: 10_000 })
    expect(await page.title()).toBe('城市登录')
    expect(complaints).toEqual([])
  })
})
