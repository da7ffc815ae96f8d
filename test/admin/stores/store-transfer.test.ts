import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkBackup } from '../../../src/admin/stores/backup-file.ts'
import { CopyRefused } from '../../../src/storage/copy.ts'
import { openServices } from '../../../src/services.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { openRedisArtifacts } from '../../../src/storage/artifacts-redis.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { mandate, openOrganisation } from '../../setup/organisation.ts'
import { cannotRun } from '../../setup/parts.ts'
import { openPerson } from '../../setup/person.ts'
import { startRedis } from '../../setup/redis.ts'
import { makePostgres } from '../../setup/stores.ts'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'

interface Copied {
  tables: Record<string, { rows: number; hash: string }>
  artifacts?: number
}

/** A store with rows in most tables. */
async function filled() {
  const line = commandLine()
  const { handler } = await line.withServices(async (services) => {
    const { id, representative } = await openOrganisation(services)
    const person = await openPerson(services)
    await mandate(services, id, representative, person)
    return { handler: person }
  })
  return { line, handler, dataDir: join(line.directory, 'data'), keysDir: join(line.directory, 'keys') }
}

/** Every long text of the key files. */
function secretsIn(keysDir: string): string[] {
  const found = readdirSync(keysDir).flatMap(
    (name) => readFileSync(join(keysDir, name), 'latin1').match(/[\w+/-]{40,}/g) ?? [],
  )
  expect(found.length).toBeGreaterThan(2)
  return found
}

const expectNone = (content: Buffer, secrets: string[]) =>
  expect(secrets.filter((secret) => content.includes(secret))).toEqual([])

const settingsOf = (more: Record<string, string>) => readSettings({ YIDENG_LOG_LEVEL: 'silent', ...more })

it('backs up while a server runs, restores into a new store, and never overwrites', async () => {
  const { line, handler, dataDir, keysDir } = await filled()
  const file = join(line.directory, 'backup.sqlite')
  writeFileSync(`${file}.partial`, 'what was cut off')
  await line.withServices(async (services) => {
    await services.audit.record({ event: 'login.succeeded', actor: 'person', personId: handler.id })
    expect((await line.yideng('backup', file)).code).toBe(0)
    const moved = await line.yideng('migrate', '--from', dataDir, '--to', join(line.directory, 'other.sqlite'))
    expect(moved).toMatchObject({ code: 1, err: expect.stringContaining('stop the server first') })
  })
  expect(readdirSync(line.directory).toSorted()).toEqual(['backup.sqlite', 'data', 'keys'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await line.yideng('backup', file)).err).toContain('exists already')

  const other = commandLine({ environment: { YIDENG_KEYS_DIR: keysDir, ...unansweredIssuer } })
  const { tables } = await other.json<Copied>('restore', file)
  expect(tables['mandates']?.rows).toBeGreaterThan(0)
  expect(await other.json('person', 'list')).toEqual(await line.json('person', 'list'))
  expect((await other.yideng('doctor')).code).toBe(0)
  expect(await other.yideng('restore', file)).toMatchObject({ code: 1, err: expect.stringContaining('is not empty') })
  expect((await other.yideng('restore', join(line.directory, 'none'))).err).toContain('does not exist')
  expect((await other.yideng('migrate', '--from', 'x')).code).toBe(2)
})

it('a backup has no plain key or person; damaged backups and newer stores are refused', async () => {
  const { line, handler, dataDir, keysDir } = await filled()
  const file = join(line.directory, 'backup.sqlite')
  expect((await line.yideng('backup', file)).code).toBe(0)
  const whole = readFileSync(file)
  expectNone(whole, [...secretsIn(keysDir), handler.number, handler.phone, '陈大文'])

  const harmed = join(line.directory, 'harmed.sqlite')
  const target = join(line.directory, 'target')
  const other = commandLine({ environment: { YIDENG_KEYS_DIR: keysDir, YIDENG_DATA_DIR: target } })
  const flipped = Buffer.from(whole)
  const at = flipped.indexOf(handler.id)
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
  const cut = whole.subarray(0, whole.length - 4096)
  for (const content of [flipped, cut, whole.subarray(0, 100), Buffer.from('a letter'), Buffer.alloc(0)]) {
    writeFileSync(harmed, content)
    expect(await other.yideng('restore', harmed)).toMatchObject({ code: 1, err: expect.stringContaining('no backup') })
  }
  // a flipped bit at any place leads to a refusal only
  for (let bit = 0; bit < 60; bit += 1) {
    const bent = Buffer.from(whole)
    const place = Math.floor((bent.length * bit) / 60)
    bent.writeUInt8(bent.readUInt8(place) ^ (1 << (bit % 8)), place)
    writeFileSync(harmed, bent)
    try {
      checkBackup(harmed)
    } catch (error) {
      expect(error).toBeInstanceOf(CopyRefused)
    }
  }
  expect((await other.yideng('restore', join(dataDir, 'yideng.sqlite'))).err).toContain('is no backup')

  const store = new DatabaseSync(join(dataDir, 'yideng.sqlite'))
  store.exec(`INSERT INTO kysely_migration VALUES ('9999-later', '9999-01-01')`)
  store.close()
  const moved = await line.yideng('migrate', '--from', dataDir, '--to', join(target, 'yideng.sqlite'))
  expect(moved).toMatchObject({ code: 1, err: expect.stringContaining('a newer version') })
  expect(existsSync(target)).toBe(false)
})

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('to PostgreSQL and Redis', () => {
  let url: string
  let redis: string
  beforeAll(async () => {
    url = await makePostgres()
    redis = `redis://127.0.0.1:${await startRedis()}`
  })

  it('moves an embedded store with its sessions to PostgreSQL, backs it up there, and moves it back', async () => {
    const { line, dataDir, keysDir } = await filled()
    const artifacts = openSqliteArtifacts(join(dataDir, 'artifacts.sqlite'), Date.now)
    await artifacts.put('Session', 'a', '{"b":1}', { ttl: 600, alias: 'uid', group: 'person' })
    await artifacts.increment('limit', 'x', 600)
    await artifacts.close()
    // interrupted before the accounts were copied: run it again
    const gone = 'redis://127.0.0.1:1'
    expect((await line.yideng('migrate', '--from', dataDir, '--to', url, '--to-redis', gone)).code).toBe(1)
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
    // ids and the hash chain continue
    const services = await openServices(settingsOf(scaled.environment), Date.now)
    await openOrganisation(services)
    await services.close()
    const file = join(line.directory, 'backup.sqlite')
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query('delete from kysely_migration where name > $1 returning *', ['0009-z'])
    expect((await scaled.yideng('backup', file)).err).toContain('older version')
    for (const row of rows) await client.query('insert into kysely_migration values ($1, $2)', Object.values(row))
    await client.end()
    expect((await scaled.yideng('backup', file)).code).toBe(0)
    // here the store has the signing keys, sealed
    expect(readdirSync(keysDir)).toContain('signing.json')
    expectNone(readFileSync(file), secretsIn(keysDir))

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
