import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openRedisTransport } from '../../src/storage/events-redis.ts'
import { redisCode } from '../../src/storage/redis-line.ts'
import { connectRedis, script, type Redis } from '../../src/storage/redis.ts'
import { StoreUnavailable } from '../../src/storage/unavailable.ts'
import { hearing, process } from '../contract/events.ts'
import { startForwarder } from '../setup/forwarder.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'

/** A master and its replica behind one address, which leads to the present master. */
async function pair() {
  const flags = ['--repl-diskless-sync-delay', '0']
  const ports = [await startRedis({ flags }), await startRedis({ flags })]
  const [first = 0, second = 0] = ports
  const role = (port: number) => redisCli(port, 'INFO', 'replication')
  redisCli(second, 'REPLICAOF', '127.0.0.1', String(first))
  await until(async () => role(second).includes('master_link_status:up'))
  let master = first
  const address = await startForwarder(() => master)
  return {
    address,
    /** The replica takes over; the old master becomes its replica and keeps its open connections. */
    async failover() {
      // refused while the master does not know yet that its replica has all
      await until(async () => redisCli(first, 'FAILOVER', 'TO', '127.0.0.1', String(second)) === 'OK')
      await until(async () => role(second).includes('role:master') && role(first).includes('role:slave'))
      master = second
    },
  }
}

async function connection(port: number): Promise<Redis> {
  const redis = await connectRedis(`redis://127.0.0.1:${port}`, () => undefined)
  onTestFinished(() => redis.close())
  return redis
}

describe.skipIf(cannotRun('Redis'))('an error that Redis answers', () => {
  let port: number
  beforeAll(async () => {
    port = await startRedis()
  })

  /** The number that Redis gives the connection. */
  const idOf = (redis: Redis) => redis.ask('CLIENT', 'ID').catch(() => undefined)
  const answers = (redis: Redis, error: string) =>
    redis.run(script(`return redis.error_reply('${error}')`), 'yideng:x').catch((refused: unknown) => refused)

  it.each([
    'READONLY No write against a read only replica.',
    'MASTERDOWN Link with MASTER is down',
    'NOREPLICAS Not enough good replicas to write.',
    'LOADING Redis is loading the dataset in memory',
    'CLUSTERDOWN The cluster is down',
    'MOVED 3999 127.0.0.1:6381',
    'ASK 3999 127.0.0.1:6381',
    'REDIRECT 127.0.0.1:6381',
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    'READONLY You cannot write against a read only replica. script: 1f2e, on @user_script:2.',
    'ERR Error running script (call to f_1): @user_script:2: -MASTERDOWN Link with MASTER is down',
    'ERR Error running script (call to f_1): @user_script:1: -READONLY No write at a replica.',
  ])('ends this connection, and the next one answers: %s', async (error) => {
    const redis = await connection(port)
    const before = await idOf(redis)
    expect(await answers(redis, error)).toBeInstanceOf(StoreUnavailable)
    await expect.poll(() => idOf(redis)).toEqual(expect.any(Number))
    expect(await idOf(redis)).not.toBe(before)
  })

  it.each([
    ['OOM command not allowed when used memory > maxmemory', true],
    ['MISCONF Redis is configured to save RDB snapshots', true],
    ['BUSY Redis is busy running a script', true],
    ['BUSYKEY Target key name already exists', true],
    ['NOSCRIPT No matching script', false],
    ['WRONGPASS invalid username-password pair', false],
    ['CROSSSLOT Keys in request do not hash to the same slot', true],
    ['TRYAGAIN Multiple keys request during rehashing of slot', true],
    ['ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed', true],
    ['ERR unknown command', false],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', false],
    ['NOPERM this user has no permissions to run the command', false],
  ])('keeps this connection: %s', async (error, unavailable) => {
    const redis = await connection(port)
    const before = await idOf(redis)
    expect((await answers(redis, error)) instanceof StoreUnavailable).toBe(unavailable)
    expect(await idOf(redis)).toBe(before)
  })

  it('that stays connects slowly, and as many commands as there may be wait for none', async () => {
    redisCli(port, 'REPLICAOF', '127.0.0.1', '1')
    const redis = await connection(port)
    const connections = () => Number(/total_connections_received:(\d+)/.exec(redisCli(port, 'INFO', 'stats'))?.[1])
    const before = connections()
    const end = performance.now() + 1500
    while (performance.now() < end) {
      await Promise.all(Array.from({ length: 20 }, () => redis.ask('DEL', 'yideng:x').catch(() => undefined)))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // each attempt has two, and INFO above is one
    expect(connections() - before).toBeLessThan(20)
    redisCli(port, 'REPLICAOF', 'NO', 'ONE')
    await expect.poll(() => redis.ask('DEL', 'yideng:x').catch(() => undefined), { timeout: 5000 }).toBe(0)
  })

  it.each([
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
    new Error('Socket closed unexpectedly'),
    'READONLY',
    undefined,
  ])('has a code, and other failures have none: %s', (error) => expect(redisCode(error)).toBeUndefined())
})

describe.skipIf(cannotRun('Redis') || cannotRun('PostgreSQL'))('Redis fails over under its address', () => {
  it('sign-ins begin again within seconds, without a restart', { timeout: 60_000 }, async () => {
    const { address, failover } = await pair()
    const server = await startServer({
      YIDENG_DATABASE_URL: await makePostgres(),
      YIDENG_REDIS_URL: `redis://127.0.0.1:${address}`,
    })
    const portal = await registerPortal(await server.services())
    const page = async () => (await fetch((await portal.begin()).url, { redirect: 'manual' })).status
    expect(await page()).toBe(303)
    await failover()
    const began = performance.now()
    await until(async () => (await page()) === 303)
    const ms = performance.now() - began
    console.log(`sign-ins begin again after ${Math.round(ms)} ms`)
    expect(ms).toBeLessThan(5000)
    expect(await Promise.all(Array.from({ length: 20 }, page))).toEqual(Array.from({ length: 20 }, () => 303))
    expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
  })

  it('events reach every process again', { timeout: 30_000 }, async () => {
    const { address, failover } = await pair()
    const line = () => openRedisTransport(`redis://127.0.0.1:${address}`)
    const stayed = process(line())
    await hearing(stayed)
    await failover()
    const joined = process(line())
    await hearing(joined)
    // published by the process whose connection still led to the old master
    stayed.events.publish('client', 'of the old connection')
    await expect.poll(() => joined.heard, { timeout: 5000 }).toContain('client of the old connection')
    await hearing(stayed)
    joined.events.publish('client', 'of the new connection')
    await expect.poll(() => stayed.heard, { timeout: 5000 }).toContain('client of the new connection')
  })
})
