import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../../docs/conformance-musts.md', import.meta.url), 'utf8')

/** Specifications that must have a chapter. */
const specifications = [
  'OpenID Connect Core 1.0, section 3.1.2',
  'OpenID Connect Core 1.0, sections 5.3 to 5.6',
  'OpenID Connect Core 1.0, sections 9 to 12',
  'RP-Initiated Logout 1.0',
  'Back-Channel Logout 1.0',
  'RFC 6749',
  'RFC 7009',
  'RFC 7662',
  'RFC 9068',
  'RFC 9126',
  'RFC 9207',
  'RFC 9449',
]

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Section'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, section = '', demand = '', proof = '']) => ({ section, demand, proof }))

/** Titles of tests and of their groups; the first text of a row of `each`; a text under a key `what` or `name`; a key of a table. */
const titles =
  /(?:\b(?:it|test|describe)(?:\.(?!skip|todo)\w+)*\(|\)\(|^\s*\[|^\s*(?:what|name):)\s*(['"`])((?:\\.|(?!\1).)*)\1/gm
const keys = /^\s*(['"])([^'"]+)\1:/gm

const titlesIn = (source: string): string[] =>
  [titles, keys].flatMap((form) =>
    [...source.replaceAll(/^\s*\/\/.*$/gm, '').matchAll(form)].map(([, , title = '']) => title),
  )

/** The file has a test with this title; a title may be a part of the whole one. */
function isTested(proof: string): boolean {
  const [, file, title] = /^(\S+\.ts): (.+)$/.exec(proof) ?? []
  const path = new URL(`../${file}`, import.meta.url)
  if (title === undefined || !existsSync(path)) return false
  return titlesIn(readFileSync(path, 'utf8')).some((one) => one.includes(title))
}

describe('docs/conformance-musts.md', () => {
  it.each(specifications)('has demands of %s', (specification) => {
    const headings = page.split('\n').filter((line) => line.startsWith('## '))
    expect(headings.some((line) => line.includes(specification))).toBe(true)
  })

  it('names a test for each demand', () => {
    expect(rows.length).toBeGreaterThan(70)
    expect(rows.filter(({ proof }) => !isTested(proof))).toEqual([])
  })

  it('a row without a test, or with a test that does not exist, is found', () => {
    for (const proof of ['', '-', 'conformance/none.test.ts: x', 'conformance/basic.test.ts: no such title'])
      expect(isTested(proof), proof).toBe(false)
  })

  it.each([
    ['an expected value', 'application/json'],
    ['a comment', 'one for each module that certification runs'],
    ['an import', 'relying-party'],
    ['a name of code', 'follow'],
  ])('%s of the file is no title', (_what, text) => {
    const file = 'conformance/basic.test.ts'
    expect(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')).toContain(text)
    expect(isTested(`${file}: ${text}`)).toBe(false)
  })
})
