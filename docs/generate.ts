import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { allCommands } from '../src/admin/commands.ts'
import { auditEvents } from '../src/audit/audit-events.ts'
import { sessionCommands } from '../src/cli/remote/session-commands.ts'
import { countedTries } from '../src/guards/counted-tries.ts'
import { documentedSettings } from '../src/config/settings.ts'
import type { Budget } from '../src/config/budget.ts'
import { budgets } from '../src/config/budgets.ts'
import { endpoints } from '../src/http/endpoints.ts'
import { longestParameter, longestRequest } from '../src/guards/request-limits.ts'
import { readWords } from '../src/pages/words.ts'
import { refusals } from '../src/refusal/refusal.ts'
import { cliPage } from './cli-page.ts'
import { unavailableDocument, unavailablePage } from './proxy-page.ts'
import { liveThings, remedies, type LiveThing } from './revocation-matrix.ts'
import { sqlConstructs } from './sql-constructs.ts'
import { code, made, page, table } from './tables.ts'

const home = new URL('../', import.meta.url)
const commands = await allCommands()
const all = [...commands, ...sessionCommands]

const settingFrames = {
  'zh-CN': {
    language: '[English](en/settings.md)',
    title: '# 设置',
    intro: [
      '每项设置都是环境变量，没有必填的。值有错时服务器不会启动，并用一句话说明是哪项设置。`NODE_ENV=production` 拒绝不安全的值。',
    ],
    head: ['设置', '默认', '含义'],
  },
  en: {
    language: '[中文](../settings.md)',
    title: '# Settings',
    intro: [
      'Every setting is an environment variable; none is required. With a wrong value the server does not start, and one',
      'sentence names the setting. `NODE_ENV=production` refuses unsafe values.',
    ],
    head: ['Setting', 'Default', 'Meaning'],
  },
} as const

/** The Chinese meaning of each setting. A test demands one for each. */
const chineseSettings = JSON.parse(readFileSync(new URL('docs/settings.zh-CN.json', home), 'utf8')) as Record<
  string,
  string
>

function settingsPage(language: 'zh-CN' | 'en'): string {
  const frame = settingFrames[language]
  const meaningOf = (name: string, meaning: string) =>
    language === 'zh-CN' ? (chineseSettings[name] ?? meaning) : meaning
  return page([
    made('config/defaults.json and the settings of login methods'),
    '',
    frame.title,
    '',
    frame.language,
    '',
    ...frame.intro,
    '',
    ...table(
      frame.head,
      documentedSettings.map(({ name, default: value, meaning }) => [
        code(name),
        code(value),
        meaningOf(name, meaning),
      ]),
    ),
  ])
}

const errorFrames = {
  'zh-CN': {
    language: '[English](en/errors.md)',
    title: '# 错误',
    intro: '人们可能得到的每一种拒绝。代码写在日志和审计日志中。文字就是中文页面上的文字。',
    head: ['代码', '状态', '文字'],
    between: '——',
  },
  en: {
    language: '[中文](../errors.md)',
    title: '# Errors',
    intro:
      'Every refusal that a person can get. The code is in the log and in the audit log. The words are those of the English pages.',
    head: ['Code', 'Status', 'Words'],
    between: ' — ',
  },
} as const

function errorsPage(language: 'zh-CN' | 'en'): string {
  const words = readWords(language)
  const frame = errorFrames[language]
  const rows = Object.entries(refusals).map(([name, status]) => {
    const texts = [
      words.get(`errors.${name}.title`),
      words.get(`errors.${name}.text`) ?? words.get(`refusals.${name}`),
    ].filter((text) => text !== undefined)
    return [code(name), String(status), texts.join(frame.between)]
  })
  return page([
    made('src/refusal/refusal.ts, the refusals of login methods, and their words'),
    '',
    frame.title,
    '',
    frame.language,
    '',
    frame.intro,
    '',
    ...table(frame.head, rows),
  ])
}

function auditPage(): string {
  return page([
    made('src/audit/audit-events.ts and the declarations of login methods'),
    '',
    '# Audit events',
    '',
    'The events of the audit log. [operations.md](operations.md) describes how to check, export and archive it.',
    'As a security event token (RFC 8417) the type of an event is `urn:yideng:event:<event>`.',
    '',
    ...table(
      ['Event', 'Meaning'],
      Object.entries(auditEvents).map(([event, meaning]) => [code(event), meaning]),
    ),
  ])
}

const matrixBegins = '<!-- revocation matrix: made from docs/revocation-matrix.ts by npm run docs -->'
const matrixEnds = '<!-- end of the revocation matrix -->'

const matrixWords = {
  en: { remedy: 'Remedy', ends: 'ends' },
  'zh-CN': { remedy: '补救', ends: '结束' },
} as const

/** The effect of each remedy; test/sessions/revocation-matrix.test.ts checks it. */
function revocationMatrix(language: keyof typeof matrixWords): string[] {
  const things = Object.keys(liveThings) as LiveThing[]
  const own = matrixWords[language]
  const rows = Object.values(remedies).map(({ words, ends }) => [
    words[language],
    ...things.map((thing) => ((ends as readonly LiveThing[]).includes(thing) ? own.ends : '–')),
  ])
  return table([own.remedy, ...things.map((thing) => liveThings[thing][language])], rows)
}

const securityFiles = { 'zh-CN': 'docs/security.md', en: 'docs/en/security.md' } as const

/** The page with a new part between the marks; the other text is written by hand. */
function withPart(file: string, begins: string, part: readonly string[], ends: string): string {
  const text = readFileSync(new URL(file, home), 'utf8')
  const [before = '', rest = ''] = text.split(begins)
  const [, after = ''] = rest.split(ends)
  return [before, begins, '\n', part.join('\n'), '\n', ends, after].join('')
}

const securityPage = (language: keyof typeof securityFiles) =>
  withPart(securityFiles[language], matrixBegins, revocationMatrix(language), matrixEnds)

const sqlBegins = '<!-- sql: made from docs/sql.json by npm run docs -->'
const sqlEnds = '<!-- end of sql -->'
const xinchuangFiles = { 'zh-CN': 'docs/xinchuang.md', en: 'docs/en/xinchuang.md' } as const

const xinchuangPage = (language: keyof typeof xinchuangFiles) =>
  withPart(xinchuangFiles[language], sqlBegins, ['', ...sqlConstructs(language), ''], sqlEnds)

/** The default, so that the page of the repository is the same everywhere. */
const helplineOf = () => documentedSettings.find(({ name }) => name === 'YIDENG_HELPLINE')?.default ?? ''

function triesPage(): string {
  return page([
    '# Tries: for whom they count',
    '',
    made('src/guards/counted-tries.ts and the declarations of login methods'),
    '',
    'Every count that can delay a person. A count for the *maker* delays only the network, browser, login or account that',
    'makes the tries. A count for the *target* also delays others who try the same account, number, name or portal. The third',
    'column is the way of the owner during that time. Numbers: [operations.md](operations.md#limits).',
    '',
    ...table(
      ['What is counted', 'For', 'How the owner goes on', 'Shown by'],
      countedTries.map(({ what, countedFor, ownersWay, shownBy }) => [what, countedFor, ownersWay, shownBy]),
    ),
  ])
}

function budgetText({ what, by, most, seconds: window, in: where }: Budget): string {
  if (window === 0) return what
  const setting = documentedSettings.find(({ name }) => name === most)
  const number = setting ? `${setting.default} (${code(setting.name)})` : String(most)
  const counted = where === 'process' ? 'in each process' : 'over all processes'
  return `${number} ${what} in ${window} s, by ${by}, ${counted}`
}

function limitsPage(): string {
  return page([
    made('src/http/endpoints.ts, src/config/budgets.ts and the declarations of login methods'),
    '',
    '# Capacity limits',
    '',
    'The number of requests that one caller may make to each endpoint. The server does not start with a route without a budget.',
    'Over a budget, the answer to this caller is 429 with `Retry-After`; other callers are not affected. A network is an IPv4',
    'address, or the first 64, 56 and 48 bits of an IPv6 address. The wider networks have 4 and 16 times the number. With',
    '`YIDENG_TRUST_PROXY` the address is the last one of `X-Forwarded-For`, else of `Forwarded`, without port; else that of the connection. Waits that are counted',
    'over all processes double when the caller comes back at once.',
    '',
    ...table(
      ['Budget', 'Limit'],
      Object.entries(budgets).map(([name, budget]) => [code(name), budgetText(budget)]),
    ),
    '',
    'The longest matching path prefix counts: `/authorize` includes `/authorize/<id>`.',
    '',
    ...table(
      ['Endpoint', 'Budgets'],
      Object.entries(endpoints).map(([path, names]) => [code(path), names.map(code).join(', ')]),
    ),
    '',
    '## What is stored',
    '',
    `One parameter of an authorization request, pushed or not, has at most ${longestParameter} bytes, and all of them together`,
    `${longestRequest}. Repeated acts of strangers are summed in the audit log. For each kind, the first act in a minute gets an`,
    'entry. The others share one more entry, with their number and their most frequent addresses. Refused sign-ins and recoveries',
    'of one account are summed by the hour. A crash loses the sums that were not written yet.',
  ])
}

/** Written by hand but for one table. */
export const partlyGenerated: readonly string[] = [securityFiles, xinchuangFiles].flatMap((one) => Object.values(one))

/** The reference pages, by path from the root. A test compares them with the files. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/cli.md': cliPage('zh-CN', commands, all),
    'docs/en/cli.md': cliPage('en', commands, all),
    'docs/settings.md': settingsPage('zh-CN'),
    'docs/en/settings.md': settingsPage('en'),
    'docs/errors.md': errorsPage('zh-CN'),
    'docs/en/errors.md': errorsPage('en'),
    'docs/limits.md': limitsPage(),
    'docs/audit-events.md': auditPage(),
    [securityFiles['zh-CN']]: securityPage('zh-CN'),
    [securityFiles.en]: securityPage('en'),
    [xinchuangFiles['zh-CN']]: xinchuangPage('zh-CN'),
    [xinchuangFiles.en]: xinchuangPage('en'),
    'docs/tries.md': triesPage(),
    'docs/proxy/unavailable.html': unavailablePage({ helpline: helplineOf() }),
    'docs/proxy/unavailable.json': unavailableDocument,
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, text] of Object.entries(generatedDocs())) {
    const file = fileURLToPath(new URL(path, home))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}
