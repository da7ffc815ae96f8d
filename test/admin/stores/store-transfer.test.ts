import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openHouse } from '../../../src/admin/house.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { openRedisArtifacts } from '../../../src/storage/artifacts-redis.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { mandate, openOrganisation } from '../../setup/organisation.ts'
import { cannotRun } from '../../setup/parts.ts'
import { openPerson } from '../../setup/person.ts'
import { startRedis } from '../../setup/redis.ts'
import { makePostgres } from '../../setup/stores.ts'
import { commandLine } from '../../cli/in-process.ts'

interface Copied {
  tables: Record<string, { rows: number; hash: string }>
  artifacts?: number
}

/** A store with something in most tables. */
async function filled() {
  const line = commandLine()
  const { handler } = await line.withHouse(async (house) => {
    const { id, representative } = await openOrganisation(house)
    const person = await openPerson(house)
    await mandate(house, id, representative, person)
    return { handler: person }
  })
  return { line, handler, dataDir: join(line.directory, 'data'), keysDir: join(line.directory, 'keys') }
}

const settingsOf = (more: Record<string, string>) => readSettings({ YIDENG_LOG_LEVEL: 'silent', ...more })

it('backs up while a server has the store open, restores into a new one, and never over something', async () => {
  const { line, handler, keysDir } = await filled()
  const file = join(line.directory, 'backup.sqlite')
  await line.withHouse(async (house) => {
    await house.audit.record({ event: 'login.succeeded', actor: 'person', personId: handler.id })
    expect((await line.yideng('backup', file)).code).toBe(0)
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await line.yideng('backup', file)).err).toContain('is there already')

  const other = commandLine({ environment: { YIDENG_KEYS_DIR: keysDir } })
  const { tables } = await other.json<Copied>('restore', file)
  expect(tables['mandates']?.rows).toBeGreaterThan(0)
  expect(await other.json('person', 'list')).toEqual(await line.json('person', 'list'))
  expect((await other.yideng('doctor')).code).toBe(0)
  expect(await other.yideng('restore', file)).toMatchObject({ code: 1, err: expect.stringContaining('is not empty') })
  expect((await other.yideng('restore', join(line.directory, 'none'))).err).toContain('is not there')
  expect((await other.yideng('migrate', '--from', 'x')).code).toBe(2)
})

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('to PostgreSQL and Redis', () => {
  let url: string
  let redis: string
  beforeAll(async () => {
    url = await makePostgres()
    redis = `redis://127.0.0.1:${await startRedis()}`
  })

  it('moves an embedded house, sessions included; goes on there, is backed up there and comes back', async () => {
    const { line, dataDir, keysDir } = await filled()
    const artifacts = openSqliteArtifacts(join(dataDir, 'artifacts.sqlite'), Date.now)
    await artifacts.put('Session', 'a', '{"b":1}', { ttl: 600, alias: 'uid', group: 'person' })
    await artifacts.increment('limit', 'x', 600)
    await artifacts.close()
    const moved = await line.json<Copied>('migrate', '--from', dataDir, '--to', url, '--to-redis', redis)
    expect(moved.artifacts).toBe(2)
    expect(existsSync(join(dataDir, 'yideng.sqlite'))).toBe(true)
    const there = await openRedisArtifacts(redis, Date.now, () => undefined)
    expect(await there.getByAlias('Session', 'uid')).toEqual({ id: 'a', value: '{"b":1}' })
    expect((await there.listGroup('Session', 'person')).length).toBe(1)
    expect((await there.increment('limit', 'x', 600)).count).toBe(2)
    await there.close()

    const scaled = commandLine({ environment: { YIDENG_KEYS_DIR: keysDir, YIDENG_DATABASE_URL: url } })
    expect(await scaled.json('person', 'list')).toEqual(await line.json('person', 'list'))
    // ids go on, the chain goes on
    const house = await openHouse(settingsOf(scaled.environment), Date.now)
    await openOrganisation(house)
    await house.close()
    const file = join(line.directory, 'backup.sqlite')
    expect((await scaled.yideng('backup', file)).code).toBe(0)

    const keys = join(line.directory, 'keys-of-another')
    mkdirSync(keys, { mode: 0o700 })
    copyFileSync(join(keysDir, 'data.json'), join(keys, 'data.json'))
    const back = commandLine({ environment: { YIDENG_KEYS_DIR: keys } })
    const { tables } = await back.json<Copied>('restore', file)
    expect(tables['audit_events']?.rows).toBeGreaterThan(moved.tables['audit_events']?.rows ?? 0)
    const checks = await back.json<{ checks: { what: string; state: string }[] }>('doctor')
    expect(checks.checks.filter(({ state }) => state === 'fail')).toEqual([])
  })
})
