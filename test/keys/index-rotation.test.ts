import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { reindex } from '../../src/accounts/reindex.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { commandLine } from '../cli/in-process.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'

type Rotated = { current: string; old: string[]; resumed: boolean; indexed: number; left: string[] }
const rotation = ['keys', 'rotate', '--kind', 'index']
const by = { actor: 'administrator:test' } as const

/** A command line with a key file of a version without index keys. */
function withOldKeyFile(environment: Record<string, string>) {
  const line = commandLine({ environment })
  const keysDir = join(line.directory, 'keys')
  openDataKeys(keysDir)
  const file = join(keysDir, 'data.json')
  const keysInFile = () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const { lookup: _lookup, ...old } = keysInFile()
  writeFileSync(file, JSON.stringify(old))
  return { ...line, file, keysInFile }
}

const indexesOf = (services: Services, id: string) =>
  services.database
    .selectFrom('natural_persons')
    .select(['document_index', 'phone_index', 'username_index'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

const found = async (services: Services, typed: string) =>
  (await services.persons.findByIdentifier(readIdentifier(typed)))?.id

/** Opens a second account with the username or proven document of an existing one. */
function again(services: Services, document: string, username: string) {
  return services.persons.create(
    {
      document: { type: 'resident_id', number: document },
      name: '陈大文',
      phone: '+8613800000001',
      username,
      authenticators: [passwordAuthenticator('x')],
      vouchedLevel: 3,
    },
    by,
  )
}

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]
describe.each(stores)('on %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'accounts move to a new key while they stay findable and unique; a killed run resumes',
    async () => {
      const line = withOldKeyFile(await environment())
      // The server does not know of the rotation yet.
      await line.withServices(async (server) => {
        const [moved, waiting, closed] = [
          await openPerson(server),
          await openPerson(server),
          await openPerson(server),
        ] as const
        const { database } = server
        const random = { document_index: 'a-1', phone_index: 'a-2', username_index: 'a-3', status: 'closed' as const }
        await database.updateTable('natural_persons').set(random).where('id', '=', closed.id).execute()
        const before = await indexesOf(server, waiting.id)
        const belongsTo = async () =>
          (await database.selectFrom('house').select('value').where('key', '=', 'data-keys').executeTakeFirst())?.value
        const forOlderVersions = server.dataKeys.blindIndex('house', 'these are the data keys of this store')
        expect(await belongsTo()).toBe(forOlderVersions)
        expect(await line.json<Rotated>(...rotation)).toMatchObject({
          current: 'i1',
          old: ['i0'],
          resumed: false,
          indexed: 2,
        })
        expect(await indexesOf(server, closed.id)).toMatchObject({ phone_index: 'a-2' })
        // An older version finds no account now, so it must not start.
        expect(await belongsTo()).not.toBe(forOlderVersions)
        // The state after kill -9: one account has not moved, and the store names both keys.
        await database.updateTable('natural_persons').set(before).where('id', '=', waiting.id).execute()
        const ids = { data: 'd1', index: ['i1', 'i0'] }
        await database
          .updateTable('house')
          .set({ value: JSON.stringify(ids) })
          .where('key', '=', 'key-ids')
          .execute()
        expect(before.phone_index).not.toContain('.')

        for (const person of [moved, waiting]) {
          for (const typed of [person.username, person.phone, person.number])
            expect(await found(server, typed)).toBe(person.id)
          expect(await again(server, moved.number, person.username)).toEqual({ ok: false, problem: 'username_taken' })
          const other = `other${person.username}`
          expect(await again(server, person.number, other)).toEqual({ ok: false, problem: 'document_taken' })
        }
        const fresh = await openPerson(server)
        const underNew = expect.stringMatching(/^i1\.[\w-]{43}$/)
        const allNew = { document_index: underNew, phone_index: underNew, username_index: underNew }
        expect(await indexesOf(server, fresh.id)).toEqual(allNew)

        expect((await line.yideng('keys', 'retire', '--kind', 'index')).err).toContain('1 accounts in natural_persons')
        expect(await line.json<Rotated>(...rotation)).toMatchObject({ current: 'i1', resumed: true, indexed: 1 })
        expect(await indexesOf(server, waiting.id)).toEqual(allNew)
        expect(await line.json('keys', 'retire', '--kind', 'index')).toEqual({ retired: ['i0'] })
        const { lookup, index, used_from } = line.keysInFile()
        expect([Object.keys(lookup as object), Object.keys(used_from as object)]).toEqual([['i1'], ['i1']])
        expect(index).toEqual(expect.any(String))
        expect(statSync(line.file).mode & 0o777).toBe(0o600)
        server.dataKeys.refresh()
        expect(await found(server, waiting.phone)).toBe(waiting.id)
        const events = await line.json<{ event: string; details: object }[]>('audit', 'list', '--event', 'keys')
        expect(events.map(({ event, details }) => [event, details])).toEqual([
          ['keys.retired', { kind: 'index', keys: ['i0'] }],
          ['keys.rotated', { kind: 'index', keys: ['i1'] }],
        ])
      })
    },
  )
})

it.skipIf(cannotRun('PostgreSQL'))(
  'nobody takes a name or a document twice while accounts are brought over',
  async () => {
    const line = commandLine({ environment: { YIDENG_DATABASE_URL: await makePostgres() } })
    await line.withServices((one) =>
      line.withServices(async (other) => {
        const people = await Promise.all(Array.from({ length: 6 }, () => openPerson(one)))
        const rotating = line.json<Rotated>(...rotation)
        const outcomes: Record<string, boolean[]> = {}
        for (const [index, person] of [...people, ...people].entries()) {
          const username = `racing${index}`
          const tries = await Promise.all([
            again(one, person.number, username),
            again(other, person.number, person.username),
            ...[one, other, one].map((services) =>
              services.persons
                .create(
                  {
                    document: { type: 'passport', number: `E${10_000_000 + index}` },
                    name: '陈大文',
                    phone: '+8613800000001',
                    username,
                    authenticators: [passwordAuthenticator('x')],
                  },
                  by,
                )
                .then(({ ok }) => (outcomes[username] ??= []).push(ok)),
            ),
          ])
          expect(tries.slice(0, 2)).toMatchObject([{ ok: false }, { ok: false, problem: 'username_taken' }])
        }
        expect((await rotating).left).toEqual([])
        for (const [username, oks] of Object.entries(outcomes)) expect(oks.filter(Boolean), username).toEqual([true])
        const all = await one.database.selectFrom('natural_persons').select('username_index').execute()
        expect(all.filter(({ username_index: index }) => !index.startsWith('i2.'))).toEqual([])
      }),
    )
  },
)

it('reports accounts that it cannot move, and keeps the old key for them', async () => {
  const line = commandLine()
  await line.withServices(async (services) => {
    const { database } = services
    const [broken, whole] = [await openPerson(services), await openPerson(services)]
    await database.updateTable('natural_persons').set({ phone: 'd1.AAAA' }).where('id', '=', broken.id).execute()
    const { code, out } = await line.yideng(...rotation, '--json')
    expect([code, (JSON.parse(out) as Rotated).left]).toEqual([1, [broken.id]])
    expect(await found(services, broken.username)).toBe(broken.id)
    expect(await found(services, whole.username)).toBe(whole.id)

    // A version without index keys can store a username twice. The other accounts still move.
    const { cipher, lookup } = services.dataKeys
    const taken = { username_index: lookup.under('i1', 'username', whole.username) }
    const twice = { username: cipher.seal(whole.username, `natural_persons.username:${broken.id}`), ...taken }
    const phone = cipher.seal('+8613800000002', `natural_persons.phone:${broken.id}`)
    await database
      .updateTable('natural_persons')
      .set({ ...twice, phone })
      .where('id', '=', broken.id)
      .execute()
    const third = await openPerson(services)
    await database
      .updateTable('natural_persons')
      .set({ phone_index: lookup.under('i1', 'phone', `+86${third.phone}`) })
      .where('id', '=', third.id)
      .execute()
    expect(await reindex({ database, cipher, lookup, key: 'i2' })).toEqual({ done: 1, left: [broken.id] })
  })
})

it('a restored backup is refused until its accounts are indexed again; a machine is refused until it has the key', async () => {
  const line = commandLine()
  const backup = join(line.directory, 'backup.sqlite')
  const file = join(line.directory, 'keys', 'data.json')
  const person = await line.withServices((services) => openPerson(services))
  await line.json('backup', backup)
  const elsewhere = join(line.directory, 'elsewhere')
  mkdirSync(elsewhere)
  copyFileSync(file, join(elsewhere, 'data.json'))
  await line.json(...rotation, '--prepare')
  await line.json(...rotation)
  expect(await line.json('keys', 'retire', '--kind', 'index')).toEqual({ retired: ['i1'] })

  const machine = commandLine({ environment: { ...line.environment, YIDENG_KEYS_DIR: elsewhere } })
  await machine.withServices(async (services) => {
    await expect(found(services, person.username)).rejects.toThrow('lacks the index key i2')
    await expect(openPerson(services)).rejects.toThrow('lacks the index key i2')
    copyFileSync(file, join(elsewhere, 'data.json'))
    expect(await found(services, person.username)).toBe(person.id)
  })

  const restored = commandLine({ environment: { YIDENG_KEYS_DIR: join(line.directory, 'keys') } })
  await restored.json('restore', backup)
  await restored.withServices(async (services) => {
    await expect(found(services, person.username)).rejects.toThrow('lacks the index key i1')
    expect(await restored.json<Rotated>(...rotation)).toMatchObject({ current: 'i2', indexed: 1 })
    expect(await found(services, person.username)).toBe(person.id)
  })
})
