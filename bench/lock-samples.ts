import pg from 'pg'
import { turnOfActs } from '../src/storage/postgres.ts'

/** Locks by name: in how many samples one was held, and in how many a session waited for it. */
export interface LockShares {
  samples: number
  held: Map<string, number>
  waited: Map<string, number>
}

const everyMs = 5

/** The advisory lock of acts (src/storage/postgres.ts). PostgreSQL keeps the number in two halves of 32 bits. */
const actsTurn = BigInt(turnOfActs)
const isTurn = `classid = ${actsTurn >> 32n} and objid = ${actsTurn & 0xffffffffn}`

/** Locks that PostgreSQL grants to one session at a time, and what sessions of a database wait for. */
const question = `
  select distinct 'held' as state, case locktype
      when 'advisory' then case when ${isTurn} then 'turn of acts' else 'advisory ' || objid end
      else mode || ' on ' || coalesce(relation::regclass::text, locktype) end as name
    from pg_locks
    where granted and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = $1)
      and (locktype = 'advisory' or (locktype = 'relation' and mode in
        ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')))
  union all
  select distinct 'waited', wait_event_type || ' ' || wait_event
    from pg_stat_activity
    where datname = $1 and pid <> pg_backend_pid() and state = 'active' and wait_event_type in ('Lock', 'LWLock')`

/** Samples the locks of a database from a connection of its own, without the delay of the servers. */
export async function sampleLocks(url: string): Promise<{ stop(): Promise<LockShares> }> {
  const client = new pg.Client(url)
  await client.connect()
  const database = new URL(url).pathname.slice(1)
  const shares: LockShares = { samples: 0, held: new Map(), waited: new Map() }
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<{ state: 'held' | 'waited'; name: string }>(question, [database])
      shares.samples += 1
      for (const { state, name } of rows) shares[state].set(name, (shares[state].get(name) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
      await client.end()
      return shares
    },
  }
}
