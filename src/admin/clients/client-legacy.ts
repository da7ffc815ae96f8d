import { isLanguage, languages } from '../../pages/languages.ts'
import { command } from '../command.ts'
import { invalid, iso, type Outcome } from '../outcome.ts'
import { legacyBoard, type LegacyBoard } from './legacy-board.ts'
import { legacyPicture } from './legacy-picture.ts'

const mostWeeks = 104

export default command({
  fields: {
    weeks: { type: 'number', default: 26, meaning: 'how many weeks of the audit log are counted, 1 to 104' },
    csv: { type: 'boolean', meaning: 'print the portals as CSV' },
    html: { type: 'boolean', meaning: 'print a page with a picture, for a browser' },
    language: { type: 'text', choices: languages, default: languages[0], meaning: 'language of that page' },
  },
  access: { role: 'viewer', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng client legacy --html > old-portals.html',
  async run(context, { weeks, csv, html, language }): Promise<Outcome> {
    if (!Number.isInteger(weeks) || weeks < 1 || weeks > mostWeeks)
      return invalid({ field: 'weeks', message: `must be a whole number from 1 to ${mostWeeks}` })
    if (csv && html) return invalid({ field: 'html', message: 'must be left out with --csv' })
    const services = await context.services()
    const board = await legacyBoard(services, { weeks, sees: ({ region }) => context.sees(region) })
    const document = documentOf(board)
    if (csv) return { ok: true, document, shown: [], raw: csvOf(board) }
    if (html) {
      const page = legacyPicture(board, services.clock(), isLanguage(language) ? language : languages[0])
      return { ok: true, document, shown: [], raw: page.split('\n') }
    }
    return { ok: true, document, ...tableOf(board) }
  },
})

const time = (at: number | undefined) => (at === undefined ? null : iso(at))

function documentOf({ weeks, protocols, portals, sources, history }: LegacyBoard) {
  return {
    weeks,
    protocols: protocols.map(({ lastUsed, signIns, ...rest }) => ({
      ...rest,
      sign_ins: signIns,
      last_used: time(lastUsed),
    })),
    portals: portals.map(rowOf),
    sources: sources.map(({ signIns, ...rest }) => ({ ...rest, sign_ins: signIns })),
    history: history.map(({ begins, signIns }) => ({ begins: iso(begins), sign_ins: signIns })),
  }
}

const rowOf = ({ client, protocol, daysLeft, signIns, lastUsed }: LegacyBoard['portals'][number]) => ({
  client_id: client.id,
  name: client.name,
  organisation: client.organisation ?? null,
  region: client.region ?? null,
  status: client.status,
  protocol,
  until: client.legacy_until ?? null,
  days_left: daysLeft,
  sign_ins: signIns,
  last_used: time(lastUsed),
})

function tableOf({ protocols, portals, sources, weeks }: LegacyBoard) {
  const columns = ['CLIENT ID', 'NAME', 'PROTOCOL', 'UNTIL', 'DAYS LEFT', 'SIGN-INS', 'LAST USED']
  const rows = portals.map((portal) => {
    const { client_id, name, protocol, until, days_left, sign_ins, last_used } = rowOf(portal)
    return [client_id, name, protocol, until, days_left, sign_ins, last_used]
  })
  const notes = [
    ...(rows.length > 0 ? [] : ['No portal speaks an old protocol.']),
    '',
    `Portals and sign-ins of the last ${weeks} weeks, by protocol:`,
    ...protocols.map((one) => `  ${one.protocol}: ${one.portals} portals, ${one.signIns} sign-ins`),
    ...(sources.length > 0 ? ['', 'Sign-ins by where the account comes from:'] : []),
    ...sources.map((one) => `  ${one.source}, ${one.protocol}: ${one.signIns} sign-ins`),
  ]
  return { shown: { columns, rows }, notes }
}

/** RFC 4180. A cell that a spreadsheet would read as a formula begins with an apostrophe. */
function csvOf({ portals }: LegacyBoard): string[] {
  const rows = portals.map(rowOf)
  const header = [
    'client_id',
    'name',
    'organisation',
    'region',
    'status',
    'protocol',
    'until',
    'days_left',
    'sign_ins',
    'last_used',
  ]
  return [header.join(','), ...rows.map((row) => Object.values(row).map(cellOf).join(','))]
}

function cellOf(value: string | number | null): string {
  const text = String(value ?? '')
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
