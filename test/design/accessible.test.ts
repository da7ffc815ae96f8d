import { expect, test } from 'vitest'
import { languages } from '../../src/pages/languages.ts'
import { samples } from '../pages/samples.ts'
import { openContext, phone, useBrowser, violationsInBothLights } from '../setup/browser.ts'
import { inLongRun } from '../setup/long-run.ts'
import { look } from './site.ts'

const browser = useBrowser()

/** Every view once; its other states have the same parts, and a long run takes them all. */
const views = [...new Map(samples.toReversed().map((sample) => [sample.view, sample])).values()]

test.each(languages.flatMap((language) => [false, true].map((elder) => ({ language, elder }))))(
  'no page violates WCAG 2.2 AA by axe, light and dark, in $language with elder $elder',
  { timeout: 1_200_000 },
  async ({ language, elder }) => {
    const { context, complaints } = await openContext(browser(), { ...phone, reducedMotion: 'reduce' })
    const page = await context.newPage()
    const found: string[] = []
    const all = inLongRun(views, samples)
    for (const { view, name, data } of all) {
      await look(page, { view, data, language, elder })
      for (const line of await violationsInBothLights(page)) found.push(`${view} (${name}): ${line}`)
    }
    expect(found).toEqual([])
    expect(all.length).toBeGreaterThan(60)
    expect(complaints).toEqual([])
    await context.close()
  },
)
