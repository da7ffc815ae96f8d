import { expect, test } from 'vitest'
import { languages } from '../../src/pages/languages.ts'
import { samples } from '../pages/samples.ts'
import { expectAccessible, openContext, useBrowser } from '../setup/browser.ts'
import { componentsData } from './components-data.ts'
import { look } from './site.ts'

const browser = useBrowser()
const components = { view: 'design/components', name: '', data: componentsData }
const narrow = { viewport: { width: 320, height: 740 } } as const

const widthOf = 'document.documentElement.scrollWidth'

/** A flex or grid box takes the text of a link and the punctuation after it for two items. */
const tornOff = `[...document.querySelectorAll('.no-line')]
  .map((one) => one.parentElement)
  .filter((link) => /flex|grid/.test(getComputedStyle(link).display) && link.firstChild.nodeType === Node.TEXT_NODE)
  .map((link) => link.textContent)`

test.each(languages.flatMap((language) => [false, true].map((elder) => ({ language, elder }))))(
  'no page is wider than 320 pixels, nor tears a link apart, in $language with elder $elder',
  async ({ language, elder }) => {
    const { context } = await openContext(browser(), narrow)
    const page = await context.newPage()
    const wide: string[] = []
    const torn: unknown[] = []
    for (const { view, name, data } of [components, ...samples]) {
      await look(page, { view, data, language, elder })
      const width = Number(await page.evaluate(widthOf))
      if (width > narrow.viewport.width) wide.push(`${view} (${name}): ${width}`)
      torn.push(...((await page.evaluate(tornOff)) as unknown[]))
    }
    expect(wide).toEqual([])
    expect(torn).toEqual([])
    await context.close()
  },
)

test.each([
  ['light', { colorScheme: 'light' }, false],
  ['dark', { colorScheme: 'dark' }, false],
  ['elder', { colorScheme: 'light' }, true],
  ['elder and dark', { colorScheme: 'dark' }, true],
] as const)('the components are accessible: %s', async (_, options, elder) => {
  const { context, complaints } = await openContext(browser(), { ...narrow, ...options })
  const page = await context.newPage()
  for (const language of languages) {
    await look(page, { ...components, language, elder })
    await expectAccessible(page, [320, 1280])
  }
  expect(complaints).toEqual([])
  await context.close()
})

test.each([
  ['reduce', 0],
  ['no-preference', 0.15],
] as const)('with reduced motion %s the longest movement takes %s s', async (reducedMotion, longest) => {
  const { context } = await openContext(browser(), { ...narrow, reducedMotion })
  const page = await context.newPage()
  await look(page, components)
  const durations = (await page.evaluate(
    '[...document.querySelectorAll("*")].map((one) => parseFloat(getComputedStyle(one).transitionDuration))',
  )) as number[]
  expect(Math.max(...durations)).toBe(longest)
  await context.close()
})

test('a mark beside the name of a portal leaves the name its width', async () => {
  const { context } = await openContext(browser(), narrow)
  const page = await context.newPage()
  const data = samples.find(({ view, name }) => view === 'logout/confirm' && name === 'portal')?.data ?? {}
  for (const elder of [false, true]) {
    await look(page, { view: 'logout/confirm', data, elder })
    const shares = (await page.evaluate(
      `[...document.querySelectorAll('.entered')].map((row) => {
        const name = row.querySelector('span:not([class])')
        return Math.round(100 * name.getBoundingClientRect().width / row.getBoundingClientRect().width)
      })`,
    )) as number[]
    expect(shares).toHaveLength(2)
    expect(Math.min(...shares), `elder ${elder}: % of the row`).toBeGreaterThan(55)
  }
  await context.close()
})

test('the digits of a QR code have a primary button where the code is alone', async () => {
  const { context } = await openContext(browser(), narrow)
  const page = await context.newPage()
  const primaries = async (view: string, name: string) => {
    const data = samples.find((one) => one.view === view && one.name === name)?.data ?? {}
    await look(page, { view, data })
    return page.locator('[data-code] .button').count()
  }
  expect([await primaries('login/one-way', 'qr'), await primaries('login/sign-in', 'computer')]).toEqual([1, 0])
  await context.close()
})

test('a person sees a password, and it is sent as one', async () => {
  const { context } = await openContext(browser(), narrow)
  const page = await context.newPage()
  await look(page, components)
  const field = page.locator('#password')
  const button = page.locator('[data-show]')
  expect(await field.getAttribute('type')).toBe('password')
  await button.click()
  expect([await field.getAttribute('type'), await button.getAttribute('aria-pressed')]).toEqual(['text', 'true'])
  await button.click()
  expect([await field.getAttribute('type'), await button.getAttribute('aria-pressed')]).toEqual(['password', 'false'])
  await context.close()
})

test('the seconds count down, and then the words of the end appear', async () => {
  const { context } = await openContext(browser(), narrow)
  const page = await context.newPage()
  await page.clock.install()
  await look(page, components)
  const clock = page.locator('[data-countdown]')
  const said = page.locator('[data-moments]')
  await page.clock.runFor(8000)
  expect(await clock.locator('b').innerText()).toBe('40')
  // each second would drown the page in a screen reader
  expect(await said.innerText()).toBe('')
  await page.clock.runFor(12_000)
  expect(await said.innerText()).toBe('还有 30 秒')
  expect(await clock.locator('[data-over]').isVisible()).toBe(false)
  await page.clock.runFor(29_000)
  expect(await clock.locator('[data-over]').isVisible()).toBe(true)
  expect(await clock.locator('[data-counting]').isVisible()).toBe(false)
  await context.close()
})

test('a toast stays ten seconds, and longer while a person is on it', async () => {
  const { context } = await openContext(browser(), narrow)
  const page = await context.newPage()
  await page.clock.install()
  await look(page, components)
  const toast = page.locator('[data-toast]')
  await page.clock.runFor(9000)
  expect(await toast.isVisible()).toBe(true)
  await toast.locator('button').focus()
  await page.clock.runFor(20_000)
  expect(await toast.isVisible()).toBe(true)
  await toast.locator('button').blur()
  await page.clock.runFor(11_000)
  expect(await toast.isVisible()).toBe(false)
  await context.close()
})

test('without script a toast is a note in its place', async () => {
  const { context } = await openContext(browser(), { ...narrow, javaScriptEnabled: false })
  const page = await context.newPage()
  await look(page, components)
  expect(await page.locator('.toast-over').count()).toBe(0)
  expect(await page.locator('[data-toast] button').isVisible()).toBe(true)
  expect(await page.locator('[data-show]').isVisible()).toBe(false)
  await context.close()
})
