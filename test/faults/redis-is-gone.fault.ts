import { describe, expect, it, onTestFinished } from 'vitest'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { addSigningKeys } from '../../src/keys/signing-keys.ts'
import { StoreUnavailable } from '../../src/storage/unavailable.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { Visitor } from '../setup/visitor.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany, type Crowd } from './people.ts'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis configured as in docs/deploy.md: its data survive a restart. */
async function withDurableRedis() {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-redis-'))
  const flags = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', directory]
  const port = await startRedis({ flags })
  const start = () => startRedis({ port, flags })
  const server = await startServer({
    ...manyFromHere,
    YIDENG_WORKERS: '2',
    YIDENG_DATABASE_URL: await makePostgres(),
    YIDENG_REDIS_URL: `redis://127.0.0.1:${port}`,
  })
  return { port, start, server, crowd: await gather(server) }
}

/** The number of keys, if all processes publish the same; else undefined. */
async function published(server: { issuer: string }): Promise<number | undefined> {
  const sets = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const answer = await fetch(`${server.issuer}/jwks`, { headers: { connection: 'close' } })
      return ((await answer.json()) as { keys: object[] }).keys.length
    }),
  )
  return sets.every((many) => many === sets[0]) ? sets[0] : undefined
}

/** Checks that both processes see a change at once. Without events they cache it for half a minute. */
async function followsAgain(server: { issuer: string }, { services }: Crowd): Promise<void> {
  const portal = await registerPortal(services)
  const { url } = await portal.begin()
  const allAre = async (wanted: number) => {
    const ask = () => fetch(url, { redirect: 'manual', headers: { connection: 'close' } })
    return (await Promise.all([ask(), ask(), ask(), ask()])).every(({ status }) => status === wanted)
  }
  await until(() => allAre(303))
  await new Promise((resolve) => setTimeout(resolve, 1100))
  expect(await allAre(303)).toBe(true)
  await services.clients.setStatus(portal.clientId, 'suspended', 'administrator:test')
  await until(() => allAre(400))
  addSigningKeys(services.settings.keysDir, Date.now, Date.now())
  await services.keysChanged()
  await until(async () => (await published(server)) === 6)
}

const statusOf = async (server: { issuer: string }, path: string) => (await fetch(`${server.issuer}${path}`)).status

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('Redis', () => {
  it('restarts during sign-ins: every second try succeeds, and sessions remain', async () => {
    const { port, start, server, crowd } = await withDurableRedis()
    const before = await enter(crowd, crowd.usernames[0] ?? '')
    let restarted: Promise<number> | undefined
    const { failures, retried } = await signInMany(crowd, 100, {
      patienceMs: 3000,
      onSignedIn(count) {
        if (count !== 30) return
        redisCli(port, 'SHUTDOWN')
        restarted = start()
      },
    })
    console.log(`${retried} tried twice`)
    await restarted
    expect(failures).toEqual([])
    expect(await enterAgain(crowd, before)).toBe(true)
    expect(await ailments(server)).toEqual([])
  })

  it('hangs: requests do not wait for it', async () => {
    const port = await startRedis()
    const artifacts = await openRedisArtifacts(`redis://127.0.0.1:${port}`, Date.now, () => undefined)
    onTestFinished(() => artifacts.close())
    await artifacts.put('code', 'a', '1', { ttl: 60 })
    redisCli(port, 'CLIENT', 'PAUSE', '4000', 'ALL')
    await expect(artifacts.get('code', 'a')).rejects.toBeInstanceOf(StoreUnavailable)
    await expect.poll(() => artifacts.get('code', 'a').catch(() => undefined), { timeout: 8000 }).toBe('1')
  })

  it('is gone for 20 s: 503 pages and no other answer, then recovery without a restart', async () => {
    const { port, start, server, crowd } = await withDurableRedis()
    const before = await enter(crowd, crowd.usernames[0] ?? '')
    redisCli(port, 'SHUTDOWN')
    const end = Date.now() + 20_000
    const seen = new Map<string, number>()
    while (Date.now() < end) {
      const began = performance.now()
      const { url } = await crowd.portal.begin()
      const page = await before.get(url)
      const calm = page.html.includes('一登暂时无法使用') && page.headers.get('retry-after') === '10'
      const key = `${page.status} ${calm ? 'calm' : page.html.slice(0, 200)}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
      expect(performance.now() - began).toBeLessThan(4000)
      expect(await statusOf(server, '/readyz')).toBe(503)
      expect(await statusOf(server, '/healthz')).toBe(200)
      expect(await statusOf(server, '/jwks')).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect([...seen.keys()]).toEqual(['503 calm'])
    // a process without events polls often, so it publishes a new key
    addSigningKeys(server.environment['YIDENG_KEYS_DIR'] ?? '', Date.now, Date.now())
    await until(async () => (await published(server)) === 4)
    expect((await ailments(server)).map(({ what }) => what)).toEqual(['Redis'])
    const pids = server.pid()
    await start()
    await until(async () => (await statusOf(server, '/readyz')) === 200)
    expect(await enterAgain(crowd, before)).toBe(true)
    expect((await signInMany(crowd, 20)).failures).toEqual([])
    expect(server.pid()).toBe(pids)
    await followsAgain(server, crowd)
    expect(await ailments(server)).toEqual([])
    expect((await new Visitor(server.issuer).get('/')).status).toBe(200)
  })
})
