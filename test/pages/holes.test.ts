import { expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { loadAssets } from '../../src/pages/assets.ts'
import { createPages } from '../../src/pages/render.ts'
import { samples } from './samples.ts'

const pages = createPages({ assets: loadAssets(), operator: readSettings({}).operator })

/** Full-width punctuation has its own white: a space beside it, in one line, makes a hole. */
const hole = /[。，、：；？！）」”] +(?:<(?:a|b|span|strong|time)>)?[^\s<]|\S +（/gu

const holesOf = (view: string, language: 'zh-CN' | 'zh-Hant', data: object) =>
  (/<main[\s\S]*<\/main>/.exec(pages.render(view, language, data, { nonce: 'n', path: '/', elder: false }))?.[0] ?? '')
    .replaceAll(/<(\w+)[^>]*>/g, '<$1>')
    .match(hole) ?? []

it.each(samples)('$view ($name) has no space beside full-width punctuation', ({ view, data }) => {
  for (const language of ['zh-CN', 'zh-Hant'] as const) expect(holesOf(view, language, data)).toEqual([])
})
