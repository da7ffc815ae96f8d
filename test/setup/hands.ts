import { expect } from 'vitest'
import type { Locator, Page } from 'playwright-core'

/** How a person acts on a page. */
export interface Hands {
  /** Checks a new page before anything is done on it. */
  lookOver(page: Page): Promise<void>
  /** Presses a link, button or box. */
  press(target: Locator): Promise<void>
  type(target: Locator, text: string): Promise<void>
}

const mostStops = 150

/** The element with the focus; undefined where the page itself has it. */
interface Stop {
  name: string
  /** Position in the document among all that can have the focus. */
  place: number
  /** The outline that :focus-visible draws, in pixels. */
  outline: number
  /** Whether the middle of it is in the window and under nothing else. */
  uncovered: boolean
}

/** Fields of file, and radio buttons beside the chosen one, are no stops of their own. */
const inOrder = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
  .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }))`

const focused = `(() => {
  const here = document.activeElement
  if (!here || here === document.body || here === document.documentElement) return undefined
  const all = ${inOrder}
  const box = here.getClientRects()[0] ?? here.getBoundingClientRect()
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
  const top = document.elementFromPoint(x, y)
  const style = getComputedStyle(here)
  // a box that is drawn by its label has its outline there
  const drawn = [here, here.closest('label'), here.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one))
  const outline = Math.max(...drawn.map(({ outlineStyle, outlineWidth }) => outlineStyle === 'none' ? 0 : parseFloat(outlineWidth)))
  return {
    name: here.outerHTML.slice(0, 120),
    place: all.indexOf(here),
    outline,
    uncovered: Boolean(top && (here.contains(top) || top.contains(here) || top.closest('label')?.contains(here))),
  }
})()`

const stopOf = async (page: Page) => (await page.evaluate(focused)) as Stop | undefined

async function expectWayOn(page: Page): Promise<void> {
  const ways = await page.locator('main :is(a[href], button, input[type=submit]):visible').count()
  expect(ways, `no way on at ${page.url()}`).toBeGreaterThan(0)
}

/** Goes once through the page by Tab: each stop is visible, and in the order of the document. */
async function walk(page: Page): Promise<void> {
  const where = page.url()
  const stops: Stop[] = []
  const first = await stopOf(page)
  if (first && first.place >= 0) stops.push(first)
  for (let tries = 0; tries < mostStops; tries += 1) {
    await page.keyboard.press('Tab')
    const stop = await stopOf(page)
    if (!stop || stop.place <= (stops.at(-1)?.place ?? -1)) break
    stops.push(stop)
  }
  // a page that puts the focus somewhere at its start is walked from there
  const all = (await page.evaluate(`${inOrder}.length`)) as number
  const radios = (await page.evaluate(
    `${inOrder}.filter((one) => one.type === 'radio' && !one.checked).length`,
  )) as number
  const from = stops[0]?.place ?? 0
  expect(stops.length, `Tab does not reach all of ${where}`).toBeGreaterThanOrEqual(all - radios - from)
  for (const { name, outline, uncovered } of stops) {
    expect(outline, `focus is not visible at ${where}: ${name}`).toBeGreaterThanOrEqual(2)
    expect(uncovered, `focus is under something at ${where}: ${name}`).toBe(true)
  }
}

/** Tab, Shift+Tab, Enter, space bar and letters, nothing else. */
export const keyboard: Hands = {
  async lookOver(page) {
    await expectWayOn(page)
    await walk(page)
  },
  async press(target) {
    await reach(target)
    const box = await target.evaluate((one) => one.matches('[type=checkbox], [type=radio]'))
    await target.page().keyboard.press(box ? 'Space' : 'Enter')
  },
  async type(target, text) {
    await reach(target)
    await target.page().keyboard.press('ControlOrMeta+a')
    await target.page().keyboard.type(text)
  },
}

async function reach(target: Locator): Promise<void> {
  for (let tries = 0; tries < mostStops; tries += 1) {
    if (await target.evaluate((one) => one.matches(':focus'))) return
    await target.page().keyboard.press('Tab')
  }
  throw new Error(`Tab never reaches ${String(target)}`)
}

/** A pointer in a browser without scripts: no visible button needs a script. */
export const withoutScripts: Hands = {
  async lookOver(page) {
    await expectWayOn(page)
    const dead = await page.locator('main button[type=button]:visible').allInnerTexts()
    expect(dead, `buttons of scripts at ${page.url()}`).toEqual([])
  },
  press: (target) => target.click(),
  type: (target, text) => target.fill(text),
}
