import { beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { desktop, openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'

/** A phone names itself over https and localhost; Chromium here adds `Sec-CH-UA-Mobile: ?1` for it. */
const handset = { ...phone, isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (Linux; Android 14; K) Mobile' }

/** Sums of the layout shifts that no input caused (Layout Instability). */
const watchShifts = `window.shifted = 0
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifted += value
}).observe({ type: 'layout-shift', buffered: true })`

describe.skipIf(cannotRun('browser'))('the sign-in page', () => {
  const browser = useBrowser()
  let portal: TestPortal

  beforeAll(async () => {
    const server = await usualServer()
    portal = await registerPortal(await server.services())
  })

  /** Bytes of each response over the wire, with its headers, as browsers ask for it without https (gzip). */
  async function weigh(page: Page): Promise<Map<string, number>> {
    const protocol = await page.context().newCDPSession(page)
    const paths = new Map<string, string>()
    const bytes = new Map<string, number>()
    protocol.on('Network.responseReceived', ({ requestId, response }) =>
      paths.set(requestId, new URL(response.url).pathname),
    )
    protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      bytes.set(paths.get(requestId) ?? '', encodedDataLength),
    )
    await protocol.send('Network.enable')
    return bytes
  }
  const sum = (bytes: Map<string, number>) => [...bytes.values()].reduce((all, one) => all + one, 0)

  it.each([
    ['phone', handset, 17_000],
    ['computer, with the code and its encoder', desktop, 25_000],
  ] as const)('weighs little with all it loads, in a browser that has nothing of it: %s', async (_, device, most) => {
    const { context } = await openContext(browser(), device)
    const page = await context.newPage()
    const bytes = await weigh(page)
    await page.goto((await portal.begin()).url.href)
    if (device === desktop) await page.locator('.qr-canvas svg').waitFor()
    else await page.waitForLoadState('networkidle')
    const listed = [...bytes].map(([path, one]) => `${one} ${path}`).join('\n')
    expect(bytes.size, listed).toBeGreaterThan(3)
    expect(sum(bytes), listed).toBeLessThanOrEqual(most)
    await context.close()
  })

  it.each([
    ['phone', handset],
    ['computer', desktop],
    ['computer in a narrow window', phone],
  ] as const)('moves nothing while it loads: %s', async (_, device) => {
    const { context } = await openContext(browser(), device)
    const page = await context.newPage()
    await page.addInitScript(watchShifts)
    await page.goto((await portal.begin()).url.href, { waitUntil: 'load' })
    if (device === desktop) await page.locator('.qr-canvas svg').waitFor()
    await page.waitForTimeout(1500)
    expect(Number(await page.evaluate('window.shifted'))).toBeLessThanOrEqual(0.02)
    // the measure would see it
    await page.evaluate("document.querySelector('main').style.paddingTop = '200px'")
    await expect.poll(async () => Number(await page.evaluate('window.shifted'))).toBeGreaterThan(0.02)
    await context.close()
  })

  it.each([
    ['phone', handset],
    ['computer', desktop],
  ] as const)(
    'has a form to fill in soon, on a slow connection and a slow machine: %s',
    { retry: 2 },
    async (_, device) => {
      const { context } = await openContext(browser(), device)
      const page = await context.newPage()
      const { url } = await portal.begin()
      // the address of the login itself: a portal's redirects are not the page
      await page.goto(url.href)
      const address = page.url()
      const protocol = await context.newCDPSession(page)
      await protocol.send('Network.enable')
      await protocol.send('Network.clearBrowserCache')
      await protocol.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: 400_000 / 8,
        uploadThroughput: 400_000 / 8,
      })
      await protocol.send('Emulation.setCPUThrottlingRate', { rate: 6 })
      await page.goto(address)
      const painted = Number(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
      expect(await page.locator('[name=password]').isVisible()).toBe(true)
      expect(painted).toBeLessThanOrEqual(1500)
      await context.close()
    },
  )
})
