import type { Page, Request } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { languages } from '../../src/pages/languages.ts'
import { look } from '../design/site.ts'
import { samples } from '../pages/samples.ts'
import { openContext, useBrowser } from '../setup/browser.ts'

const sizes = [
  { width: 1280, height: 800 },
  { width: 1080, height: 1920 },
] as const

const dataOf = (view: string) => {
  const found = samples.find((one) => one.view === view && one.name === 'kiosk')
  if (!found) throw new Error(`no kiosk among the samples of ${view}`)
  return found.data
}

const browser = useBrowser()

/** A kiosk whose clock moves when told to, and the forms that it has sent. */
async function kiosk(viewport: (typeof sizes)[number] = sizes[0]) {
  const { context } = await openContext(browser(), { viewport, hasTouch: true })
  const page = await context.newPage()
  await page.clock.install()
  const sent: string[] = []
  page.on('request', (request: Request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname))
  const open = (view: string) => look(page, { view, data: dataOf(view) })
  return { page, sent, open, close: () => context.close() }
}

const soon = (page: Page) => page.locator('[data-idle-soon]')
const identifier = (page: Page) => page.locator('[name=identifier]')

describe('a kiosk', () => {
  it.each(sizes)('shows all of its sign-in page at $width × $height, face first', async (viewport) => {
    const { page, close } = await kiosk(viewport)
    for (const language of languages) {
      await look(page, { view: 'login/sign-in', data: dataOf('login/sign-in'), language })
      const size = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.scrollHeight]')
      expect(size, language).toEqual([viewport.width, viewport.height])
      const [face, code] = await Promise.all(
        ['.keys', '.qr .code:not(.code-wait)'].map((one) => page.locator(one).boundingBox()),
      )
      expect(face?.width).toBeGreaterThan(code?.width ?? 0)
      expect((face?.y ?? 0) < (code?.y ?? 0) || (face?.x ?? 0) < (code?.x ?? 0)).toBe(true)
      for (const key of await page.locator('.keys button').all())
        expect((await key.boundingBox())?.height).toBeGreaterThanOrEqual(48)
    }
    await close()
  })

  it.each(sizes)('shows the ways of 关怀版 at $width × $height without scrolling', async (viewport) => {
    const { page, close } = await kiosk(viewport)
    await look(page, { view: 'login/elder-start', data: dataOf('login/elder-start'), elder: true })
    for (const part of [...(await page.locator('.way-big').all()), page.locator('[data-idle]')]) {
      const box = await part.boundingBox()
      expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(viewport.height)
    }
    await close()
  })

  it('is typed on without a keyboard', async () => {
    const { page, open, close } = await kiosk()
    await open('login/sign-in')
    for (const key of ['1', '3', '8', 'X', '']) await page.locator(`[data-key="${key}"]`).click()
    expect(await identifier(page).inputValue()).toBe('138')
    await close()
  })

  it.each(['login/sign-in', 'login/one-way'])(
    'after a minute without a touch nothing typed is left: %s',
    async (view) => {
      const { page, sent, open, close } = await kiosk()
      await open(view)
      await identifier(page).fill('13800138000')
      await page.clock.runFor(38_000)
      expect(await soon(page).isVisible()).toBe(false)
      await page.clock.runFor(4000)
      // WCAG 2.2, 2.2.1: 20 seconds to go on by a simple act
      expect(await soon(page).isVisible()).toBe(true)
      expect(await identifier(page).inputValue()).toBe('13800138000')
      await page.mouse.move(10, 10)
      await page.clock.runFor(2000)
      expect(await soon(page).isVisible()).toBe(false)
      await page.clock.runFor(56_000)
      expect(sent).toEqual([])
      await page.clock.runFor(4000)
      await expect.poll(() => sent).toEqual(['/login/8f3a/cancel'])
      for (const field of await page.locator('input:not([type=hidden])').all())
        expect(await field.inputValue()).toBe('')
      await close()
    },
  )

  it('stays while a phone decides about it, but keeps nothing typed, and leaves when the phone is done', async () => {
    const { page, sent, open, close } = await kiosk()
    await open('login/sign-in')
    await identifier(page).fill('13800138000')
    await page.locator('[data-qr]').evaluate((panel) => panel.setAttribute('data-busy', ''))
    await page.clock.runFor(63_000)
    expect(await identifier(page).inputValue()).toBe('')
    await page.clock.runFor(300_000)
    expect(sent.filter((path) => path.endsWith('/cancel'))).toEqual([])
    await page.locator('[data-qr]').evaluate((panel) => panel.removeAttribute('data-busy'))
    await page.clock.runFor(1500)
    await expect.poll(() => sent.filter((path) => path.endsWith('/cancel'))).toEqual(['/login/8f3a/cancel'])
    await close()
  })
})
