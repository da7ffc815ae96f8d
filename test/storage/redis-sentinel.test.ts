import { describe, expect, it, onTestFinished } from 'vitest'
import { redisServer } from '../../src/admin/doctor/servers.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openRedisTransport } from '../../src/storage/events-redis.ts'
import { answersOf, masterAt } from '../../src/storage/redis-sentinel.ts'
import { sentinelAddress } from '../../src/config/sentinel-address.ts'
import { connectRedis } from '../../src/storage/redis.ts'
import { hearing, process } from '../contract/events.ts'
import { cannotRun } from '../setup/parts.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { masterName, watchedPair } from '../setup/sentinel.ts'
import { until } from '../setup/server.ts'

const at = (port: number) => `redis://127.0.0.1:${port}`

describe.skipIf(cannotRun('Redis'))('Redis by Sentinel', () => {
  it('follows the master to which the Sentinels fail over, with commands and events', { timeout: 60_000 }, async () => {
    const { master, replica, url } = await watchedPair()
    expect(await masterAt(url)).toBe(at(master))
    const redis = await connectRedis(url, () => undefined)
    onTestFinished(() => redis.close())
    await redis.ask('SET', 'yideng:x', '1')
    const stayed = process(openRedisTransport(url))
    await hearing(stayed)
    redisCli(master, 'SHUTDOWN', 'NOSAVE')
    await until(async () => (await redis.ask('SET', 'yideng:x', '2').catch(() => undefined)) === 'OK')
    expect(redisCli(replica, 'GET', 'yideng:x')).toBe('2')
    expect(await masterAt(url)).toBe(at(replica))
    const joined = process(openRedisTransport(url))
    await hearing(stayed, joined)
    stayed.events.publish('client', 'a change')
    await expect.poll(() => joined.heard, { timeout: 5000 }).toContain('client a change')
  })

  it('needs one Sentinel that answers, and their own password', { timeout: 60_000 }, async () => {
    const { master, url, sentinels } = await watchedPair({ password: 'watching' })
    expect(await masterAt(url)).toBe(at(master))
    await expect(masterAt(url.replace(/\?.*/, ''))).rejects.toThrow('no Sentinel answers')
    await expect(masterAt(url.replace(masterName, 'another'))).rejects.toThrow('no Sentinel knows a master')
    for (const { end } of sentinels.slice(1)) end()
    expect(await masterAt(url)).toBe(at(master))
    const address = sentinelAddress(url)
    expect(address && (await answersOf(address)).filter((answer) => answer === 'silent')).toHaveLength(2)
    const redis = await redisServer(readSettings({ YIDENG_REDIS_URL: url }))
    expect(redis).toMatchObject({ state: 'warn', finding: '1 of 3 Sentinels name its master' })
    sentinels[0]?.end()
    await expect(connectRedis(url, () => undefined)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      cause: { message: 'no Sentinel answers' },
    })
  })

  it('takes no replica for the master, though a Sentinel names it', { timeout: 60_000 }, async () => {
    const { master, url } = await watchedPair({ sentinels: 1, downMs: 60_000 })
    const other = await startRedis({})
    redisCli(master, 'REPLICAOF', '127.0.0.1', String(other))
    await until(async () => redisCli(master, 'INFO', 'replication').includes('role:slave'))
    // until the Sentinel makes it a master again
    await expect(masterAt(url)).rejects.toThrow('no master that the Sentinels name')
  })
})
