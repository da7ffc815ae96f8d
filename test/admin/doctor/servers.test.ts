import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { claimRedis, openArtifacts } from '../../../src/storage/stores.ts'
import { makeCertificate, noOpenssl } from '../../setup/certificate.ts'
import { cannotRun } from '../../setup/parts.ts'
import { postgresDoor } from '../../setup/postgres-over-tls.ts'
import { redisCli, startRedis } from '../../setup/redis.ts'
import { makePostgres } from '../../setup/stores.ts'

interface Check {
  state: string
  what: string
  finding: string
}

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis') || noOpenssl)('doctor on PostgreSQL and Redis', () => {
  let line: ReturnType<typeof commandLine>
  let url: string

  const examine = async (environment: Record<string, string>, clock = Date.now) => {
    const keys = join(line.directory, 'keys')
    const other = commandLine({
      clock,
      environment: {
        YIDENG_KEYS_DIR: keys,
        YIDENG_DATABASE_URL: url,
        YIDENG_ISSUER: 'http://localhost:1',
        ...environment,
      },
    })
    const { out } = await other.yideng('doctor', '--json')
    const { checks } = JSON.parse(out) as { checks: Check[] }
    return checks.filter(({ state }) => state !== 'ok')
  }

  beforeAll(async () => {
    url = await makePostgres()
  })

  it('reports no fault of good servers, and each fault of others', async () => {
    const durable = await startRedis({ flags: ['--appendonly', 'yes'] })
    line = commandLine({ environment: { YIDENG_DATABASE_URL: url, YIDENG_REDIS_URL: `redis://127.0.0.1:${durable}` } })
    await line.withServices(async ({ audit }) => audit.record({ event: 'login.succeeded', actor: 'person' }))
    expect(await examine({ YIDENG_REDIS_URL: `redis://127.0.0.1:${durable}` })).toEqual([])

    const door = await postgresDoor(makeCertificate())
    const { pathname } = new URL(url)
    const encrypted = (query: string) => `postgres://postgres@localhost:${door.port}${pathname}?${query}`
    const redis = { YIDENG_REDIS_URL: `redis://127.0.0.1:${durable}` }
    expect(await examine({ ...redis, YIDENG_DATABASE_URL: encrypted('sslmode=require') })).toMatchObject([
      { state: 'warn', what: 'PostgreSQL', finding: expect.stringContaining('trusts any certificate') },
    ])

    // the Redis user of docs/deploy.md has every right; a user of older versions may not publish events
    const [, rights = ''] = /^user yideng on >… (.*)$/m.exec(readFileSync('docs/deploy.md', 'utf8')) ?? []
    const withRights = (...given: string[]) => {
      redisCli(durable, 'ACL', 'SETUSER', 'yideng', 'reset', 'on', '>secret', ...given)
      return examine({ YIDENG_REDIS_URL: `redis://yideng:secret@127.0.0.1:${durable}` })
    }
    expect(await withRights(...rights.split(' '))).toEqual([])
    expect(
      await withRights(...rights.split(' ').filter((right) => !/yideng:events|publish|subscribe/.test(right))),
    ).toMatchObject([{ state: 'warn', what: 'Redis', finding: expect.stringContaining('publish and subscribe') }])

    const flags = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']
    const forgetful = await examine({ YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis({ flags })}` })
    expect(forgetful).toMatchObject([
      { state: 'warn', what: 'Redis', finding: expect.stringMatching(/noeviction.*appendonly/) },
    ])

    const replica = await startRedis({ flags: ['--replicaof', '127.0.0.1', String(durable)] })
    expect(await examine({ YIDENG_REDIS_URL: `redis://127.0.0.1:${replica}` })).toContainEqual(
      expect.objectContaining({ state: 'fail', what: 'Redis', finding: 'is a replica, which refuses to write' }),
    )

    const artifacts = await openArtifacts(
      readSettings({ YIDENG_REDIS_URL: `redis://127.0.0.1:${durable}` }),
      Date.now,
      pino({ level: 'silent' }),
    )
    expect([await claimRedis(artifacts, 'another system'), await claimRedis(artifacts, 'another system')]).toEqual([
      true,
      true,
    ])
    expect(await claimRedis(artifacts, 'this system')).toBe(false)
    await artifacts.close()
    expect(await examine({ YIDENG_REDIS_URL: `redis://127.0.0.1:${durable}` })).toMatchObject([
      { state: 'fail', what: 'Redis', finding: 'another Yideng uses it' },
    ])

    const late = await examine({ YIDENG_REDIS_URL: '' }, () => Date.now() + 60_000)
    expect(late).toContainEqual(
      expect.objectContaining({ what: 'clock', finding: expect.stringContaining("60 seconds ahead of PostgreSQL's") }),
    )

    const unanswered = await examine({
      YIDENG_REDIS_URL: 'redis://127.0.0.1:1',
      YIDENG_DATABASE_URL: 'postgres://postgres:hunter2@127.0.0.1:1/yideng',
    })
    expect(unanswered.map(({ state, what }) => `${state} ${what}`)).toEqual(['fail PostgreSQL', 'fail Redis'])
    expect(JSON.stringify(unanswered)).not.toContain('hunter2')
    const empty = await examine({ YIDENG_DATABASE_URL: await makePostgres() })
    expect(empty).toContainEqual(
      expect.objectContaining({ state: 'fail', what: 'store', finding: 'the database is empty' }),
    )
  })
})
