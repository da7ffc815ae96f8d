import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { endingColumns, isEnded, readEndings } from '../../../src/accounts/sign-in-endings.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { chooser } from '../../../src/admin/stores/restore-words.ts'
import { noChanges } from '../../../src/admin/stores/restore-changes.ts'
import { openRedisArtifacts } from '../../../src/storage/artifacts-redis.ts'
import { end, mandate, openOrganisation } from '../../setup/organisation.ts'
import { unsealedRows } from '../../../src/keys/seal-rows.ts'
import { cannotRun } from '../../setup/parts.ts'
import { openPerson } from '../../setup/person.ts'
import { startRedis } from '../../setup/redis.ts'
import { makePostgres } from '../../setup/stores.ts'
import { commandLine } from '../../cli/in-process.ts'

/** A store with a backup, and later changes of every kind that a restore could undo. */
async function changedSince(environment: Record<string, string> = {}) {
  const line = commandLine({ environment })
  const file = join(line.directory, 'backup.sqlite')
  const known = await line.withServices(async (services) => {
    const [boss, peer, thief, goner, twice] = await Promise.all(Array.from({ length: 5 }, () => openPerson(services)))
    if (!boss || !peer || !thief || !goner || !twice) throw new Error('five people were opened')
    for (const { id } of [boss, peer])
      await services.administrators.grant({ personId: id, role: 'admin', region: '440000' }, 'administrator:test')
    const organisation = await openOrganisation(services)
    const { id: held } = await mandate(services, organisation.id, organisation.representative, thief)
    const { id: kept } = await mandate(services, organisation.id, organisation.representative, peer)
    const other = await openOrganisation(services, { name: '另一家有限公司' })
    const portal = await services.clients.create(
      { name: '门户', redirect_uris: ['https://a.example/callback'] },
      'administrator:test',
    )
    if (!portal.ok) throw new Error('the portal was refused')
    await services.approvals.request({
      command: 'person reveal',
      input: { id: thief.id, reason: 'x' },
      region: undefined,
      requestedBy: boss.id,
    })
    return { boss, peer, thief, goner, twice, organisation, other, held, kept, portal: portal.client.id }
  })
  await line.withServices(({ database }) => {
    // a session that survived the end of the others; the backup has its id
    const marks = JSON.stringify({ stay: [['the session that stayed', Date.now() + 3_600_000]], ended: [] })
    return database.updateTable('natural_persons').set({ signed_out_at: 1000, sign_in_marks: marks }).execute()
  })
  expect((await line.yideng('backup', file)).code).toBe(0)
  await line.withServices(async (services) => {
    const by = { actor: 'administrator:test' }
    await services.administrators.revoke(known.boss.id, by.actor)
    await services.persons.setStatus(known.thief.id, 'locked', by)
    await services.persons.setStatus(known.twice.id, 'locked', by)
    await services.persons.setStatus(known.twice.id, 'active', by)
    await services.audit.record({ event: 'person.closed', actor: 'system', personId: known.goner.id })
    const ended = await end(services, known.held, known.organisation.representative)
    if (!ended.ok) throw new Error(ended.problem)
    await services.legalPersons.setStatus(known.other.id, 'suspended', by)
    await services.clients.setStatus(known.portal, 'suspended', by.actor)
    await services.clients.rotateSecret(known.portal, by.actor)
  })
  return { line, file, ...known }
}

interface Answer {
  since: Record<string, unknown> | null
  choices: object
  done: object
  signed?: object
}

/** The same keys, with another store. */
const into = (line: ReturnType<typeof commandLine>, environment: Record<string, string> = {}) =>
  commandLine({ environment: { YIDENG_KEYS_DIR: line.environment['YIDENG_KEYS_DIR'] ?? '', ...environment } })

async function statusOf(target: ReturnType<typeof commandLine>, ids: Record<string, string>) {
  return target.withServices(async ({ database }) => {
    const statuses: Record<string, string | undefined> = {}
    for (const [name, id] of Object.entries(ids)) {
      const row = await database.selectFrom('natural_persons').select('status').where('id', '=', id).executeTakeFirst()
      statuses[name] = row?.status
    }
    return statuses
  })
}

describe.each([
  { stores: 'SQLite', skip: false, database: async () => '' },
  { stores: 'PostgreSQL', skip: cannotRun('PostgreSQL'), database: makePostgres },
])('restore on $stores', ({ skip, database }) => {
  it.skipIf(skip)('ends all sign-ins, and keeps the locks and endings of the old store', async () => {
    const old = await database()
    const { line, file, ...known } = await changedSince(old ? { YIDENG_DATABASE_URL: old } : {})
    const url = await database()
    const target = into(line, url ? { YIDENG_DATABASE_URL: url } : {})
    const replaces = old || join(line.directory, 'data')
    const answer = await target.json<Answer>('restore', file, '--replaces', replaces)
    expect(answer.done).toEqual({ administrators: 2, locked: 2, mandates: 1, organisations: 1, clients: 1 })
    expect(answer.since).toMatchObject({
      administrators: [known.boss.id],
      locked: [known.thief.id, known.goner.id],
      closed: [known.goner.id],
      mandates: [known.held],
      organisations: [known.other.id],
      clients: [known.portal],
      secrets: [known.portal],
    })
    const ids = { boss: known.boss.id, thief: known.thief.id, goner: known.goner.id, twice: known.twice.id }
    expect(await statusOf(target, ids)).toEqual({ boss: 'active', thief: 'locked', goner: 'locked', twice: 'active' })
    await target.withServices(async (services) => {
      expect(await services.administrators.list()).toEqual([])
      const people = await services.database.selectFrom('natural_persons').select(endingColumns).execute()
      const sessionUid = 'the session that stayed'
      expect(people).toHaveLength(7)
      for (const row of people) expect(isEnded(readEndings(row), { at: Date.now() / 1000 - 1, sessionUid })).toBe(true)
      expect((await services.approvals.list()).map(({ state }) => state)).toEqual(['refused'])
      const states = await services.database.selectFrom('mandates').select(['id', 'state']).execute()
      expect(Object.fromEntries(states.map(({ id, state }) => [id, state]))).toMatchObject({
        [known.held]: 'ended',
        [known.kept]: 'active',
      })
      // also what the restore ended and suspended is sealed, so it can be resumed
      expect(await unsealedRows(services.database, services.seal)).toEqual([])
    })
    const trail = await target.json<{ event: string }[]>('audit', 'list', '--limit', '1')
    expect(trail[0]?.event).toBe('store.restored')
    expect((await target.yideng('audit', 'verify')).err).not.toContain('changed')
  })
})

it('undoes later changes by flag, but keeps revoked administrators revoked', async () => {
  const { line, file, ...known } = await changedSince()
  const target = into(line)
  const flags = ['--keep-administrators', '--undo-locks', '--undo-endings', '--replaces', join(line.directory, 'data')]
  const { out } = await target.yideng('restore', file, ...flags)
  expect(out).toContain('The administrators of the backup stay, without 1 that')
  expect(out).toContain(known.thief.id)
  expect(await statusOf(target, { thief: known.thief.id })).toEqual({ thief: 'active' })
  await target.withServices(async (services) => {
    expect((await services.administrators.list()).map(({ personId }) => personId)).toEqual([known.peer.id])
  })
})

it('without the old store, later endings are unknown and the store gets no administrator', async () => {
  const { line, file } = await changedSince()
  const target = into(line)
  const { out, code } = await target.yideng('restore', file)
  expect(code).toBe(0)
  expect(out).toContain('are active again')
  expect(out).toContain('The store has no administrator (2 in the backup)')
  await target.withServices(async (services) => expect(await services.administrators.list()).toEqual([]))
})

it('asks the person at the terminal, and undoes nothing without one', async () => {
  const since = noChanges()
  since.locked.add('a')
  since.mandates.add('m')
  const flags = { 'keep-administrators': false, 'undo-locks': false, 'undo-endings': true }
  const questions: string[] = []
  const confirm = async (question: string) => {
    questions.push(question)
    return question.includes('administrators')
  }
  expect(await chooser({ confirm }, flags)(since, 3)).toEqual({ administrators: true, locks: false, mandates: true })
  expect(questions).toHaveLength(2)
  expect(await chooser({ confirm: async () => false }, flags)(noChanges(), 0)).toEqual({
    administrators: false,
    locks: false,
    mandates: true,
  })
})

it('requires an empty artifact store, and a later state of the same store', async () => {
  const { line, file } = await changedSince()
  const target = into(line)
  const artifacts = join(target.directory, 'data', 'artifacts.sqlite')
  await target.yideng('doctor')
  const store = openSqliteArtifacts(artifacts, Date.now)
  await store.put('Session', 'a', '{}', { ttl: 600 })
  await store.close()
  expect(await target.yideng('restore', file)).toMatchObject({
    code: 1,
    err: expect.stringContaining('still holds sign-ins'),
  })
  expect(existsSync(join(target.directory, 'data', 'yideng.sqlite'))).toBe(true)
  for (const suffix of ['', '-wal', '-shm']) rmSync(artifacts + suffix, { force: true })
  const stranger = commandLine()
  await stranger.withServices((services) => openPerson(services))
  const other = await target.yideng('restore', file, '--replaces', join(stranger.directory, 'data'))
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('not a later state') })
  expect(await target.yideng('restore', file)).toMatchObject({ code: 0 })
  const sqlite = new DatabaseSync(join(target.directory, 'data', 'yideng.sqlite'))
  expect(sqlite.prepare('select count(*) as many from natural_persons').get()?.['many']).toBe(7)
  sqlite.close()
})

it.skipIf(cannotRun('Redis'))('requires an empty Redis', async () => {
  const { line, file } = await changedSince()
  const redis = `redis://127.0.0.1:${await startRedis()}`
  const artifacts = await openRedisArtifacts(redis, Date.now, () => undefined)
  await artifacts.add('house', 'owner', 'mark', { ttl: 600 })
  const target = into(line, { YIDENG_REDIS_URL: redis })
  expect(await target.yideng('restore', file)).toMatchObject({ code: 1, err: expect.stringContaining('FLUSHALL') })
  await artifacts.remove('house', 'owner')
  await artifacts.close()
  expect(await target.yideng('restore', file)).toMatchObject({ code: 0 })
})
