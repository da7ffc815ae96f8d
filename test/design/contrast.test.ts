import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { colourOf } from '../../src/pages/drawings.ts'

const folder = new URL('../../browser/css/', import.meta.url)
const css = readdirSync(folder)
  .toSorted()
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n')

/** The tokens of the first `:root` of a text, by name; a colour only. */
function tokensOf(text: string): Map<string, string> {
  const block = /:root \{([\s\S]*?)\n\s*\}/.exec(text)?.[1] ?? ''
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [name, colour]),
  )
}
const light = tokensOf(css)
const dark = new Map([...light, ...tokensOf(css.slice(css.indexOf('prefers-color-scheme: dark')))])

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
function contrast(one: string, other: string): number {
  const [bright = 0, dim = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (bright + 0.05) / (dim + 0.05)
}

const grounds = ['paper', 'sheet', 'field']
const washes = ['brand-wash', 'good-wash', 'info-wash', 'care-wash', 'wrong-wash']

/** Text whose ground is inherited: text and ground. */
const inherited: [string, string][] = [
  ...[...grounds, ...washes].flatMap((ground): [string, string][] => [
    ['ink', ground],
    ['soft', ground],
  ]),
  ...grounds.flatMap((ground): [string, string][] =>
    ['brand', 'brand-deep', 'good', 'info', 'care', 'wrong'].map((text) => [text, ground]),
  ),
  ['brand', 'info-wash'],
  ['brand', 'care-wash'],
  ['brand', 'good-wash'],
]

/** Text and ground that one rule of the style sheets sets together. */
const declared = [...css.matchAll(/\{([^{}]*)\}/g)].flatMap(([, body = '']): [string, string][] => {
  const text = /(?:^|\s)color: var\(--([\w-]+)\)/.exec(body)?.[1]
  const ground = /background: var\(--([\w-]+)\)/.exec(body)?.[1]
  return text && ground ? [[text, ground]] : []
})

const pairs = [...new Map([...inherited, ...declared].map((pair) => [pair.join(' on '), pair])).values()]
const edges: [string, string][] = grounds.flatMap((ground): [string, string][] =>
  ['edge', 'brand', 'wrong', 'focus'].map((line) => [line, ground]),
)

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('in %s', (mode, tokens) => {
  const of = (name: string) => tokens.get(name) ?? `no token ${name}`

  test.each(pairs)('%s is read on %s', (text, ground) => {
    expect(of(text)).toMatch(/^#/)
    expect(contrast(of(text), of(ground)), `${mode}: ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })

  test.each(edges)('%s is seen on %s', (line, ground) => {
    expect(contrast(of(line), of(ground))).toBeGreaterThanOrEqual(3)
  })
})

test('dark has its own value for every colour, and both have all that the rules use', () => {
  const own = tokensOf(css.slice(css.indexOf('prefers-color-scheme: dark')))
  expect([...own.keys()].toSorted()).toEqual([...light.keys()].toSorted())
  const known = new Set([...css.matchAll(/(?:^|[\s{;])--([\w-]+):/g)].map(([, name]) => name))
  const used = [...css.matchAll(/var\(--([\w-]+)/g)].map(([, name]) => name)
  expect([...new Set(used)].filter((name) => !known.has(name))).toEqual([])
})

const chipColours = [...new Set(Array.from({ length: 300 }, (_, number) => colourOf(`门户 ${number}`)))]

test.each(chipColours)('white characters are read on the chip %s', (colour) => {
  expect(contrast('#ffffff', colour)).toBeGreaterThanOrEqual(4.5)
})

test('the pairs are many: the rules are found', () => {
  expect(declared.length).toBeGreaterThan(20)
  expect(chipColours).toHaveLength(8)
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
})
