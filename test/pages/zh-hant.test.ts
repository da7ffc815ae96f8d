import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { loadAssets } from '../../src/pages/assets.ts'
import { createPages } from '../../src/pages/render.ts'
import { readWords } from '../../src/pages/words.ts'
import { samples, wordKeys } from './samples.ts'
import { simplifiedIn, simplifiedOnly, withoutSwitch } from './simplified-only.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

/** Names that a law or register gives: they are written in other characters, never in other words. */
const official = /《[^》]*》|事业单位|事業單位/g

/** Rows `zh-CN | zh-Hant | not | why` of the glossary's table of terms. */
const section = read('docs/GLOSSARY.md')
  .split(/^## /m)
  .find((part) => part.startsWith('Traditional Chinese'))
const terms = (section ?? '')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, , use = '', not = '']) => ({ use, not: not.split('、').filter(Boolean) }))
const wrongTerms = (text: string) => terms.flatMap(({ not }) => not).filter((term) => text.includes(term))

/** Every zh-Hant name in a file of data, at any depth. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'zh-Hant' && typeof inner === 'string' ? [inner] : namesIn(inner),
  )
}

const words = [...readWords('zh-Hant')]
const files = globSync(['config/*.json', 'examples/*/*.json'], { cwd: root })
const names = files.flatMap((file) => namesIn(JSON.parse(read(file))).map((text) => [file, text] as const))
const texts = [...words, ...names]

describe('Traditional Chinese', () => {
  test('has no simplified character', () => {
    expect(names.length).toBeGreaterThan(200)
    expect(simplifiedOnly.size).toBeGreaterThan(2000)
    expect(texts.map(([key, text]) => [key, simplifiedIn(text)]).filter(([, found]) => found !== '')).toEqual([])
  })

  test('would be caught with simplified characters, as every Chinese page shows', () => {
    const seen = [...readWords('zh-CN')].filter(([, text]) => simplifiedIn(text) !== '')
    // the others are short, such as 姓名
    expect(seen.length / words.length).toBeGreaterThan(0.9)
  })

  test('has the terms of the glossary, not those of the mainland', () => {
    expect(terms.length).toBeGreaterThan(30)
    const own = texts.map(([key, text]) => [key, wrongTerms(text.replaceAll(official, ''))] as const)
    expect(own.filter(([, found]) => found.length > 0)).toEqual([])
  })

  test.each(terms)('says $use, and not what the glossary excludes', ({ use, not }) => {
    expect(use).not.toBe('')
    expect(not.length).toBeGreaterThan(0)
    for (const term of not) expect(use.includes(term), term).toBe(false)
  })

  test('has 「」 for quotations, and no western sign behind a Chinese character', () => {
    expect(words.filter(([, text]) => /[“”‘’]|\p{Script=Han}[,;:!?]/u.test(text))).toEqual([])
    const quoted = (text: string | undefined) => text?.match(/[“「]/g)?.length ?? 0
    const simplified = readWords('zh-CN')
    expect(words.some(([, text]) => quoted(text) > 0)).toBe(true)
    for (const [key, text] of words) expect([key, quoted(text)]).toEqual([key, quoted(simplified.get(key))])
  })

  test('says 12345 and every other figure as Chinese does', () => {
    const figures = (text: string | undefined) => (text?.match(/\d+/g) ?? []).toSorted()
    const simplified = readWords('zh-CN')
    for (const [key, text] of words) expect([key, figures(text)]).toEqual([key, figures(simplified.get(key))])
  })
})

/** The data with 字 in place of every character of a name; the keys of words stay. */
function unnamed(value: unknown, path = ''): unknown {
  if (typeof value === 'string') return wordKeys.test(path) ? value : value.replaceAll(/\p{Script=Han}/gu, '字')
  if (Array.isArray(value)) return value.map((item, index) => unnamed(item, `${path}.${index}`))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unnamed(item, path ? `${path}.${key}` : key)]),
  )
}

const pages = createPages({ assets: loadAssets(), operator: readSettings({}).operator })
const frame = { nonce: 'n0nce', path: '/', elder: false }

describe('a page in Traditional Chinese has no simplified character of its own', () => {
  test.each(samples)('$view ($name)', ({ view, data }) => {
    const own = Object(unnamed(data)) as object
    expect(simplifiedIn(withoutSwitch(pages.render(view, 'zh-Hant', own, frame)))).toBe('')
    expect(simplifiedIn(withoutSwitch(pages.render(view, 'zh-CN', own, frame)))).not.toBe('')
  })
})
