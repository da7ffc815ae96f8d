import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkChain } from '../../src/audit/chain.ts'
import { createAuditLog } from '../../src/audit/audit-log.ts'
import { beginOf, monthAfter, monthOf } from '../../src/config/months.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { divideLongAuditLog, isDivided, makeMonthsAhead, missingMonths } from '../../src/storage/audit-months.ts'
import { migrate, openDatabase, type Database } from '../../src/storage/database.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'
import { auditedStore } from './setup.ts'

const noPostgres = cannotRun('PostgreSQL')
const minute = 60_000

/** Number of entries by name of partition. */
async function entriesByPartition(database: Database): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string }>`select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'audit_events'::regclass order by 1`.execute(database)
  const counted = rows.map(async ({ name }) => {
    const { rows: found } = await sql<{ many: number }>`select count(*) as many from ${sql.table(name)}`.execute(
      database,
    )
    return [name, found[0]?.many ?? 0] as const
  })
  return Object.fromEntries(await Promise.all(counted))
}

const partitionOf = (month: string) => `audit_events_${month.replace('-', '_')}`

describe.each([
  { store: 'SQLite', missing: false, where: async () => ({}) },
  { store: 'PostgreSQL', missing: noPostgres, where: async () => ({ YIDENG_DATABASE_URL: await makePostgres() }) },
])('the audit log over months: $store', ({ store, missing, where }) => {
  it.skipIf(missing)('is one chain; whole months are archived, without leaving entries', async () => {
    // PostgreSQL creates partitions by its own clock.
    const start = Date.now()
    const services = auditedStore(start, { environment: await where() })
    const months = [2, 3, 4].map((after) => monthAfter(monthOf(start), after))
    const [first = '', second = '', last = ''] = months
    await services.withServices(async ({ database, audit }) => {
      const record = async (at: number, many = 1) => {
        services.forward(at - services.clock())
        if (store === 'PostgreSQL') await makeMonthsAhead(database, at)
        const restricted = { address: '203.0.113.1' }
        for (let index = 0; index < many; index += 1)
          await audit.record({ event: 'login.succeeded', actor: 'person', personId: 'p1', restricted })
      }
      await record(start, 2)
      await services.checkpoint()
      for (const month of months) {
        const end = beginOf(monthAfter(month))
        await record(beginOf(month), 2)
        await record(end - minute / 2)
        if (month === last) break
        // Another machine's clock is late: an entry of this month follows one of the next. One checkpoint signs both.
        await record(end + minute / 2)
        await record(end - minute / 2)
        services.forward(2 * minute)
        await services.checkpoint()
      }
    })
    expect(await services.json('audit', 'verify')).toMatchObject({ whole: true, entries: 2 + 2 * 5 + 3 })

    if (store === 'PostgreSQL') {
      const byPartition = await services.withServices(({ database }) => entriesByPartition(database))
      expect(byPartition).toMatchObject({
        audit_events_first: 2,
        audit_events_rest: 0,
        [partitionOf(first)]: 4,
        [partitionOf(second)]: 5,
        [partitionOf(last)]: 4,
      })
    }

    const { moved } = await services.archive(last)
    const [oldest, ...others] = moved.map(({ month }) => month)
    expect([oldest, ...others]).toEqual([monthOf(start), first, second])
    for (const { file } of moved) {
      expect(await services.json('audit', 'verify', '--archive', file)).toMatchObject({ whole: true })
    }
    const left = await services.json<{ at: string; event: string }[]>('audit', 'list')
    expect(left.filter(({ event, at }) => event === 'login.succeeded' && at < last)).toEqual([])
    expect(await services.json('audit', 'verify')).toMatchObject({ whole: true })
    if (store === 'PostgreSQL') {
      const names = Object.keys(await services.withServices(({ database }) => entriesByPartition(database)))
      expect(names).not.toContain('audit_events_first')
      for (const month of [first, second]) expect(names).not.toContain(partitionOf(month))
      expect(names).toContain(partitionOf(last))
    }
    await services.record(1)
    expect(await services.json('audit', 'verify')).toMatchObject({ whole: true, entries: left.length + 1 })
  })
})

describe.skipIf(noPostgres)('PostgreSQL', () => {
  async function opened() {
    const database = openDatabase(await makePostgres())
    onTestFinished(() => database.destroy())
    await migrate(database)
    return database
  }

  const auditLogOf = (database: Database, clock: () => number) => {
    const { cipher } = openDataKeys(join(temporaryDirectory(), 'keys'))
    return createAuditLog({ database, cipher, clock })
  }

  it('uses each number once over all months, also for manual inserts, and never counts back', async () => {
    const database = await opened()
    const { clock, forward } = handClock(Date.now())
    const audit = auditLogOf(database, clock)
    const event = { event: 'login.succeeded', actor: 'person' } as const
    for (let index = 0; index < 3; index += 1) await audit.record(event)
    const [known] = await database.selectFrom('audit_events').selectAll().where('sequence', '=', 2).execute()
    if (!known) throw new Error('there is no entry')
    const elsewhere = { ...known, at: known.at + 400 * 86_400_000 }
    const put = (...entries: (typeof known)[]) => database.insertInto('audit_events').values(entries).execute()
    await expect(put(elsewhere)).rejects.toMatchObject({ code: '23505' })
    const twice = { ...known, sequence: 9 }
    await expect(put(twice, { ...elsewhere, sequence: 9 })).rejects.toMatchObject({ code: '23505' })
    // The holder of the chain moves its end in the same statement: no other insert has the next number.
    const raced = await Promise.allSettled([put({ ...known, sequence: 4 }), put({ ...elsewhere, sequence: 4 })])
    expect(raced.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await database.deleteFrom('audit_events').where('sequence', '=', 3).execute()
    // Removing the end leaves a detectable gap.
    forward(1000)
    await audit.record(event)
    expect(await checkChain(database)).toMatchObject({ whole: false, kind: 'missing', sequence: 3 })
  })

  it('several processes create the coming months once; entries without a month are kept', async () => {
    const database = await opened()
    const now = Date.now()
    const later = beginOf(monthAfter(monthOf(now), 6))
    await auditLogOf(database, () => later).record({ event: 'login.succeeded', actor: 'person' })
    expect(await entriesByPartition(database)).toMatchObject({ audit_events_rest: 1 })
    const made = await Promise.all([1, 2, 3].map(() => makeMonthsAhead(database, now)))
    expect(made.flat().sort()).toEqual([...new Set(made.flat())].sort())
    expect(await missingMonths(database, now, now + 30 * 86_400_000)).toEqual([])
    expect(made.flat().length).toBeGreaterThan(0)
    expect(await checkChain(database)).toEqual({ whole: true, entries: 1 })
  })

  it('a log in one table is divided while others write', async () => {
    const database = await opened()
    const audit = auditLogOf(database, Date.now)
    const event = { event: 'login.succeeded', actor: 'person' } as const
    for (let index = 0; index < 5; index += 1) await audit.record(event)
    // The migration leaves a large store like this.
    await sql`alter table audit_events detach partition audit_events_first`.execute(database)
    await sql`drop table audit_events`.execute(database)
    await sql`alter table audit_events_first rename to audit_events`.execute(database)
    await sql`alter table audit_events rename constraint audit_events_first_pkey to audit_events_pkey`.execute(database)
    await sql`alter index audit_events_first_person rename to audit_events_person`.execute(database)
    await sql`create trigger audit_events_append after insert on audit_events
      referencing new table as appended for each statement execute function audit_events_append()`.execute(database)
    expect(await isDivided(database)).toBe(false)

    const writing = new AbortController()
    let written = 5
    const writer = (async () => {
      while (!writing.signal.aborted) {
        await audit.record(event)
        written += 1
      }
    })()
    await divideLongAuditLog(database, Date.now())
    writing.abort()
    await writer
    expect(await isDivided(database)).toBe(true)
    expect(await checkChain(database)).toEqual({ whole: true, entries: written })
    const { rows } = await sql`select conname from pg_constraint where conname = 'audit_events_until'`.execute(database)
    expect(rows).toEqual([])
    await audit.record(event)
    expect(await entriesByPartition(database)).toEqual({ audit_events_first: written + 1, audit_events_rest: 0 })
  })
})
