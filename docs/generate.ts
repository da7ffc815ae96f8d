import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { nameOf, type About, type Command, type Described } from '../src/admin/command.ts'
import { commands } from '../src/admin/commands.ts'
import { agreements, duties, dutyOf, type Agreement, type Duty } from '../src/admin/duties.ts'
import { auditEvents } from '../src/audit/events.ts'
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

const made = (from: string) => `<!-- Made from ${from} by npm run docs: change those, not this page. -->`
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (text: string) => (text === '' ? '' : `\`${text}\``)
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  row(head),
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map(row),
]
const page = (lines: readonly string[]) => `${lines.join('\n')}\n`

const reach: Record<About, string> = {
  portal: 'for portals of the own region',
  organisation: 'for organisations registered in the own region',
  administrator: 'for the own region',
  approval: 'for what lies in the own region',
  rows: 'and shows what lies in the own region',
  system: 'of the province',
}
function fromAfar({ access, ...command }: Command): string {
  if ('local' in access) return `Not with \`--server\`: ${access.local}.`
  const whose = `With \`--server\`: needs the role ${access.role}, ${reach[access.about]}.`
  const duty = dutyOf(command)
  return duty && whoAgrees(duty) !== 'nobody' ? `${whose} Who must agree: ${whoAgrees(duty)}.` : whose
}

const whatFollows = ({ secret }: Duty) => (secret ? '; then it is given once more' : ', and it runs then')

/** Who besides the requester must agree to a command from afar, in words. */
function whoAgrees(duty: Duty): string {
  const needed = new Set(duty.touches.map((touch): Agreement => agreements[touch]))
  if (needed.has('second')) return `a second administrator${whatFollows(duty)}`
  if (needed.has('peers')) return `a second administrator where it touches another one who approves${whatFollows(duty)}`
  return duty.sometimes ? `a second administrator ${duty.sometimes.when}${whatFollows(duty)}` : 'nobody'
}

const touchedWords = ({ touches, sometimes }: Duty) =>
  [...touches, ...(sometimes ? [`${sometimes.touch} (${sometimes.when})`] : [])].join('; ')

function commandSection(command: Described | Command): string[] {
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
    ...('access' in command ? ['', fromAfar(command)] : []),
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
    '`npx yideng <noun> <verb> [ID] [--flags]` is how administrators look after Yideng. It opens the same store as the',
    'server, by the same [settings](settings.md), and works while the server runs: the server sees a change within two',
    'seconds. Answers go to standard output, errors to standard error. Secrets are never arguments. With `--server URL` the same',
    'command runs at a server, by role and region: [operations.md](operations.md#administration-from-afar).',
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
    'With `--server`, what a command touches decides who must agree besides the one who gives it. On the server itself nobody is asked.',
    '',
    ...table(
      ['Command', 'It touches', 'Who must agree'],
      Object.entries(duties).map(([name, duty]) => [code(name), touchedWords(duty), whoAgrees(duty)]),
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
    'Every setting is an environment variable; none has to be set. A wrong value stops the start with one sentence that',
    'names the setting. `NODE_ENV=production` refuses what is unsafe.',
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
    'Every way in which Yideng says no to a person. The code stands in the log and in the audit trail, the words are what',
    'people read in English.',
    '',
    ...table(['Code', 'Status', 'Words'], rows),
  ])
}

function auditPage(): string {
  return page([
    made('src/audit/events.ts and the declarations of login methods'),
    '',
    '# Audit events',
    '',
    'What is written into the audit trail ([operations.md](operations.md) says how it is checked, exported and kept).',
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

/** What each remedy ends, as test/sessions/revocation-matrix.test.ts holds it. */
function revocationMatrix(): string[] {
  const things = Object.keys(liveThings) as LiveThing[]
  const rows = Object.values(remedies).map(({ words, ends }) => [
    words,
    ...things.map((thing) => ((ends as readonly LiveThing[]).includes(thing) ? 'ends' : '–')),
  ])
  return table(['Remedy', ...things.map((thing) => liveThings[thing])], rows)
}

/** A page of which only the part between the marks is made. */
function securityPage(): string {
  const text = readFileSync(new URL('docs/security.md', home), 'utf8')
  const [before = '', rest = ''] = text.split(matrixBegins)
  const [, after = ''] = rest.split(matrixEnds)
  return [before, matrixBegins, '\n', revocationMatrix().join('\n'), '\n', matrixEnds, after].join('')
}

function triesPage(): string {
  return page([
    '# Tries: whom they count for',
    '',
    made('src/guards/counted-tries.ts and the declarations of login methods'),
    '',
    'Everything that is counted and held back. A count for the *maker* holds only the network, browser, login or account that',
    'makes the tries. A count for the *target* also holds others who try the same account, number, name or portal. The third',
    'column says how the owner goes on meanwhile. Numbers: [operations.md](operations.md#limits).',
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
    'How much one caller may ask of each endpoint. The server does not start with a route that has no budget. Who goes over one',
    'is answered with 429 and `Retry-After`; nobody else is. A network is an IPv4 address, or the first 64, 56 and 48 bits of an',
    'IPv6 address, the wider ones with 4 and 16 times the number. With `YIDENG_TRUST_PROXY` the address is the last one of',
    '`X-Forwarded-For`, else that of the connection. Waits that are counted over all processes double when somebody comes back at',
    'once.',
    '',
    ...table(
      ['Budget', 'Limit'],
      Object.entries(budgets).map(([name, budget]) => [code(name), budgetText(budget)]),
    ),
    '',
    'The longest path that a request begins with counts; `/authorize` is `/authorize/<id>` as well.',
    '',
    ...table(
      ['Endpoint', 'Budgets'],
      Object.entries(endpoints).map(([path, names]) => [code(path), names.map(code).join(', ')]),
    ),
    '',
    '## What is stored',
    '',
    `One parameter of an authorization request, pushed or not, has at most ${longestParameter} bytes, and all of them together`,
    `${longestRequest}. Whatever a stranger does again and again becomes a sum in the audit trail: of each kind the first act in a`,
    'minute has an entry, and the others are one more, with their number and the addresses most of them came from. Refused',
    'sign-ins and recoveries of one account are summed by the hour. A crash costs the sums that were not yet written.',
  ])
}

/** The reference pages, by path from the root; a test holds the files equal to this. */
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
