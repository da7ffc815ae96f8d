import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { consoleWords, inChinese, translator, wordGroups, wordsOf } from '../../src/text/console-words.ts'
import { textsOfSource } from './texts-of-sources.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))

/** What the command line and a start of the server say is written in these files. */
const spoken = [
  ...['src/admin', 'src/cli', 'src/config', 'src/clients'].flatMap(filesIn),
  ...['verify', 'chain', 'archives', 'receipts'].map((name) => `src/audit/${name}.ts`),
  ...['unavailable', 'copy', 'need-store'].map((name) => `src/storage/${name}.ts`),
  ...['key-file', 'data-keys-of-store', 'lookup-index', 'data-key-changes'].map((name) => `src/keys/${name}.ts`),
  'src/accounts/passwords/breached.ts',
  'src/channels/channels.ts',
  ...['batches', 'undo-import'].map((name) => `src/accounts/imports/${name}.ts`),
  'src/assurance/levels.ts',
  'src/guards/outbound.ts',
  'src/http/start.ts',
  'src/oidc/resources.ts',
  'src/text/shown-names.ts',
]

/** Files whose texts are never on a terminal of Yideng. */
const silent = [
  // programs in other languages, for portals
  /^src\/admin\/clients\/libraries\//,
  /^src\/admin\/completion\/shell-scripts\.ts$/,
  // a page for browsers: its words are in views/words
  /^src\/admin\/clients\/legacy-picture\.ts$/,
  // a page for browsers: its words are in report-words.ts
  /^src\/admin\/mipin\/report-(?:page|style)\.ts$/,
  // docs/limits.md
  /^src\/config\/budgets\.ts$/,
]

/** Words of programs and protocols. */
const technical = new Set([
  'npx yideng',
  'npx yideng {1}',
  'person find',
  'npx yideng <noun> <verb> [ID] [--flags]',
  'yideng-cli ({1}; {2}@{3})',
  "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> ? ORDER BY name",
  'yideng qr approval 1',
  'DPoP error="{1}", scope="{2}", algs="ES256 Ed25519 EdDSA"',
  'Mozilla/5.0 (yideng client check)',
  'discovery       {1}/.well-known/openid-configuration',
  'protocol        {1}, until {2}',
  'sign-in         {1}{2}',
  'account         {1}/tokeninfo',
  'sign-out        {1}/logout',
  'gateway token',
  'repeatable read',
  'read only',
  'not in',
  // in the log, or a fault of the program
  'ended by an error that nobody caught',
  'of no secret',
  '{1} is not in the list of commands',
  'the guide asks for {1}, which is no field',
  'the counter asks for {1}, which is no field',
  // comments of a file, which is the same in all languages
  '# Portals, as: npx yideng client export > portals.yaml\n# Apply it with: npx yideng client import portals.yaml (with --plan it only prints the changes).\n# A portal without client_id is found by its name. Portals that are not in this file stay unchanged.',
])

/** A word between two values, as in `d1 since 2026-11-30`. */
const joinsValues = /\{\d\} [a-z]{4,} \{\d\}/

/** A text with two English words, beside flags, settings and commands, or with one that joins values. */
function isProse(text: string): boolean {
  if (joinsValues.test(text)) return true
  const words = text.replaceAll(/\{\d\}|--[\w-]+|[A-Z_]{4,}|npx yideng [\w -]+/g, ' ').match(/\b[a-z]{2,}\b/g) ?? []
  return /\s/.test(text) && words.length >= 2
}

const isCommandName = (text: string, file: string) =>
  file.endsWith('admin/command-list.ts') && /^\w+ [\w-]+$/.test(text)

const entries = Object.assign({}, ...wordGroups.map(wordsOf)) as Record<string, string>
const placeholders = (text: string) => new Set(text.match(/\{\d\}/g))

describe('the Chinese of the terminal', () => {
  it('has every text that the sources say', () => {
    const missing = spoken
      .filter((file) => !silent.some((one) => one.test(file)))
      .flatMap((file) =>
        textsOfSource(join(root, file))
          .filter((text) => isProse(text) && !isCommandName(text, file))
          .filter((text) => !(text in entries) && !technical.has(text))
          .map((text) => `${file}: ${text}`),
      )
    expect(missing).toEqual([])
  })

  it('has no text that no source says, and none twice', () => {
    const said = new Set(filesIn('src').flatMap((file) => textsOfSource(join(root, file))))
    expect(Object.keys(entries).filter((text) => !said.has(text))).toEqual([])
    const all = wordGroups.flatMap((group) => Object.keys(wordsOf(group)))
    expect(all.filter((text, index) => all.indexOf(text) !== index)).toEqual([])
  })

  it('puts the values of each text into its translation, and leaves no prose in English', () => {
    for (const [text, translation] of Object.entries(entries)) {
      expect(placeholders(text).isSupersetOf(placeholders(translation)), text).toBe(true)
      expect(translation, text).toMatch(/\p{Script=Han}|^[\p{P}\s]*\{1\}/u)
    }
  })
})

it.each([
  ['d1 since 2026-11-30', 'd1，始于 2026-11-30'],
  ['d1 since 2026-11-30 or before', 'd1，始于 2026-11-30 或更早'],
  ['d1 since 2026-11-30: more than a year', 'd1，始于 2026-11-30：超过一年'],
  ['i2 since 2026-11-30; i1 no longer needed', 'i2，始于 2026-11-30；i1 已不需要'],
])('says the age of a key in Chinese: %s', (text, translation) => {
  expect(inChinese().say(text)).toBe(translation)
})

describe('a translator', () => {
  const say = translator({
    'There is no {1} with the id {2}.': '没有编号为 {2} 的{1}。',
    portal: '门户',
    'is missing': '缺少',
    'is not JSON: {1}': '不是 JSON：{1}',
    'it is empty': '它是空的',
    'Nothing was done.': '什么也没有做。',
    'at least {1} of {2} are needed': '{2} 个中至少要 {1} 个',
  })
  it.each([
    ['an exact text', 'Nothing was done.', '什么也没有做。'],
    ['a text with values, in another order', 'at least 2 of 7 are needed', '7 个中至少要 2 个'],
    ['a value that is a text itself', 'There is no portal with the id "a".', '没有编号为 "a" 的门户。'],
    ['a text within a text', '/a/b.json is not JSON: it is empty.', '/a/b.json 不是 JSON：它是空的。'],
    ['a text about a field', '--name is missing', '--name 缺少'],
    ['sentences one after the other', 'Nothing was done. is missing', '什么也没有做。缺少'],
    ['its indentation', '  is missing\n', '  缺少\n'],
    ['a text that it does not know', 'Gesperrt.', 'Gesperrt.'],
    ['values with the signs of patterns', 'There is no portal with the id "$&{1}".', '没有编号为 "$&{1}" 的门户。'],
    ['nothing', '', ''],
  ])('says %s', (_what, text, translation) => expect(say(text)).toBe(translation))

  it('ends soon for a long text with many parts', () => {
    const began = performance.now()
    const text = 'a: b, c; d. '.repeat(300)
    expect(inChinese().say(text)).toBe(text)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

it.each([
  [{ LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
  [{ LANG: 'zh_TW.UTF-8' }, 'zh-CN'],
  [{ LC_MESSAGES: 'zh_HK', LANG: 'en_US.UTF-8' }, 'zh-CN'],
  [{ LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'en'],
  [{ LC_ALL: '', LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
  [{ LC_MESSAGES: 'POSIX', LANG: 'zh_CN.UTF-8' }, 'en'],
  [{ LANG: 'en_US.UTF-8' }, 'en'],
  [{ LANG: 'de_DE' }, 'en'],
  [{}, 'en'],
])('a terminal with %j speaks %s', (environment, language) => {
  expect(consoleWords(environment).language).toBe(language)
})
