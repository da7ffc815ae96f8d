import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { startForwarder } from '../setup/forwarder.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { enter, gather, manyFromHere, yideng } from './people.ts'
import { ownPostgres, standbyOf } from './postgres.ts'
import { smallDisk } from './small-disk.ts'
import { backedUp, machine, watchAtNight } from './night.ts'

const noStores = cannotRun('PostgreSQL') || cannotRun('Redis')

describe.skipIf(cannotRun('promtool'))('alerts about stores', () => {
  it.skipIf(noStores)('YidengStoreAway, YidengFails: a store is away, read-only or full', async () => {
    const postgres = await ownPostgres()
    const redis = await startRedis()
    const stores = { YIDENG_DATABASE_URL: postgres.url, YIDENG_REDIS_URL: `redis://127.0.0.1:${redis}` }
    const server = await backedUp(await startServer({ ...manyFromHere, ...stores }))
    const crowd = await gather(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1, () => enter(crowd, crowd.usernames[0] ?? ''))
    night.isQuiet()
    const asked = () => enter(crowd, crowd.usernames[0] ?? '').catch(() => undefined)

    postgres.stop('immediate')
    await night.sees('yideng_ready{need="stores"} 0')
    await night.pass(1.5)
    night.fires('YidengStoreAway')
    await night.pass(5.5, asked)
    night.fires('YidengFails', 'YidengStoreAway')
    postgres.start()
    await night.sees('yideng_ready{need="stores"} 1')
    await night.pass(1, () => enter(crowd, crowd.usernames[0] ?? ''))
    night.still(5)
    night.isQuiet()

    const run = async (statement: string) => {
      const client = new pg.Client(postgres.url)
      await client.connect()
      await client.query('set default_transaction_read_only = off')
      await client.query(statement)
      await client.query('select pg_reload_conf()')
      await client.end()
    }
    await run('alter system set default_transaction_read_only = on')
    await night.sees('yideng_ready{need="stores"} 0')
    await night.pass(1.5)
    night.fires('YidengStoreAway')
    await run('alter system reset default_transaction_read_only')
    await night.sees('yideng_ready{need="stores"} 1')
    await night.pass(0.5)
    night.isQuiet()

    redisCli(redis, 'CONFIG', 'SET', 'maxmemory', '1')
    await night.sees('yideng_ready{need="stores"} 0')
    await night.pass(1.5)
    night.fires('YidengStoreAway')
    redisCli(redis, 'CONFIG', 'SET', 'maxmemory', '0')
    await night.sees('yideng_ready{need="stores"} 1')
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })

  it.skipIf(noStores)('YidengStoreSlow, YidengSlow: each answer of Redis takes 0.3 seconds', async () => {
    let delayMs = 0
    const redis = await startRedis()
    const forwarder = await startForwarder(
      () => redis,
      () => delayMs,
    )
    const shared = { ...(await scaleOut()), YIDENG_REDIS_URL: `redis://127.0.0.1:${forwarder}` }
    const server = await backedUp(await startServer({ ...manyFromHere, ...shared }))
    const crowd = await gather(server)
    const night = watchAtNight(
      [machine(server)],
      ['yideng_http_request_seconds_bucket', 'yideng_artifact_store_seconds_bucket'],
    )
    await night.pass(1, () => enter(crowd, crowd.usernames[0] ?? ''))
    night.still(6)
    night.isQuiet()
    delayMs = 300
    for (let part = 0; part < 4; part += 1) {
      await night.pass(0.25, () => enter(crowd, crowd.usernames[0] ?? ''))
      night.still(3.75)
    }
    night.fires('YidengSlow', 'YidengStoreSlow')
    delayMs = 0
    await night.pass(1, () => enter(crowd, crowd.usernames[0] ?? ''))
    night.still(6)
    night.isQuiet()
    night.judge()
  })

  it.skipIf(noStores)('YidengKeysLack: data.json of a machine is older than the store', async () => {
    const shared = await scaleOut()
    const one = await backedUp(await startServer(shared))
    const keysDir = join(temporaryDirectory(), 'keys')
    mkdirSync(keysDir, { mode: 0o700 })
    const copy = () =>
      copyFileSync(join(one.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), join(keysDir, 'data.json'))
    copy()
    const other = await startServer({ ...shared, YIDENG_KEYS_DIR: keysDir })
    const night = watchAtNight([machine(one), machine(other, 'b')])
    await night.pass(1)
    night.isQuiet()
    const older = readFileSync(join(keysDir, 'data.json'))
    await yideng(one, ['keys', 'rotate', '--kind', 'index', '--prepare'])
    copy()
    const rotated = await yideng(one, ['keys', 'rotate', '--kind', 'index', '--wait'])
    expect(rotated.stderr).not.toContain('lack')
    // a tool that hands out files brings the file of yesterday
    writeFileSync(join(keysDir, 'data.json'), older)
    await night.sees('yideng_ready{need="keys"} 0')
    await night.pass(1.5)
    night.fires('YidengKeysLack')
    copy()
    await until(async () => !(await machine(other).read()).includes('yideng_ready{need="keys"} 0'))
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })

  it('YidengAuditUnsigned: the store takes no checkpoint', async () => {
    const server = await backedUp(await startServer())
    const services = await server.services()
    const { database } = services
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    await sql`create trigger no_roots before insert on audit_roots begin select raise(abort, 'no'); end`.execute(
      database,
    )
    await openPerson(services)
    await server.forward(400_000)
    await night.pass(1)
    night.still(5)
    night.fires('YidengAuditUnsigned')
    await sql`drop trigger no_roots`.execute(database)
    await night.sees('yideng_audit_unsigned_seconds 0')
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })

  it('YidengDiskFills: less than 500 MB are left', async () => {
    const disk = smallDisk('540m')
    const server = await backedUp(await startServer({ YIDENG_DATA_DIR: join(disk, 'data') }))
    const night = watchAtNight([machine(server)], ['yideng_disk_free_bytes'])
    await night.pass(1)
    night.isQuiet()
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(80_000_000))
    await night.pass(1)
    night.still(30)
    night.fires('YidengDiskFills')
    rmSync(ballast)
    await night.pass(1)
    night.still(5)
    night.isQuiet()
    night.judge()
  })

  it.skipIf(cannotRun('PostgreSQL'))('YidengStandbyLate: a standby replays nothing', async () => {
    const primary = await ownPostgres()
    const standby = await standbyOf(primary.port)
    const ask = async (url: string, statement: string) => {
      const client = new pg.Client(url)
      await client.connect()
      const { rows } = await client.query<{ lag: string | null }>(statement)
      await client.end()
      return rows[0]?.lag
    }
    /** As postgres_exporter asks for it. */
    const lag = `select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
      else greatest(0, extract(epoch from now() - pg_last_xact_replay_timestamp())) end as lag`
    const exporter = {
      job: 'postgres' as const,
      instance: 'standby',
      read: async () => `pg_replication_lag_seconds ${await ask(standby.url, lag)}\n`,
    }
    await ask(primary.url, 'create table one (id int)')
    const server = await backedUp(await startServer())
    const night = watchAtNight([machine(server), exporter])
    await night.sees('pg_replication_lag_seconds 0')
    await night.pass(1)
    night.isQuiet()
    await ask(standby.url, 'select pg_wal_replay_pause()')
    await ask(primary.url, 'insert into one values (1)')
    await new Promise((resolve) => setTimeout(resolve, 62_000))
    await night.pass(5.5)
    night.fires('YidengStandbyLate')
    await ask(standby.url, 'select pg_wal_replay_resume()')
    await night.sees('pg_replication_lag_seconds 0')
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })
})
