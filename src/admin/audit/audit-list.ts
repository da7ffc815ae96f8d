import type { Entry } from '../../audit/chain.ts'
import type { CommandContext } from '../command-context.ts'
import { iso } from '../outcome.ts'
import { restrictedField } from './audit-fields.ts'
import { filterDetails, filterFields, readFilter, resolveFilter } from './audit-fields.ts'
import { invalid } from '../outcome.ts'
import { limitFault, limitField } from '../list-pages.ts'
import { revealing } from './revealing.ts'
import { newestEntries } from '../../audit/reading.ts'
import { command } from '../command.ts'

/** An entry as a document. */
function entryDocument({ sequence, at, event, actor, person_id, client_id, details }: Entry) {
  return { sequence, at: iso(at), event, actor, person_id, client_id, details: JSON.parse(details) as object }
}

/** A document for people: `name=value, …`. */
function pairsOf(document: unknown): string {
  if (typeof document !== 'object' || document === null) return '-'
  const valueOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(document)
    .map(([name, value]) => `${name}=${valueOf(value)}`)
    .join(', ')
}

/** The portals whose entries an administrator of a city may see; undefined: every entry of the system. */
async function ownPortals(context: CommandContext): Promise<string[] | undefined> {
  if (context.sees(undefined)) return undefined
  const { clients } = await context.services()
  return (await clients.list()).filter(({ region }) => context.sees(region)).map(({ id }) => id)
}

export default command({
  fields: {
    ...filterFields,
    limit: limitField,
    before: {
      type: 'number',
      placeholder: 'NUMBER',
      meaning: 'begin before this entry: the last entry of the page before',
    },
    restricted: restrictedField,
  },
  access: { role: 'viewer', about: 'rows', touches: ['what may be seen'] },
  resolve: resolveFilter,
  example: 'npx yideng audit list --event login.refused --since 2026-11-24',
  async run(context, { limit, before, restricted, ...asked }) {
    const read = readFilter(asked)
    if (!read.ok) return invalid(...read.problems)
    const fault = limitFault(limit)
    if (fault) return fault
    const { database } = await context.services()
    const filter = { ...read.filter, portals: await ownPortals(context) }
    const found = await newestEntries(database, filter, { limit: limit + 1, before })
    const page = found.slice(0, limit)
    const open = restricted ? await revealing(context, 'audit.revealed', filterDetails(asked)) : undefined
    const document = page.map((entry) => ({ ...entryDocument(entry), ...(open ? { restricted: open(entry) } : {}) }))
    const columns = ['ENTRY', 'TIME', 'EVENT', 'ACTOR', 'PERSON', 'PORTAL', 'DETAILS', ...(open ? ['RESTRICTED'] : [])]
    const rows = document.map(({ details, ...one }) => [
      one.sequence,
      one.at,
      one.event,
      one.actor,
      one.person_id,
      one.client_id,
      pairsOf(details),
      ...('restricted' in one ? [pairsOf(one.restricted)] : []),
    ])
    const more = found.length > limit ? [`More: the same with --before ${page.at(-1)?.sequence}`] : []
    return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? more : ['No such entries.'] }
  },
})
