import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generatedDocs, partlyGenerated } from '../../docs/generate.ts'

const root = new URL('../../', import.meta.url)
const read = (document: string) => readFileSync(new URL(document, root), 'utf8')
const generated = new Set(Object.keys(generatedDocs()).filter((path) => !partlyGenerated.includes(path)))

/** Each document in Chinese, the original, with its English text beside. */
const pairs = [
  ['README.md', 'README.en.md'],
  ...globSync('docs/en/*.md', { cwd: root }).map((english) => [english.replace('/en/', '/'), english]),
].filter(([chinese = '']) => !generated.has(chinese)) as [string, string][]

/** A comment of any language in the code blocks; an address has no space before its slashes. */
const withoutComments = (code: string) => code.replace(/(^|[ \t]+)(#|\/\/)(?= ).*$/gm, '')
/** The people and arrows of a diagram, without their labels. */
const withoutLabels = (code: string) => code.replace(/( as|:) .*$/gm, '')

const codeBlocks = (text: string) =>
  [...text.matchAll(/^```(\w*)\n([^]*?)^```/gm)].map(([, kind = '', code = '']) => ({
    kind,
    code: kind === 'mermaid' ? withoutLabels(code) : withoutComments(code),
  }))

/** One part of a document: a heading and all text up to the next one. */
interface Part {
  heading: string
  text: string
}

function partsOf(document: string): Part[] {
  const prose = read(document).replace(/^```[^]*?^```/gm, '')
  return prose
    .split(/^(?=#+ )/m)
    .slice(1)
    .map((text) => ({ heading: text.split('\n')[0] ?? '', text }))
}

const levelOf = ({ heading }: Part) => /^#+/.exec(heading)?.[0].length
const linesThat = (pattern: RegExp) => (part: Part) => part.text.match(pattern)?.length ?? 0
const byText = (one: string, other: string) => (one < other ? -1 : Number(one > other))
const codeWords = ({ text }: Part) =>
  [...new Set([...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word))].toSorted(byText)

/** The address of a heading, as GitHub makes it. */
const slugOf = ({ heading }: Part) =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
const anchorsOf = (document: string) =>
  new Set([...partsOf(document).map(slugOf), ...[...read(document).matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id)])

const linksOf = (document: string) =>
  [...read(document).matchAll(/\]\(([^)#\s:]*)(?:#([^)\s]*))?\)/g)].map(([, path = '', anchor]) => ({
    target: path ? new URL(path, new URL(document, root)).pathname.slice(root.pathname.length) : document,
    anchor,
  }))

it('sees the pairs', () => expect(pairs.length).toBeGreaterThanOrEqual(6))

describe.each(pairs)('%s and %s', (chinese, english) => {
  it('name each other in their first line', () => {
    for (const [one, other] of [
      [chinese, english],
      [english, chinese],
    ] as const) {
      expect(read(one).split('\n')[0], one).toMatch(/^\[.+\]\(.+\)$/)
      expect(linksOf(one)[0]?.target).toBe(other)
    }
  })

  it('have the same headings in the same order', () =>
    expect(partsOf(chinese).map(levelOf)).toEqual(partsOf(english).map(levelOf)))

  it('have the same code, but for comments', () => expect(codeBlocks(read(chinese))).toEqual(codeBlocks(read(english))))

  const parts = partsOf(chinese).map((part, index) => [part.heading, part, partsOf(english)[index]] as const)
  it.each(parts)(
    '%s: the same rows, points, pictures and code words',
    (_heading, one, other = { heading: '', text: '' }) => {
      for (const [what, pattern] of [
        ['rows', /^\|/gm],
        ['points', /^(-|\d+\.) /gm],
        ['pictures', /!\[/g],
      ] as const)
        expect(linesThat(pattern)(one), what).toBe(linesThat(pattern)(other))
      expect(codeWords(one)).toEqual(codeWords(other))
    },
  )
})

it.each(pairs.flat())('%s links to parts that exist, in its own language', (document) => {
  const isEnglish = pairs.some(([, english]) => english === document)
  const [switched, ...links] = linksOf(document)
  expect(switched).toBeDefined()
  for (const { target, anchor } of links) {
    expect(existsSync(new URL(target, root)), target).toBe(true)
    const other = pairs.find((pair) => pair[isEnglish ? 0 : 1] === target)
    expect(other, `a link to ${target}, which is in the other language`).toBeUndefined()
    if (anchor !== undefined && target.endsWith('.md') && !generated.has(target))
      expect([...anchorsOf(target)], target).toContain(decodeURIComponent(anchor))
  }
})

/** CommonMark 6.2: beside a letter, `**` next to punctuation neither opens nor closes. Chinese has no space there. */
const brokenEmphasis = (text: string) =>
  [...text.matchAll(/(.?)\*\*([^*\n]+)\*\*(.?)/gu)]
    .filter(
      ([, before = '', inner = '', after = '']) =>
        (/[\p{L}\p{N}]/u.test(before) && /^[\p{P}\p{S}]/u.test(inner)) ||
        (/[\p{P}\p{S}]$/u.test(inner) && /[\p{L}\p{N}]/u.test(after)),
    )
    .map(([all]) => all)

it.each(pairs.map(([chinese]) => chinese))('%s is typeset as Chinese', (document) => {
  const prose = read(document)
    .replace(/^```[^]*?^```/gm, '')
    .replace(/`[^`]*`|\]\([^)]*\)/g, 'x')
  expect(brokenEmphasis(prose)).toEqual([])
  expect(prose.match(/\p{Script=Han}[,;:!?]|\p{Script=Han} \p{Script=Han}/gu) ?? [], 'half-width').toEqual([])
})

it('sees emphasis that a renderer does not', () => {
  expect(brokenEmphasis('**不能防。**攻击者；甲**“乙”**，**对**。')).toEqual(['**不能防。**攻', '甲**“乙”**，'])
})
