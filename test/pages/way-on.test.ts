import { expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { loadAssets } from '../../src/pages/assets.ts'
import { createPages } from '../../src/pages/render.ts'
import { samples } from './samples.ts'

const pages = createPages({ assets: loadAssets(), operator: readSettings({}).operator })

const mainOf = (view: string, data: object, elder: boolean) =>
  /<main[\s\S]*<\/main>/.exec(pages.render(view, 'zh-CN', data, { nonce: 'n', path: '/', elder }))?.[0] ?? ''

/** What a finger can use without script. */
const ways = /<a\b[^>]*\bhref="(?!tel:)|<button\b[^>]*type="submit"|<summary/

it.each(samples)('$view ($name) has a way on in the page itself: a web view has no address bar', ({ view, data }) => {
  for (const elder of [false, true]) expect(mainOf(view, data, elder)).toMatch(ways)
})

it('the measure sees a page without a way', () => {
  const [, text = ''] = /<main[^>]*>([\s\S]*)<\/main>/.exec(mainOf('login/went-on', { signedIn: false }, false)) ?? []
  expect(text.replaceAll(/<a\b[\s\S]*?<\/a>/g, '')).not.toMatch(ways)
})
