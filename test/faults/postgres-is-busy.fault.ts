import { existsSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { signIn } from '../setup/person.ts'
import { startRedis } from '../setup/redis.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany, type Crowd } from './people.ts'
import { ownPostgres } from './postgres.ts'

/** Timeouts are 5 s for a lock, 3 s for a connection, 15 s for an answer (src/storage/postgres.ts). The rest is for a busy machine. */
const longestMs = 20_000
const atOnce = 32
const mostGrownMB = 200

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'another client' })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end().catch(() => undefined))
  return client
}

/** A server whose role may have twelve connections, and another client with all rights. */
async function begin() {
  const { url: root } = await ownPostgres()
  const other = await connect(root)
  await other.query('create role yideng login connection limit 12')
  await other.query('create database yideng owner yideng')
  const url = root.replace('postgres@', 'yideng@').replace(/postgres$/, 'yideng')
  const server = await startServer({
    ...manyFromHere,
    YIDENG_ADDRESS_REQUESTS: '1000000',
    YIDENG_ADDRESS_STORED: '100000000',
    YIDENG_DATABASE_URL: url,
    YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}`,
  })
  const crowd = await gather(server, atOnce)
  const before = await enter(crowd, crowd.usernames[0] ?? '')
  // warm-up: the test does not measure the first connections
  expect((await signInMany(crowd, 2 * atOnce, { atOnce })).failures).toEqual([])
  return { server, crowd, url, other, before }
}

const memoryOf = ({ pid }: RunningServer) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))?.[1]) / 1024

/** All people sign in at once until `end` is settled. Collects their answers and the state of the server. */
async function signInUntil(server: RunningServer, crowd: Crowd, end: Promise<unknown>) {
  const over = new AbortController()
  void end.finally(() => over.abort())
  const seen = { statuses: new Set<string>(), ready: new Set<number>(), longest: 0, longestOfHealth: 0, answers: 0 }
  const timed = async <T>(ask: () => Promise<T>): Promise<[T, number]> => {
    const began = performance.now()
    return [await ask(), performance.now() - began]
  }
  const people = crowd.usernames.map(async (username) => {
    while (!over.signal.aborted) {
      const visitor = new Visitor(server.issuer)
      const { url } = await crowd.portal.begin()
      let [page, ms] = await timed(() => visitor.get(url))
      const form = page
      if (form.status === 200) {
        let more
        ;[page, more] = await timed(() => signIn(visitor, form, username))
        ms = Math.max(ms, more)
      }
      const waits = page.status === 503 && page.html.includes('一登暂时无法使用') ? page.headers.get('retry-after') : ''
      seen.statuses.add(`${page.status} ${waits}`)
      seen.longest = Math.max(seen.longest, ms)
      seen.answers += 1
      await pause(100)
    }
  })
  const health = async () => {
    while (!over.signal.aborted) {
      const [{ status }, ms] = await timed(() => fetch(`${server.issuer}/healthz`))
      expect(status).toBe(200)
      seen.longestOfHealth = Math.max(seen.longestOfHealth, ms)
      seen.ready.add((await fetch(`${server.issuer}/readyz`)).status)
      await pause(200)
    }
  }
  const memory = memoryOf(server)
  await Promise.all([...people, health()])
  const grown = memoryOf(server) - memory
  console.log({ ...seen, grownMB: Math.round(grown) })
  expect(grown).toBeLessThan(mostGrownMB)
  expect(seen.longest).toBeLessThan(longestMs)
  expect(seen.longestOfHealth).toBeLessThan(1500)
  return seen
}

async function recovers(server: RunningServer, crowd: Crowd, before: Visitor, pid: number): Promise<void> {
  const began = performance.now()
  await until(async () => (await fetch(`${server.issuer}/readyz`)).ok)
  expect(performance.now() - began).toBeLessThan(longestMs)
  expect(await enterAgain(crowd, before)).toBe(true)
  expect((await signInMany(crowd, 40)).failures).toEqual([])
  expect(server.pid()).toBe(pid)
  expect(await ailments(server)).toEqual([])
}

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('PostgreSQL is there, but', () => {
  it('another client locks a table for 30 s: 503 pages in bounded time, then recovery', async () => {
    const { server, crowd, before, url } = await begin()
    const pid = server.pid()
    const locker = await connect(url.replace('yideng@', 'postgres@'))
    await locker.query('begin; lock table natural_persons in access exclusive mode')
    const seen = await signInUntil(
      server,
      crowd,
      pause(30_000).then(() => locker.query('rollback')),
    )
    expect([...seen.statuses]).toEqual(expect.arrayContaining(['503 10']))
    expect([...seen.statuses].filter((status) => !/^(503 10|303 )$/.test(status))).toEqual([])
    await recovers(server, crowd, before, pid)
  })

  it('another client has all connections: the same, and the server is not ready', async () => {
    const { server, crowd, before, other } = await begin()
    const pid = server.pid()
    await other.query(`alter role yideng connection limit 0`)
    await other.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'yideng'`)
    const seen = await signInUntil(server, crowd, pause(10_000))
    expect([...seen.statuses]).toEqual(['503 10'])
    expect([...seen.ready]).toEqual([503])
    await other.query(`alter role yideng connection limit 12`)
    await recovers(server, crowd, before, pid)
  })

  it('the present connections do not answer: the same, and the server opens others', async () => {
    const { server, crowd, before, other } = await begin()
    const pid = server.pid()
    const { rows } = await other.query<{ pid: number }>(`select pid from pg_stat_activity where usename = 'yideng'`)
    const tell = (signal: 'SIGSTOP' | 'SIGCONT') => {
      for (const backend of rows) if (existsSync(`/proc/${backend.pid}`)) process.kill(backend.pid, signal)
    }
    tell('SIGSTOP')
    onTestFinished(() => tell('SIGCONT'))
    const seen = await signInUntil(server, crowd, pause(20_000))
    // a backend may have stopped in a transaction that holds the write lock: no write succeeds before it ends
    tell('SIGCONT')
    expect([...seen.statuses].filter((status) => !/^(503 10|303 )$/.test(status))).toEqual([])
    await recovers(server, crowd, before, pid)
  })
})
