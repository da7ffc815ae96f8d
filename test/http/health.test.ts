import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { fixedRoutes } from '../../src/http/endpoints.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { createReadyCheck } from '../../src/storage/ready-check.ts'
import { cannotRun, postgresServer } from '../setup/parts.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { routesOf } from '../setup/routes.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const ready = async (server: RunningServer) => (await fetch(`${server.issuer}/readyz`)).status
const becomes = (server: RunningServer, status: number) => until(async () => (await ready(server)) === status)

describe('HEAD', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_ADDRESS_REQUESTS: '100000' })
  })

  it('has the status and the headers of GET, without content, at every endpoint', async () => {
    const { pages, programs } = routesOf(server)
    const own = [...pages, ...programs].filter(({ method }) => method === 'GET').map(({ at }) => at('x'))
    const fixed = fixedRoutes.map((path) => path.replaceAll(/:\w+/g, 'x'))
    const paths = [...new Set([...own, ...fixed, '/nowhere'])]
    expect(paths.length).toBeGreaterThan(40)
    for (const path of paths) {
      const ask = (method: string) => fetch(server.issuer + path, { method, redirect: 'manual' })
      const [get, head] = [await ask('GET'), await ask('HEAD')]
      expect(`${path} ${head.status}`).toBe(`${path} ${get.status}`)
      expect(`${path} ${head.headers.get('content-type')}`).toBe(`${path} ${get.headers.get('content-type')}`)
      expect(await head.text(), path).toBe('')
    }
  })

  it.each(['/healthz', '/readyz', '/metrics'])('of %s is 200', async (path) => {
    expect((await fetch(server.issuer + path, { method: 'HEAD' })).status).toBe(200)
  })
})

describe('/readyz of the embedded stores', () => {
  it.each(['yideng.sqlite', 'artifacts.sqlite'])(
    'is 503 while %s takes no write',
    { timeout: 40_000 },
    async (file) => {
      const server = await startServer({ YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' })
      expect(await ready(server)).toBe(200)
      const other = new DatabaseSync(join(server.dataDir, file))
      other.exec('BEGIN IMMEDIATE')
      await becomes(server, 503)
      await until(async () => server.output().includes('not ready: a sign-in lacks something'))
      other.exec('ROLLBACK')
      await becomes(server, 200)
      other.close()
    },
  )

  it('costs one write a second, also in a flood', async () => {
    let writes = 0
    const database = openDatabase(join(temporaryDirectory(), 'yideng.sqlite'))
    await migrate(database)
    const check = createReadyCheck({ database, artifacts: { put: async () => void (writes += 1) } })
    const end = performance.now() + 500
    while (performance.now() < end) await Promise.all(Array.from({ length: 50 }, check))
    await database.destroy()
    expect(writes).toBe(1)
  })
})

interface Stores {
  redis: number
  /** Its name. */
  database: string
}

/** A state of a store in which no person can sign in: its begin and its end. */
interface Harm {
  what: string
  begin(at: Stores): Promise<unknown> | string
  end(at: Stores): Promise<unknown> | string
}

async function administer(...commands: string[]): Promise<void> {
  const client = new pg.Client(postgresServer)
  await client.connect()
  for (const command of commands) await client.query(command)
  await client.end()
}

/** Changes the database, also for the connections that are open. */
const alter =
  (change: string) =>
  ({ database }: Stores) =>
    administer(
      `alter database ${database} ${change}`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
    )
const redis =
  (...command: string[]) =>
  ({ redis: port }: Stores) =>
    redisCli(port, ...command)

const harms: Harm[] = [
  {
    what: 'Redis is full (maxmemory, noeviction)',
    begin: redis('CONFIG', 'SET', 'maxmemory', '1mb'),
    end: redis('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    what: 'Redis is a read-only replica',
    begin: redis('REPLICAOF', '127.0.0.1', '1'),
    end: redis('REPLICAOF', 'NO', 'ONE'),
  },
  {
    what: 'Redis lacks the replicas that it must have',
    begin: redis('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: redis('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  {
    what: 'Redis pauses writes',
    begin: redis('CLIENT', 'PAUSE', '60000', 'WRITE'),
    end: redis('CLIENT', 'UNPAUSE'),
  },
  {
    what: 'Redis is gone',
    begin: redis('SHUTDOWN', 'NOSAVE'),
    end: ({ redis: port }) => startRedis({ port }),
  },
  {
    what: 'PostgreSQL is read only (default_transaction_read_only)',
    begin: alter('set default_transaction_read_only = on'),
    end: alter('reset default_transaction_read_only'),
  },
  {
    what: 'PostgreSQL accepts no connection',
    begin: alter('with allow_connections false'),
    end: alter('with allow_connections true'),
  },
]

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('/readyz of shared stores', () => {
  let server: RunningServer
  let at: Stores
  let portal: TestPortal
  beforeAll(async () => {
    const url = await makePostgres()
    at = { redis: await startRedis(), database: new URL(url).pathname.slice(1) }
    server = await startServer({ YIDENG_DATABASE_URL: url, YIDENG_REDIS_URL: `redis://127.0.0.1:${at.redis}` })
    portal = await registerPortal(await server.services())
  })

  it.each(harms)('is 503 while $what, and 200 after', { timeout: 60_000 }, async ({ begin, end }) => {
    await becomes(server, 200)
    await begin(at)
    await becomes(server, 503)
    expect((await fetch(`${server.issuer}/readyz`, { method: 'HEAD' })).status).toBe(503)
    expect((await fetch(`${server.issuer}/healthz`)).status).toBe(200)
    await end(at)
    await becomes(server, 200)
    const { url } = await portal.begin()
    await until(async () => (await fetch(url, { redirect: 'manual' })).status === 303)
  })
})
