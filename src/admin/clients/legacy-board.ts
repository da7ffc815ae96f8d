import { sql } from 'kysely'
import type { Client } from '../../clients/clients.ts'
import { daysLeft } from '../../clients/legacy.ts'
import { legacyProtocols } from '../../config/legacy-protocols.ts'
import { dayMs } from '../../config/time.ts'
import type { Services } from '../../services.ts'

const weekMs = 7 * dayMs
/** The name of a portal that needs no legacy protocol. */
const modern = 'oidc'
/** The source of an account that this server opened, and that no upstream knows. */
const ownSource = 'yideng'

/** A portal of a legacy protocol. Times are milliseconds since 1970 UTC. */
export interface LegacyPortal {
  client: Client
  protocol: string
  daysLeft: number
  signIns: number
  lastUsed: number | undefined
}

export interface ProtocolCount {
  protocol: string
  portals: number
  signIns: number
  lastUsed: number | undefined
}

/** How many sign-ins still go by a legacy protocol: the burn-down of the islands. */
export interface LegacyBoard {
  weeks: number
  protocols: ProtocolCount[]
  portals: LegacyPortal[]
  /** By where the account comes from: this server, or an upstream. */
  sources: { source: string; protocol: string; signIns: number }[]
  /** Oldest first; `begins` in milliseconds since 1970 UTC. */
  history: { begins: number; signIns: Readonly<Record<string, number>> }[]
}

interface Row {
  clientId: string | null
  protocol: string
  source: string
  week: number
  signIns: number
  lastUsed: number
}

/**
 * Counts the sign-ins of the audit log of the last weeks. The protocol is that of the sign-in, so a portal that has
 * changed to OpenID Connect keeps its history.
 * @param sees whether the administrator may see this portal
 */
export async function legacyBoard(
  { database, clients, clock }: Pick<Services, 'database' | 'clients' | 'clock'>,
  { weeks, sees }: { weeks: number; sees(client: Client): boolean },
): Promise<LegacyBoard> {
  const now = clock()
  const since = now - weeks * weekMs
  const all = (await clients.list()).filter(sees)
  const seen = new Set(all.map(({ id }) => id))
  const rows = (await countedSignIns(database, since)).filter(({ clientId }) => clientId !== null && seen.has(clientId))
  return {
    weeks,
    protocols: [modern, ...legacyProtocols].map((protocol) => ({
      protocol,
      portals: all.filter(({ legacy = modern }) => legacy === protocol).length,
      ...totals(rows.filter((row) => row.protocol === protocol)),
    })),
    portals: all
      .flatMap((client) => {
        const { id, legacy } = client
        if (legacy === undefined) return []
        const own = totals(rows.filter(({ clientId, protocol }) => clientId === id && protocol === legacy))
        return [{ client, protocol: legacy, daysLeft: daysLeft(client, now), ...own }]
      })
      .sort((one, other) => one.daysLeft - other.daysLeft),
    sources: sourcesOf(rows),
    history: Array.from({ length: weeks }, (_, week) => ({
      begins: since + week * weekMs,
      signIns: byProtocol(rows.filter((row) => row.week === week)),
    })),
  }
}

/** One row for each portal, protocol, source and week. Literals, because PostgreSQL compares the groups as text. */
function countedSignIns(database: Services['database'], since: number): Promise<Row[]> {
  const kinds = legacyProtocols.map(
    (name) => sql`when details like ${sql.lit(`%"protocol":"${name}"%`)} then ${sql.lit(name)}`,
  )
  const protocol = sql<string>`case ${sql.join(kinds, sql` `)} else ${sql.lit(modern)} end`
  const week = sql<number>`cast((at - ${sql.lit(since)}) / ${sql.lit(weekMs)} as integer)`
  // a person with several upstreams counts once
  const linked = database
    .selectFrom('upstream_links')
    .select(({ fn }) => ['person_id as linked_person', fn.min('upstream').as('upstream')])
    .groupBy('person_id')
    .as('linked')
  const source = sql<string>`coalesce(upstream, ${sql.lit(ownSource)})`
  return database
    .selectFrom('audit_events')
    .leftJoin(linked, 'linked_person', 'person_id')
    .where('event', '=', 'portal.entered')
    .where('at', '>=', since)
    .select(({ fn }) => [
      'client_id as clientId',
      protocol.as('protocol'),
      source.as('source'),
      week.as('week'),
      fn.countAll<number>().as('signIns'),
      fn.max('at').as('lastUsed'),
    ])
    .groupBy(['client_id', protocol, source, week])
    .execute()
}

const sum = (rows: readonly Row[]) => rows.reduce((total, { signIns }) => total + signIns, 0)

function totals(rows: readonly Row[]) {
  const times = rows.map(({ lastUsed }) => lastUsed)
  return { signIns: sum(rows), lastUsed: times.length > 0 ? Math.max(...times) : undefined }
}

const byProtocol = (rows: readonly Row[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(rows, ({ protocol }) => protocol)].map(([protocol, group]) => [protocol, sum(group)]),
  )

function sourcesOf(rows: readonly Row[]) {
  const groups = Map.groupBy(rows, ({ source, protocol }) => `${source} ${protocol}`)
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group
      return first ? [{ source: first.source, protocol: first.protocol, signIns: sum(group) }] : []
    })
    .sort((one, other) => other.signIns - one.signIns)
}
