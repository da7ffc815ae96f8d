import { describe, expect, it } from 'vitest'
import { desktop, openContext, useBrowser } from '../../../setup/browser.ts'
import { cannotRun } from '../../../setup/parts.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { usualServer } from '../../../setup/server.ts'

describe.skipIf(cannotRun('browser'))('the code on a computer', () => {
  const browser = useBrowser()

  it('rests while the page is hidden, and the same login goes on when it is shown', async () => {
    const server = await usualServer()
    const portal = await registerPortal(await server.services())
    const { context, complaints } = await openContext(browser(), desktop)
    const page = await context.newPage()
    await page.goto((await portal.begin()).url.href)
    await page.locator('.qr-canvas svg').waitFor()
    const hide = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
         document.dispatchEvent(new Event('visibilitychange'))`,
      )
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await hide(true)
    expect(await page.locator('.qr-canvas svg').count()).toBe(0)
    await page.waitForTimeout(3000)
    expect(asked).toEqual([])
    await hide(false)
    await page.locator('.qr-canvas svg').waitFor()
    expect(asked.some((path) => path.endsWith('/qr/stream'))).toBe(true)
    expect(asked.some((path) => path.endsWith('/qr/start'))).toBe(false)
    expect(complaints).toEqual([])
    await context.close()
  })
})
