import { describe, expect, it } from 'vitest'
import { desktop, expectAccessible, openContext, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, usualServer } from '../setup/server.ts'

describe.skipIf(cannotRun('browser'))('the QR code of a computer', () => {
  const browser = useBrowser()

  it('codes without a scan end with a page that offers new ones', async () => {
    const short = await startServer({
      YIDENG_QR_SHOWN_SECONDS: '10',
      YIDENG_QR_FRAME_SECONDS: '2',
      YIDENG_QR_HIDE_SECONDS: '2',
    })
    const portal = await registerPortal(await short.services())
    const { context, complaints } = await openContext(browser(), desktop)
    const page = await context.newPage()
    await page.goto((await portal.begin()).url.href)
    await page.locator('.qr-canvas svg').waitFor()
    await page.locator('[data-reason=late_created]').waitFor()
    await expectAccessible(page)
    // a person may be typing a password: the end of the codes takes no focus
    expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
    await page.locator('[data-again]').press('Enter')
    await page.locator('.qr-canvas svg').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  it('without JavaScript the page explains it and the other methods remain', async () => {
    const portal = await registerPortal(await (await usualServer()).services())
    const { context } = await openContext(browser(), { ...desktop, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto((await portal.begin()).url.href)
    expect(await page.locator('main').innerText()).toContain('扫码登录需要浏览器打开 JavaScript')
    expect(await page.locator('[data-qr]').isVisible()).toBe(false)
    expect(await page.locator('[name=password]').isVisible()).toBe(true)
    await context.close()
  })
})
