import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loginMethods } from '../../src/login-methods.ts'
import { languages } from '../../src/pages/languages.ts'
import { viewFiles } from '../../src/pages/view-files.ts'
import { loadWords, readWords } from '../../src/pages/words.ts'
import { refusals } from '../../src/refusal/refusal.ts'

/** The files of code whose words are no page of the server: texts to telephones, and a page that a command prints. */
const ofCode = ['guards/phone-codes/code-text.ts', 'admin/clients/legacy-picture.ts']
const sources = [
  ...[...viewFiles()].map(([file, path]) => ({ file, source: readFileSync(path, 'utf8') })),
  ...ofCode.map((file) => ({ file, source: readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8') })),
]

/** The methods that a sign-in page shows: a second factor has pages of its own. */
const onSignInPages = loginMethods.filter(({ signIn: { phone, computer, kiosk } }) =>
  [phone, computer, kiosk].some((shown: string) => shown !== 'none'),
)

/** A key of each of them, where the page names none. */
const ofEachMethod = (key: string) =>
  key.startsWith('${') ? onSignInPages.map(({ name }) => key.replace(/^[^}]*\}/, name)) : [key]

/** Every quoted string of the form `area.key`; `${…}` matches any part of a key. */
const keyPatterns = sources.flatMap(({ file, source }) =>
  [...source.matchAll(/(['`])((?:[a-z]+|\$\{(?:way|row)\.name\})\.(?:[\w.]|\$\{[^}]*\})+)\1/g)].flatMap(
    ([, , key = '']) => ofEachMethod(key).map((one) => ({ file, key: one })),
  ),
)
const asPattern = (key: string) => new RegExp(`^${key.replaceAll('.', '\\.').replaceAll(/\$\{[^}]*\}/g, '[\\w.-]+')}$`)
const isKey = (key: string, areas: Set<string>) => areas.has(key.split('.')[0] ?? '') && !/^it\.|\.(css|js)$/.test(key)

const byCodeUnit = (one: string, other: string) => (one < other ? -1 : Number(one > other))
const placeholders = (text: string | undefined) =>
  [...(text ?? '').matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort(byCodeUnit)
const inChinese = readWords('zh-CN')
const areas = new Set([...inChinese.keys()].map((key) => key.split('.')[0] ?? ''))
const used = keyPatterns.filter(({ key }) => isKey(key, areas))

describe.each(languages)('words in %s', (language) => {
  const words = readWords(language)

  test('has the same keys as Chinese', () => {
    expect([...words.keys()].sort(byCodeUnit)).toEqual([...inChinese.keys()].sort(byCodeUnit))
  })

  test('has the same placeholders as Chinese', () => {
    for (const [key, text] of inChinese)
      expect({ key, names: placeholders(words.get(key)) }).toEqual({ key, names: placeholders(text) })
  })

  test('names no helpline of its own: the operator’s may be another', () => {
    const fixed = [...words].filter(([, text]) => /(?<!\d)12345(?!\d)/.test(text)).map(([key]) => key)
    expect(fixed).toEqual([])
  })

  test('has no empty words', () => {
    expect([...words].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  test.each(used)('has $key of $file', ({ key }) => {
    expect([...words.keys()].filter((known) => asPattern(key).test(known))).not.toEqual([])
  })

  test.each(Object.keys(refusals))('has words for the refusal %s', (code) => {
    const page = words.has(`errors.${code}.title`) && words.has(`errors.${code}.text`)
    expect(page || words.has(`refusals.${code}`)).toBe(true)
  })
})

test('every word is used by a view', () => {
  const patterns = used.map(({ key }) => asPattern(key))
  expect([...inChinese.keys()].filter((key) => !patterns.some((pattern) => pattern.test(key)))).toEqual([])
})

test('raw output is for parts of the page only, never for data', () => {
  const raw = sources.flatMap(({ file, source }) =>
    [...source.matchAll(/<%[-_]?\s*~\s*([^%]*)/g)].map(([, code = '']) => ({ file, code })),
  )
  expect(raw.length).toBeGreaterThan(0)
  expect(
    raw.filter(
      ({ code }) =>
        !/^(include\('\/parts\/|include\(`\/\$\{(way\.name\}\/sign-in|purpose\.kind\}\/first|note\.name\}\/note)`|it\.icon\(|it\.body\s*$)/.test(
          code,
        ),
    ),
  ).toEqual([])
})

test('translates with parameters and names a missing word', () => {
  const t = loadWords()('en')
  expect(t('refusals.too_many_tries', { minutes: 15 })).toContain('15 minutes')
  expect(() => t('refusals.too_many_tries')).toThrow('refusals.too_many_tries in en need a value for {minutes}')
  expect(() => t('refusals.nonsense')).toThrow('refusals.nonsense in en')
})
