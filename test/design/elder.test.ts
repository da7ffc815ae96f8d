import { expect, test } from 'vitest'
import { samples } from '../pages/samples.ts'
import { openContext, useBrowser } from '../setup/browser.ts'
import { look } from './site.ts'

const browser = useBrowser()

/** 《移动终端适老化技术要求》: text of at least 18 px, targets of at least 60 px (docs/elder.md). A link in a sentence is text. */
const measure = `(() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.unseen, .skip')
  const shown = [...document.querySelectorAll('body *')].filter(seen)
  const withText = shown.filter((element) =>
    !element.closest('svg') && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  const small = withText.filter((element) => parseFloat(getComputedStyle(element).fontSize) < 18)
  const targets = shown.filter((element) => element.matches('main :is(button, .button, .button-second, .tile, .way-big, .row-link, .tap), main input:not([type=hidden], [type=checkbox], [type=radio]), main select'))
  const low = targets.filter((element) => element.getBoundingClientRect().height < 59.5)
  const name = (element) => element.tagName + '.' + element.className + ' ' + element.textContent.trim().slice(0, 20)
  return { small: small.map(name), low: low.map(name), texts: withText.length, targets: targets.length,
    call: document.querySelectorAll('main a.call[href^="tel:"]').length, green: document.querySelectorAll('main :is(.button, .way-first)').length }
})()`

interface Measured {
  small: string[]
  low: string[]
  texts: number
  targets: number
  call: number
  green: number
}

test(
  'in 关怀版 every page has text of 18 px, targets of 60 px and a telephone button',
  { timeout: 120_000 },
  async () => {
    const { context } = await openContext(browser(), { viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    const faults: string[] = []
    const all = { texts: 0, targets: 0 }
    for (const { view, name, data } of samples) {
      await look(page, { view, data, elder: true })
      const found = (await page.evaluate(measure)) as Measured
      all.texts += found.texts
      all.targets += found.targets
      for (const one of found.small) faults.push(`${view} (${name}): small text: ${one}`)
      for (const one of found.low) faults.push(`${view} (${name}): low target: ${one}`)
      if (found.call !== 1) faults.push(`${view} (${name}): ${found.call} telephone buttons`)
      if (view.startsWith('login/') && found.green > 1 && !/consent|level/.test(view))
        faults.push(`${view} (${name}): ${found.green} green`)
    }
    expect([...new Set(faults)]).toEqual([])
    expect(all.texts).toBeGreaterThan(2000)
    expect(all.targets).toBeGreaterThan(150)
    await context.close()
  },
)
