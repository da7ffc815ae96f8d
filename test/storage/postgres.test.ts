import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CompiledQuery, sql } from 'kysely'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { checkChain } from '../../src/audit/chain.ts'
import { createAuditLog } from '../../src/audit/audit-log.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { isUnavailable } from '../../src/storage/unavailable.ts'
import { migrate, openDatabase, unhurried } from '../../src/storage/database.ts'
import { writeTogether } from '../../src/storage/postgres.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { longWay } from '../setup/long-way.ts'
import { migrationNames } from '../setup/migrations.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.UTC(2026, 10, 23)

describe.skipIf(cannotRun('PostgreSQL'))('PostgreSQL', () => {
  let url: string
  let ran: string[][]

  function open() {
    const database = openDatabase(url)
    onTestFinished(() => database.destroy())
    return database
  }

  const insertEntry = (key: string) => CompiledQuery.raw('insert into house (key, value) values ($1, $2)', [key, ''])

  /** Number of connections idle in a transaction. */
  async function inTransaction() {
    const { rows } = await sql<{ many: number }>`select count(*) as many from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`.execute(open())
    return rows[0]?.many
  }

  beforeAll(async () => {
    url = await makePostgres()
    const starting = [openDatabase(url), openDatabase(url), openDatabase(url)]
    ran = await Promise.all(starting.map(migrate))
    await Promise.all(starting.map((database) => database.destroy()))
  })

  it('is migrated once by three processes that start together, with the columns of SQLite', async () => {
    expect(ran.map((names) => names.join()).sort()).toEqual(['', '', migrationNames.join()])
    // only on PostgreSQL: the months of the audit log, and its head
    const tables = (await open().introspection.getTables()).filter(({ name }) => !/^audit_(events_|head$)/.test(name))
    const columns = tables.flatMap(({ name, columns: all }) => all.map((column) => `${name}.${column.name}`))
    const marked = Object.entries(columnMarks).flatMap(([table, marks]) =>
      Object.keys(marks).map((one) => `${table}.${one}`),
    )
    expect(columns.filter((name) => !name.startsWith('kysely_')).sort()).toEqual(marked.sort())
  })

  it('returns times and counts as numbers, and increments ids', async () => {
    const database = open()
    const now = clock()
    const ending = { principal_id: 'p', due_at: now }
    await database.insertInto('representation_endings').values([ending, ending]).execute()
    const rows = await database.selectFrom('representation_endings').selectAll().orderBy('id').execute()
    expect(rows).toEqual([1, 2].map((id) => ({ id, ...ending })))
    const { many, sum } = await database
      .selectFrom('representation_endings')
      .select(({ fn }) => [fn.countAll<number>().as('many'), fn.sum<number>('due_at').as('sum')])
      .executeTakeFirstOrThrow()
    expect({ many, sum }).toEqual({ many: 2, sum: 2 * now })
  })

  it('neither finds nor fails on invalid text', async () => {
    const database = open()
    expect(await database.selectFrom('clients').selectAll().where('id', '=', 'a\0b').execute()).toEqual([])
    await database.insertInto('house').values({ key: 'half \ud800', value: '\0' }).execute()
    expect(await database.selectFrom('house').selectAll().where('key', 'like', 'half%').execute()).toEqual([
      { key: 'half \u{fffd}', value: '\u{fffd}' },
    ])
  })

  it('the audit chain does not fork with parallel writers and failures', async () => {
    const { cipher } = openDataKeys(join(temporaryDirectory(), 'keys'))
    const trails = [open(), open(), open()].map((database) => ({
      database,
      audit: createAuditLog({ database, cipher, clock }),
    }))
    const acts = Array.from({ length: 90 }, async (_, index) => {
      const { database, audit } = trails[index % 3] ?? expect.fail()
      if (index % 2) return audit.record({ event: 'login.succeeded', actor: 'person', personId: String(index) })
      return database.transaction().execute(async (transaction) => {
        await audit.append(transaction, { event: 'client.created', actor: 'administrator:test' })
        if (index % 10 === 0) throw new Error('on purpose')
      })
    })
    const settled = await Promise.allSettled(acts)
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(9)
    expect(await checkChain(open())).toEqual({ whole: true, entries: 81 })
  })

  it('a batch of audit entries takes one round trip, at any size', async () => {
    const { cipher } = openDataKeys(join(temporaryDirectory(), 'keys'))
    const way = await longWay(url)
    const database = openDatabase(way.url)
    onTestFinished(() => database.destroy())
    const audit = createAuditLog({ database, cipher, clock })
    const enter = () => audit.record({ event: 'portal.entered', actor: 'person' })
    await enter() // connects
    const { entries } = (await checkChain(open())) as { entries: number }
    const before = way.roundTrips()
    await Promise.all(Array.from({ length: 100 }, enter))
    expect(way.roundTrips() - before).toBe(1)

    // entries that arrive during them share the next one
    const first = enter()
    const over = first.then(() => true)
    const more: Promise<void>[] = []
    do more.push(enter())
    while (!(await Promise.race([over, setTimeout(3, false)])))
    await Promise.all([first, ...more])
    expect(way.roundTrips() - before).toBe(3)
    expect(await checkChain(open())).toEqual({ whole: true, entries: entries + 101 + more.length })
  })

  it('nothing is left of one message when a statement of it fails', async () => {
    const database = open()
    const statements = [insertEntry('half'), CompiledQuery.raw('select 1 / 0'), insertEntry('whole')]
    await expect(writeTogether(database, statements)).rejects.toThrow('division by zero')
    expect(await database.selectFrom('house').select('key').where('key', 'in', ['half', 'whole']).execute()).toEqual([])
    expect(await inTransaction()).toBe(0)
    expect(await writeTogether(database, [insertEntry('asked 1')])).toBe(1n)
    expect(await database.deleteFrom('house').where('key', '=', 'asked 1').returning('key').execute()).toHaveLength(1)
  })

  it('a connection with an open transaction is not used again', async () => {
    const database = open()
    await database.connection().execute((connection) => sql`begin`.execute(connection))
    expect(await inTransaction()).toBe(0)
  })

  it('the reads of a transaction stay valid until its end', async () => {
    const [one, other] = [open(), open()]
    const key = randomUUID()
    const addIfMissing = (database: typeof one) =>
      database.transaction().execute(async (transaction) => {
        const known = await transaction.selectFrom('house').select('key').where('key', '=', key).executeTakeFirst()
        if (known) return false
        await transaction.insertInto('house').values({ key, value: '' }).execute()
        return true
      })
    const added = await Promise.all(Array.from({ length: 20 }, (_, index) => addIfMissing(index % 2 ? one : other)))
    expect(added.filter(Boolean)).toHaveLength(1)
  })

  it('ends long queries, but not counts of a large store', async () => {
    const database = open()
    const limit = sql<{ statement_timeout: string }>`show statement_timeout`
    expect((await limit.execute(database)).rows).toEqual([{ statement_timeout: '10s' }])
    expect((await unhurried(database, (within) => limit.execute(within))).rows).toEqual([{ statement_timeout: '0' }])
    expect((await limit.execute(database)).rows).toEqual([{ statement_timeout: '10s' }])
  })

  it('a connection that PostgreSQL ends is unavailable, and the next one works', async () => {
    const database = open()
    const other = open()
    const ended = database.connection().execute(async (connection) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(connection)
      await sql`select pg_terminate_backend(${rows[0]?.pid ?? 0})`.execute(other)
      await sql`select 1`.execute(connection)
    })
    expect(await ended.catch((error: unknown) => isUnavailable(error))).toBe(true)
    expect(await database.selectFrom('clients').selectAll().execute()).toEqual([])
    const nowhere = openDatabase('postgres://postgres@127.0.0.1:1/none')
    onTestFinished(() => nowhere.destroy())
    expect(await migrate(nowhere).catch((error: unknown) => isUnavailable(error))).toBe(true)
  })
})
