import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Clock } from '../../src/config/clock.ts'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { StoreUnavailable } from '../../src/storage/unavailable.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { cannotRun } from '../setup/parts.ts'
import { redisCli, startRedis } from '../setup/redis.ts'

const quiet = () => undefined
const flags = ['--requirepass', 'secret']

async function opened(port: number, clock: Clock = Date.now) {
  const artifacts = await openRedisArtifacts(`redis://127.0.0.1:${port}`, clock, quiet)
  onTestFinished(() => artifacts.close())
  return artifacts
}

describe.skipIf(cannotRun('Redis'))('Redis', () => {
  for (const kind of ['node', 'cluster'] as const) {
    let port: number
    beforeAll(async () => {
      port = await startRedis({ kind })
    })
    artifactsContract(`Redis, ${kind}`, async (clock) => {
      redisCli(port, 'FLUSHALL')
      return { one: await opened(port, clock), other: await opened(port, clock) }
    })
  }

  it('expires artifacts and lists of groups', async () => {
    const port = await startRedis()
    const artifacts = await opened(port)
    await artifacts.put('code', 'a', '1', { ttl: 1, alias: 'x', group: 'g' })
    await artifacts.increment('limit', 'a', 1)
    expect(Number(redisCli(port, 'DBSIZE'))).toBe(4)
    await expect.poll(() => redisCli(port, 'DBSIZE'), { timeout: 30_000 }).toBe('0')
  })

  it('fails at once while Redis is unavailable, and works again afterwards', async () => {
    const port = await startRedis({ flags })
    const url = `redis://default:secret@127.0.0.1:${port}`
    const artifacts = await openRedisArtifacts(url, Date.now, quiet)
    onTestFinished(() => artifacts.close())
    await artifacts.put('code', 'a', '1', { ttl: 60 })
    redisCli(port, '-a', 'secret', '--no-auth-warning', 'SHUTDOWN', 'NOSAVE')
    const began = performance.now()
    await expect(artifacts.get('code', 'a')).rejects.toBeInstanceOf(StoreUnavailable)
    expect(performance.now() - began).toBeLessThan(1000)
    await startRedis({ port, flags })
    await expect
      .poll(() => artifacts.add('code', 'b', '1', { ttl: 60 }).catch(() => false), { timeout: 30_000 })
      .toBe(true)
  })

  it('fails at the start when Redis is missing or refuses the login', async () => {
    const port = await startRedis({ flags })
    await expect(openRedisArtifacts(`redis://127.0.0.1:${port}`, Date.now, quiet)).rejects.toThrow()
    await expect(openRedisArtifacts('redis://127.0.0.1:1', Date.now, quiet)).rejects.toBeInstanceOf(StoreUnavailable)
  })
})
