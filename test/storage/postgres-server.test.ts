import { CompiledQuery, sql } from 'kysely'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase, type Database } from '../../src/storage/database.ts'
import { isUnavailable } from '../../src/storage/unavailable.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'

const atOnce = 5

describe.skipIf(cannotRun('PostgreSQL'))('an error that PostgreSQL answers', () => {
  let url: string
  beforeAll(async () => {
    url = await makePostgres()
  })

  function open(): Database {
    const database = openDatabase(url)
    onTestFinished(() => database.destroy())
    return database
  }

  const ownPid = sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.1)`
  /** The connections of the pool, while all are used at once. */
  async function pids(database: Database): Promise<number[]> {
    const used = await Promise.all(Array.from({ length: atOnce }, () => ownPid.execute(database)))
    return used.map(({ rows }) => rows[0]?.pid ?? 0)
  }

  const answer = (database: Database, code: string, message = 'no') =>
    database
      .executeQuery(CompiledQuery.raw(`do $$ begin raise exception '${message}' using errcode = '${code}'; end $$`))
      .catch((error: unknown) => error)

  it.each([
    ['25006', 'cannot execute UPDATE in a read-only transaction'],
    ['57P01', 'terminating connection due to administrator command'],
    ['57P02', 'terminating connection because of crash of another server process'],
    ['57P03', 'the database system is starting up'],
    ['40001', 'canceling statement due to conflict with recovery'],
    ['55000', 'cannot acquire lock mode RowExclusiveLock on database objects while recovery is in progress'],
    ['55000', 'cannot set transaction read-write mode during recovery'],
    ['0A000', 'cannot use serializable mode in a hot standby'],
  ])('ends every connection of the pool, because another server took over: %s %s', async (code, message) => {
    const database = open()
    const before = await pids(database)
    expect(new Set(before).size).toBe(atOnce)
    expect(isUnavailable(await answer(database, code, message))).toBe(true)
    const after = await pids(database)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
  })

  it.each(['08006', '08P01', '25P04', '53100', '53200', '53300', '55P03', '57014', '57P05', '58030'])(
    'ends only its own connection: %s',
    async (code) => {
      const database = open()
      const before = await pids(database)
      expect(isUnavailable(await answer(database, code))).toBe(true)
      const after = await pids(database)
      expect(before.filter((pid) => after.includes(pid)).length).toBe(atOnce - 1)
    },
  )

  it.each(['0A000', '22001', '23505', '40001', '42P01', '55000', 'P0001'])('ends no connection: %s', async (code) => {
    const database = open()
    const before = await pids(database)
    expect(isUnavailable(await answer(database, code))).toBe(false)
    expect(new Set(await pids(database))).toEqual(new Set(before))
  })

  it('a server that became read only is not met by any connection twice', async () => {
    const database = open()
    await sql`create table if not exists written (at int)`.execute(database)
    // the open connections stay as they are; new ones may write
    await Promise.all(
      Array.from({ length: atOnce }, () =>
        sql`select set_config('default_transaction_read_only', 'on', false), pg_sleep(0.1)`.execute(database),
      ),
    )
    const write = () => sql`insert into written values (1)`.execute(database)
    await expect(write()).rejects.toSatisfy(isUnavailable)
    await Promise.all(Array.from({ length: atOnce }, write))
  })
})
