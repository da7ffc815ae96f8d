import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { dataKeys } from '../../src/admin/doctor/data-key-checks.ts'
import { addDataKey, addIndexKey } from '../../src/keys/data-key-changes.ts'
import { openTokenKeys } from '../../src/keys/token-keys.ts'
import { commandLine } from '../cli/in-process.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'

const kinds = [
  { kind: 'data', id: 'd2', add: (directory: string) => addDataKey(directory, 'international', {}) },
  { kind: 'index', id: 'i2', add: (directory: string) => addIndexKey(directory, 'international', 'i1') },
] as const

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

/** Two machines on one store; the second has a copy of the first data.json. */
async function machines(environment: Record<string, string>) {
  const one = commandLine({ environment })
  const person = await one.withServices((services) => openPerson(services))
  const file = join(one.directory, 'keys', 'data.json')
  const directory = join(one.directory, 'elsewhere')
  mkdirSync(directory)
  const carry = () => copyFileSync(file, join(directory, 'data.json'))
  carry()
  const two = commandLine({ environment: { ...one.environment, YIDENG_KEYS_DIR: directory } })
  const findings = () =>
    two.withServices(async (services) => {
      const all = await dataKeys(services)
      return all.filter(({ state }) => state !== 'ok').map(({ state, finding }) => [state, finding])
    })
  const keysOf = (at: string) => readFileSync(at, 'utf8')
  return { one, two, person, file, directory, carry, findings, keysOf }
}

describe.each(stores)('on %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL')).each(kinds)(
    'of two machines that make the same $kind key, the second is refused and removes its own',
    async ({ kind, id, add }) => {
      const { one, two, person, file, directory, carry, findings, keysOf } = await machines(await environment())
      const prepare = ['keys', 'rotate', '--kind', kind, '--prepare']
      const before = keysOf(join(directory, 'data.json'))

      expect(await one.json(...prepare)).toEqual({ prepared: true, key: id })
      expect(await one.json(...prepare)).toEqual({ prepared: true, key: id })
      const told = `Another machine of this store has made ${id} already: copy its keys/data.json to this machine.`
      for (const argv of [prepare, ['keys', 'rotate', '--kind', kind]]) {
        expect(await two.yideng(...argv)).toMatchObject({ code: 1, err: expect.stringContaining(told) as string })
        expect(keysOf(join(directory, 'data.json'))).toBe(before)
      }
      expect(await findings()).toEqual([['warn', `${id} was made on another machine and is not here yet`]])

      // The state after kill -9 between making the key and claiming its name. The key protects no data.
      add(directory)
      expect(await findings()).toEqual([
        ['fail', `data.json of this machine has another ${id} than the store: two machines made it`],
      ])
      expect((await two.yideng(...prepare)).err).toContain(told)
      expect(JSON.parse(keysOf(join(directory, 'data.json')))).toMatchObject(JSON.parse(before) as object)
      expect(keysOf(join(directory, 'data.json'))).not.toContain(`"${id}"`)

      // Such a key is refused once the store uses another key of that name.
      add(directory)
      expect(await one.json('keys', 'rotate', '--kind', kind)).toMatchObject({ current: id, left: [] })
      expect((await two.yideng('person', 'list')).err).toContain(`holds another key ${id} than this store`)
      // doctor opens an embedded store only if a server has run.
      if (name === 'PostgreSQL')
        expect((await two.yideng('doctor')).out).toContain(`holds another key ${id} than this store`)

      carry()
      await two.withServices(async (services) => {
        const found = await services.persons.findByIdentifier(readIdentifier(person.phone))
        expect(found && services.persons.reveal(found).documentNumber).toBe(person.number)
      })
      // The store does not reveal the key.
      const rows = await one.withServices(({ database }) => database.selectFrom('house').selectAll().execute())
      const { keys, lookup } = JSON.parse(keysOf(file)) as Record<'keys' | 'lookup', Record<string, string>>
      const stored = JSON.stringify(rows)
      for (const key of [...Object.values(keys), ...Object.values(lookup)]) {
        const bytes = Buffer.from(key, 'base64')
        for (const form of ['base64', 'base64url', 'hex'] as const) expect(stored).not.toContain(bytes.toString(form))
      }
    },
  )

  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))('of two concurrent runs one makes the key', async () => {
    const { one, two } = await machines(await environment())
    const prepare = ['keys', 'rotate', '--kind', 'data', '--prepare']
    const answers = await Promise.all([one.yideng(...prepare), two.yideng(...prepare)])
    expect(answers.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1])
  })
})

it.skipIf(cannotRun('PostgreSQL'))(
  'of two machines that rotate concurrently, each successful one has its keys on both',
  async () => {
    const { one, two, file, directory } = await machines({ YIDENG_DATABASE_URL: await makePostgres() })
    await two.json('keys', 'list')
    let successes = 0
    for (let round = 0; round < 4; round += 1) {
      const rotate = ['keys', 'rotate', '--now', '--json']
      const answers = await Promise.all([one.yideng(...rotate), two.yideng(...rotate)])
      await Promise.all([one.json('client', 'list'), two.json('client', 'list')])
      const done = answers.filter(({ code }) => code === 0)
      const added = done.flatMap(({ out }) => (JSON.parse(out) as { added: string[] }).added)
      successes += done.length
      for (const keysDir of [dirname(file), directory])
        expect(openTokenKeys({ keysDir, sm2Keys: 'software', svsFile: '' }, Date.now).map(({ kid }) => kid)).toEqual(
          expect.arrayContaining(added),
        )
      for (const { code, err } of answers) if (code !== 0) expect(err).toContain('at the same moment')
    }
    expect(successes).toBeGreaterThan(0)
  },
)

it('a running server fails, and reports no missing account, if its index key is another of that name', async () => {
  const { one, two, person, directory, carry } = await machines({})
  await two.withServices(async (server) => {
    addIndexKey(directory, 'international', 'i1')
    await one.json('keys', 'rotate', '--kind', 'index')
    const find = () => server.persons.findByIdentifier(readIdentifier(person.phone))
    await expect(find()).rejects.toThrow('lacks the index key i2')
    carry()
    expect((await find())?.id).toBe(person.id)
  })
})

it('the name of a lost key can be released only while it protects no data', async () => {
  const { one, two, findings } = await machines({})
  const retire = ['keys', 'retire', '--kind', 'data', 'd2']
  await one.json('keys', 'rotate', '--kind', 'data', '--prepare')
  expect((await one.yideng(...retire)).err).toContain('seals now or later')
  expect(await two.json(...retire)).toEqual({ retired: ['d2'] })
  expect(await findings()).toEqual([])
  expect(await two.json('keys', 'rotate', '--kind', 'data', '--prepare')).toMatchObject({ key: 'd2' })
  // The first key was not lost.
  expect((await one.yideng('keys', 'rotate', '--kind', 'data')).err).toContain('has made d2 already')
  expect(await two.json('keys', 'rotate', '--kind', 'data')).toMatchObject({ current: 'd2' })
  expect(await one.yideng(...retire)).toMatchObject({ code: 3 })
  const [event] = await two.json<object[]>('audit', 'list', '--event', 'keys.retired')
  expect(event).toMatchObject({ details: { kind: 'data', keys: ['d2'] } })
})
