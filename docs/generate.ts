import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { nameOf, type Subject, type Command, type CommandHelp } from '../src/admin/command.ts'
import { allCommands } from '../src/admin/commands.ts'
import { agreements, type Agreement, type Duty } from '../src/admin/duties.ts'
import { auditEvents } from '../src/audit/audit-events.ts'
import { sessionCommands } from '../src/cli/remote/session-commands.ts'
import { everyFlag, exitCodes, meaningOf, typed, usageOf } from '../src/cli/help.ts'
import { countedTries } from '../src/guards/counted-tries.ts'
import { documentedSettings } from '../src/config/settings.ts'
import type { Budget } from '../src/config/budget.ts'
import { budgets } from '../src/config/budgets.ts'
import { endpoints } from '../src/http/endpoints.ts'
import { longestParameter, longestRequest } from '../src/guards/request-limits.ts'
import { readWords } from '../src/pages/words.ts'
import { refusals } from '../src/refusal/refusal.ts'
import { liveThings, remedies, type LiveThing } from './revocation-matrix.ts'

const home = new URL('../', import.meta.url)
const commands = await allCommands()

const made = (from: string) => `<!-- Made from ${from} by npm run docs: change the source, not this page. -->`
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (text: string) => (text === '' ? '' : `\`${text}\``)
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  row(head),
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map(row),
]
const page = (lines: readonly string[]) => `${lines.join('\n')}\n`

const reach: Record<Subject, string> = {
  portal: 'for portals of the own region',
  organisation: 'for organisations registered in the own region',
  administrator: 'for the own region',
  approval: 'for requests of the own region',
  rows: 'and shows entries of the own region',
  system: 'of the province',
}

function remoteUse({ access }: Command): string {
  if ('local' in access) return `Not with \`--server\`: ${access.local}.`
  const role = `With \`--server\`: needs the role ${access.role}, ${reach[access.about]}.`
  return whoAgrees(access) === noOne ? role : `${role} Who must agree: ${whoAgrees(access)}.`
}

const noOne = 'no one'
const afterwards = ({ secret }: Duty) => (secret ? '; then give the command again' : '; then it runs')

/** Who besides the requester must agree to a remote command, in words. */
function whoAgrees(duty: Duty): string {
  const needed = new Set(duty.touches.map((touch): Agreement => agreements[touch]))
  if (needed.has('second')) return `a second administrator${afterwards(duty)}`
  if (needed.has('peers'))
    return `a second administrator, where it touches another administrator who approves${afterwards(duty)}`
  return duty.sometimes ? `a second administrator ${duty.sometimes.when}${afterwards(duty)}` : noOne
}

const touchedWords = ({ touches, sometimes }: Duty) =>
  [...touches, ...(sometimes ? [`${sometimes.touch} (${sometimes.when})`] : [])].join('; ')

function commandSection(command: CommandHelp | Command): string[] {
  const fields = Object.entries(command.fields).map(([name, field]) => [code(typed(name, field)), meaningOf(field)])
  return [
    '',
    `### ${nameOf(command)}`,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    '```',
    usageOf(command),
    '```',
    ...(fields.length > 0 ? ['', ...table(['Flag', 'Meaning'], fields)] : []),
    ...('access' in command ? ['', remoteUse(command)] : []),
    '',
    'Example:',
    '',
    '```sh',
    command.example,
    '```',
  ]
}

function cliPage(): string {
  const all = [...commands, ...sessionCommands]
  const nouns = [...new Set(all.map(({ noun }) => noun))]
  return page([
    made('the tables in src/admin'),
    '',
    '# Command line',
    '',
    'Administrators use `npx yideng <noun> <verb> [ID] [--flags]`. It opens the store of the server, with the same',
    '[settings](settings.md). It works while the server runs: the server sees a change within two seconds. Answers go to',
    'standard output, errors to standard error. Secrets are never arguments. With `--server URL` the command runs at a server,',
    'by role and region: [operations.md](operations.md#remote-administration).',
    '',
    ...table(
      ['Every command has', 'Meaning'],
      everyFlag.map(([flag, meaning]) => [code(flag), meaning]),
    ),
    '',
    ...table(['Exit code', 'Meaning'], exitCodes),
    '',
    'With `--json` an error is one JSON document on standard error:',
    '`{"error":{"kind":"invalid","message":"…","problems":[{"field":"--redirect-uri","message":"…"}]}}`;',
    '`kind` is `invalid`, `not_found`, `forbidden` or `failed`.',
    '',
    '## Who must agree',
    '',
    'With `--server`, a command may need a second administrator. The things that it touches decide that. On the server itself no',
    'second administrator is asked.',
    '',
    ...table(
      ['Command', 'It touches', 'Who must agree'],
      commands.flatMap(({ access, ...command }) =>
        'local' in access ? [] : [[code(nameOf(command)), touchedWords(access), whoAgrees(access)]],
      ),
    ),
    ...nouns.flatMap((noun) => {
      const ofNoun = all.filter((command) => command.noun === noun)
      return ['', `## ${noun}`, ...ofNoun.flatMap(commandSection)]
    }),
  ])
}

function settingsPage(): string {
  return page([
    made('config/defaults.json and the settings of login methods'),
    '',
    '# Settings',
    '',
    'Every setting is an environment variable; none is required. With a wrong value the server does not start, and one',
    'sentence names the setting. `NODE_ENV=production` refuses unsafe values.',
    '',
    ...table(
      ['Setting', 'Default', 'Meaning'],
      documentedSettings.map(({ name, default: value, meaning }) => [code(name), code(value), meaning]),
    ),
  ])
}

function errorsPage(): string {
  const english = readWords('en')
  const rows = Object.entries(refusals).map(([name, status]) => {
    const words = [
      english.get(`errors.${name}.title`),
      english.get(`errors.${name}.text`) ?? english.get(`refusals.${name}`),
    ].filter((text) => text !== undefined)
    return [code(name), String(status), words.join(' — ')]
  })
  return page([
    made('src/refusal/refusal.ts, the refusals of login methods, and their English words'),
    '',
    '# Errors',
    '',
    'Every refusal that a person can get. The code is in the log and in the audit log. The words are those of the English pages.',
    '',
    ...table(['Code', 'Status', 'Words'], rows),
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

/** The effect of each remedy; test/sessions/revocation-matrix.test.ts checks it. */
function revocationMatrix(): string[] {
  const things = Object.keys(liveThings) as LiveThing[]
  const rows = Object.values(remedies).map(({ words, ends }) => [
    words,
    ...things.map((thing) => ((ends as readonly LiveThing[]).includes(thing) ? 'ends' : '–')),
  ])
  return table(['Remedy', ...things.map((thing) => liveThings[thing])], rows)
}

/** The page with a new part between the marks; the other text is written by hand. */
function securityPage(): string {
  const text = readFileSync(new URL('docs/security.md', home), 'utf8')
  const [before = '', rest = ''] = text.split(matrixBegins)
  const [, after = ''] = rest.split(matrixEnds)
  return [before, matrixBegins, '\n', revocationMatrix().join('\n'), '\n', matrixEnds, after].join('')
}

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

/** The reference pages, by path from the root. A test compares them with the files. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/cli.md': cliPage(),
    'docs/settings.md': settingsPage(),
    'docs/errors.md': errorsPage(),
    'docs/limits.md': limitsPage(),
    'docs/audit-events.md': auditPage(),
    'docs/security.md': securityPage(),
    'docs/tries.md': triesPage(),
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, text] of Object.entries(generatedDocs())) writeFileSync(new URL(path, home), text)
}
