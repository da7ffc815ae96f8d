import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Result } from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { chromiumPath } from './chromium.ts'

let launched: Promise<Browser> | undefined

/** Starts the Chromium of this machine. The caller closes it. */
export const launchBrowser = (args: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', ...args] })

/** One Chromium for all files of a worker; each test opens its own contexts. It ends with the worker. */
export function useBrowser(): () => Browser {
  let running: Browser | undefined
  beforeAll(async () => {
    launched ??= launchBrowser()
    running = await launched
  })
  // a failed test may leave contexts open
  afterAll(() => Promise.all(running?.contexts().map((context) => context.close()) ?? []))
  return () => {
    if (!running) throw new Error('the browser has not started')
    return running
  }
}

export const phone = { viewport: { width: 360, height: 740 } } as const
export const desktop = { viewport: { width: 1280, height: 800 } } as const

/** Opens a context. `complaints` collects console errors and violations of the page's policy. */
export async function openContext(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}) {
  const context: BrowserContext = await browser.newContext({ locale: 'zh-CN', ...options })
  // three workers may share two slow cores
  context.setDefaultTimeout(90_000)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return { context, complaints }
}

/** Fills in the sign-in form of the page and sends it. */
export async function signInOn(page: Page, { username, password }: { username: string; password: string }) {
  await page.locator('[name=identifier]').fill(username)
  await page.locator('[name=password]').fill(password)
  await page.locator('form[action$="/password"] button[type=submit]').click()
}

/** The minified file: parsing the source is most of the time of a check. */
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2 AA and the best practices of axe. */
const allRules = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
} as const

/** The rules whose result may change with the width. */
const rulesOfLayout = { type: 'rule', values: ['color-contrast', 'target-size'] } as const

type Rules = typeof allRules | typeof rulesOfLayout

async function violations(page: Page, runOnly: Rules): Promise<string[]> {
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'], preload: false, selectors: false })
  const found = (await page.evaluate(`axe.run(${options}).then(({ violations }) => violations)`)) as Result[]
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
}

async function expectNoViolations(page: Page, runOnly: Rules): Promise<void> {
  expect(await violations(page, runOnly), `${page.url()} at ${page.viewportSize()?.width}`).toEqual([])
}

/** Violations of a page in light by all rules, then in the dark by those of the layout, as lines. */
export async function violationsInBothLights(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await violations(page, allRules)
  await page.emulateMedia({ colorScheme: 'dark' })
  return [...light, ...(await violations(page, rulesOfLayout)).map((line) => `dark: ${line}`)]
}

async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const sideways = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
  expect(sideways, `${page.url()} scrolls sideways at ${page.viewportSize()?.width}`).toBe(false)
}

async function* inWidths(page: Page, widths: readonly number[]): AsyncGenerator<number> {
  const { height } = page.viewportSize() ?? phone.viewport
  for (const [index, width] of widths.entries()) {
    if (page.viewportSize()?.width !== width) await page.setViewportSize({ width, height })
    yield index
  }
}

/**
 * Checks that a page meets WCAG 2.2 AA (by axe) and does not scroll sideways.
 * @param widths in pixels, by default the present one. The first gets all rules, the others those of the layout.
 */
export async function expectAccessible(page: Page, widths?: readonly number[]): Promise<void> {
  await page.evaluate(axeSource)
  for await (const index of inWidths(page, widths ?? [page.viewportSize()?.width ?? phone.viewport.width])) {
    await expectNoViolations(page, index === 0 ? allRules : rulesOfLayout)
    await expectNoSidewaysScrolling(page)
  }
}

/** Checks the same page in another language: only its words differ, and they may need more room. */
export async function expectFits(page: Page, widths: readonly number[]): Promise<void> {
  for await (const _ of inWidths(page, widths)) await expectNoSidewaysScrolling(page)
}
