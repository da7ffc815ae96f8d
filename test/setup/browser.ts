import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Result } from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'

let launched: Promise<Browser> | undefined

/** One Chromium for all files of a worker; each test opens contexts of its own. It ends with the worker. */
export function useBrowser(): () => Browser {
  let running: Browser | undefined
  beforeAll(async () => {
    launched ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    running = await launched
  })
  // what a failed test left open
  afterAll(() => Promise.all(running?.contexts().map((context) => context.close()) ?? []))
  return () => {
    if (!running) throw new Error('the browser has not started')
    return running
  }
}

export const phone = { viewport: { width: 360, height: 740 } } as const
export const desk = { viewport: { width: 1280, height: 800 } } as const

/** A context without anything a page must not do: console errors and violations of its policy fail the test. */
export async function openContext(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}) {
  const context: BrowserContext = await browser.newContext({ locale: 'zh-CN', ...options })
  // as long as anything is waited for in these tests: a page may need it where three of them share two slow cores
  context.setDefaultTimeout(90_000)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return { context, complaints }
}

/** Fills in the sign-in form that the page shows, and sends it. */
export async function signInOn(page: Page, { username, password }: { username: string; password: string }) {
  await page.locator('[name=identifier]').fill(username)
  await page.locator('[name=password]').fill(password)
  await page.locator('form[action$="/password"] button').click()
}

/** Less than half of what it gives by itself: most of a check's time is the browser reading it. */
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * Nothing serious for people who cannot see, hear or use a mouse (WCAG 2.2 AA by axe), and no sideways scrolling; at these
 * widths of the one loaded page, or at the one it has.
 */
export async function expectAccessible(page: Page, widths: readonly number[] = []): Promise<void> {
  await page.evaluate(axeSource)
  const { width: present, height } = page.viewportSize() ?? phone.viewport
  for (const width of widths.length > 0 ? widths : [present]) {
    if (widths.length > 0) await page.setViewportSize({ width, height })
    const violations = (await page.evaluate(
      `axe.run({ runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'], preload: false, selectors: false }).then(({ violations }) => violations)`,
    )) as Result[]
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`),
      `${page.url()} at ${width}`,
    ).toEqual([])
    const sideways = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
    expect(sideways, `${page.url()} scrolls sideways at ${width}`).toBe(false)
  }
}
