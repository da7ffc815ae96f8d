import { sql, type Selectable } from 'kysely'
import { dayMs, hourMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import { share, type PortalShares } from './portal-shares.ts'

export type Notice = Selectable<Tables['logout_deliveries']>

/** How long delivered and abandoned notices stay. `doctor` and a metric count the abandoned ones. */
const deliveredMs = hourMs
const abandonedMs = 30 * dayMs
/** Rows that one statement removes: others write in between. */
const removedAtOnce = 1000

/**
 * The portals with waiting notices between two names, one after the other by the index (a loose index scan): its cost is the number
 * of portals, and not of notices.
 */
function waitingPortals(after: string, upTo?: string) {
  const next = (than: unknown) => sql`(select min(one.client_id) from logout_deliveries as one
    where one.state = 'pending' and one.client_id > ${than} ${upTo === undefined ? sql`` : sql`and one.client_id <= ${upTo}`})`
  return sql`portals(client_id) as (
    select ${next(after)} union all select ${next(sql.ref('portals.client_id'))} from portals where portals.client_id is not null)`
}

/** The earliest due time of a portal. */
const earliest = sql<number>`(select min(one.next_attempt_at) from logout_deliveries as one
    where one.state = 'pending' and one.client_id = portals.client_id)`

/** The id of a portal's oldest due notice, or of a later one. */
const dueAt = (now: number, place: number) => sql<number | null>`(select one.id from logout_deliveries as one
    where one.state = 'pending' and one.client_id = portals.client_id and one.next_attempt_at <= ${now}
    order by one.next_attempt_at, one.id limit 1 offset ${sql.lit(place)})`

const places = Array.from({ length: share }, (_, place) => place)

/** No name of a portal is before it. */
const first = ''

const otherThan = (portals: readonly string[]) =>
  portals.length === 0 ? sql`` : sql`and client_id not in (${sql.join(portals)})`

/** Ids of due notices of portals with a free place: the oldest of each portal in its turn, then the next ones, up to its share. */
export async function dueIds(
  database: Database,
  { now, shares, underWay }: { now: number; shares: PortalShares; underWay: ReadonlySet<number> },
): Promise<{ id: number; portal: string }[]> {
  const ids = places.map((place) => sql`${dueAt(now, place)} as ${sql.ref(`due_${place}`)}`)
  const portalsOf = async (most: number, after: string, upTo?: string) => {
    if (most <= 0) return []
    const { rows } = await sql<Record<`due_${number}`, number | null> & { portal: string }>`
      with recursive ${waitingPortals(after, upTo)}
      select client_id as portal, ${sql.join(ids)} from portals
      where client_id is not null and ${earliest} <= ${now} ${otherThan(shares.full())}
      limit ${sql.lit(most)}`.execute(database)
    return rows
  }
  const most = shares.free()
  const later = await portalsOf(most, shares.last())
  const portals = [...later, ...(await portalsOf(most - later.length, first, shares.last()))]
  return places.flatMap((place) =>
    portals.flatMap(({ portal, [`due_${place}` as const]: id }) =>
      id === null || id === undefined || underWay.has(id) ? [] : [{ id, portal }],
    ),
  )
}

/** The next due time of a notice whose portal has a free place, in milliseconds since 1970 UTC. */
export async function nextDueOf(database: Database, full: readonly string[]): Promise<number | undefined> {
  const { rows } = await sql<{ at: number | null }>`with recursive ${waitingPortals(first)}
    select min(${earliest}) as at from portals where client_id is not null ${otherThan(full)}`.execute(database)
  return rows[0]?.at ?? undefined
}

/** Takes due notices for this process until a time; returns those that no other process took. */
export async function takeNotices(
  database: Database,
  ids: readonly number[],
  { now, until }: { now: number; until: number },
): Promise<Notice[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<Notice>`update logout_deliveries
    set next_attempt_at = ${until}, attempts = attempts + 1
    where id in (${sql.join(ids)}) and state = 'pending' and next_attempt_at <= ${now} returning *`.execute(database)
  return rows
}

/** Writes that portals took these notices. */
export async function noteDelivered(database: Database, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await database
    .updateTable('logout_deliveries')
    .set({ state: 'delivered', last_result: 'ok' })
    .where('id', 'in', ids)
    .where('state', '=', 'pending')
    .execute()
}

/** Removes notices whose time is over. The audit log has them. */
export async function removeOldNotices(database: Database, now: number): Promise<void> {
  const old = [
    ['delivered', now - deliveredMs],
    ['abandoned', now - abandonedMs],
  ] as const
  for (const [state, before] of old) {
    let removed = removedAtOnce
    while (removed === removedAtOnce) {
      const { rows } = await sql`delete from logout_deliveries where id in (select id from logout_deliveries
        where state = ${state} and next_attempt_at < ${before} order by next_attempt_at limit ${sql.lit(removedAtOnce)})
        returning id`.execute(database)
      removed = rows.length
    }
  }
}
