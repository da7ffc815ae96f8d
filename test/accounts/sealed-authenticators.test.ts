import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Updateable } from 'kysely'
import { overlapMs } from '../../src/keys/seal-rows.ts'
import type { Services } from '../../src/services.ts'
import { sealOlderRows } from '../../src/admin/keys/seal.ts'
import type { Tables } from '../../src/storage/schema.ts'
import { commandLine } from '../cli/in-process.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'
import { handClock } from '../setup/temporary.ts'

const by = { actor: 'person' }
const kinds = ['password', 'passkey', 'recovery-codes', 'recovery-link']

/** A person with an authenticator of each kind. */
async function personWithAll(services: Services) {
  const person = await openPerson(services)
  const { id: personId } = person
  await services.authenticators.add({
    personId,
    kind: 'passkey',
    lookupKey: `credential of ${personId}`,
    data: '{"a":1}',
  })
  await services.recovery.makeCodes(personId, by)
  await services.recovery.makeLink(personId, { counter: false }, by)
  return person
}

const rowsOf = async (services: Services, personId: string) => {
  const rows = await services.database
    .selectFrom('authenticators')
    .selectAll()
    .where('person_id', '=', personId)
    .execute()
  return kinds.map((kind) => rows.find((row) => row.kind === kind) ?? expect.fail(kind))
}

const write = (services: Services, id: string, values: Updateable<Tables['authenticators']>) =>
  services.database.updateTable('authenticators').set(values).where('id', '=', id).execute()

type Row = Awaited<ReturnType<typeof rowsOf>>[number]

/** Changes by an attacker who can write to the store and has no key. */
const changes: [string, (own: Row, other: Row) => Updateable<Tables['authenticators']>][] = [
  ['moved to another person', (_own, other) => ({ person_id: other.person_id })],
  ['given what another person’s holds', (own, other) => ({ data: other.data === own.data ? '{"b":2}' : other.data })],
  ['given another’s seal with it', (_own, other) => ({ data: `${other.data} `, mac: other.mac })],
  ['of another kind', () => ({ kind: 'other' })],
  ['found by something else', () => ({ lookup_key: 'another' })],
  ['made older', ({ created_at: at }) => ({ created_at: at - 1 })],
  ['held', () => ({ held_at: 1 })],
  ['without its seal', () => ({ mac: null })],
]

const everybody = (services: Services, row: Row) =>
  Promise.all([
    services.authenticators.list(row.person_id),
    services.authenticators.findByLookupKey(row.kind, row.lookup_key ?? ''),
  ])

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

describe.each(stores)('authenticators on %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'are ignored when their row was changed without the key',
    async () => {
      const line = commandLine({ environment: await environment() })
      await line.withServices(async (services) => {
        const [one, other] = [await personWithAll(services), await personWithAll(services)]
        const [own, others] = [await rowsOf(services, one.id), await rowsOf(services, other.id)]
        for (const [index, row] of own.entries()) {
          for (const [what, change] of changes) {
            const values = change(row, others[index] ?? expect.fail())
            await write(services, row.id, values)
            const [listed, found] = await everybody(services, { ...row, ...(values as Partial<Row>) })
            expect(
              [...listed, found].map((each) => each?.id),
              `${row.kind} ${what}`,
            ).not.toContain(row.id)
            await write(services, row.id, row)
            expect((await services.authenticators.list(one.id)).map(({ id }) => id)).toContain(row.id)
          }
        }
        // two rows exchanged, with their seals
        const [mine, theirs] = [own[0] ?? expect.fail(), others[0] ?? expect.fail()]
        await write(services, mine.id, {
          data: theirs.data,
          mac: theirs.mac,
          created_at: theirs.created_at,
          person_id: other.id,
        })
        expect((await services.authenticators.list(other.id)).map(({ id }) => id)).not.toContain(mine.id)
      })
    },
  )

  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'stay sealed when the data key is rotated and retired',
    async () => {
      const { clock, forward } = handClock(Date.now())
      const line = commandLine({ environment: await environment(), clock })
      const person = await line.withServices(personWithAll)
      await line.json('keys', 'rotate', '--kind', 'data')
      forward(2 * 86_400_000)
      expect(await line.json('keys', 'retire', '--kind', 'data')).toMatchObject({ retired: ['d1'] })
      await line.withServices(async (services) => {
        const listed = await services.authenticators.list(person.id)
        expect(listed.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
        for (const { mac } of await rowsOf(services, person.id)) expect(mac).toMatch(/^d2\./)
      })
    },
  )
})

it('a renamed passkey with its sealed name survives a key rotation', async () => {
  const line = commandLine()
  const added = await line.withServices(async (services) => {
    const { id: personId } = await openPerson(services)
    const first = await services.authenticators.add({ personId, kind: 'passkey', data: '{"name":""}' })
    const one = first ?? expect.fail()
    const sealed = services.dataKeys.cipher.seal('我的手机', `authenticators.data:${one.id}`)
    expect(await services.authenticators.replaceData(one, JSON.stringify({ name: sealed }))).toBe(true)
    return one
  })
  await line.json('keys', 'rotate', '--kind', 'data')
  await line.withServices(async (services) => {
    const [stored] = await services.authenticators.list(added.personId, 'passkey')
    const { name } = JSON.parse(stored?.data ?? '') as { name: string }
    expect(name).toMatch(/^d2\./)
    expect(services.dataKeys.cipher.open(name, `authenticators.data:${added.id}`)).toBe('我的手机')
  })
})

it('rows of an older version are sealed at the next start; a day later unsealed rows are ignored', async () => {
  const { clock, forward } = handClock(Date.now())
  const line = commandLine({ clock })
  const keyFile = join(line.directory, 'keys', 'data.json')
  const seals = async () => {
    const { out } = await line.yideng('doctor', '--json')
    const { checks } = JSON.parse(out) as { checks: { what: string; state: string }[] }
    return checks.find(({ what }) => what === 'seals of authenticators')?.state
  }
  const person = await line.withServices(async (services) => {
    const opened = await openPerson(services)
    await services.database.updateTable('authenticators').set({ mac: null }).execute()
    return opened
  })
  const { sealed_from: _from, ...old } = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, unknown>
  writeFileSync(keyFile, JSON.stringify(old))
  const unsealed = (services: Services) => services.database.updateTable('authenticators').set({ mac: null }).execute()
  const has = async (services: Services) => (await services.authenticators.find(person.id, 'password')) !== undefined

  expect(await seals()).toBe('warn')
  await line.withServices(async (services) => {
    expect(await has(services)).toBe(true)
    await sealOlderRows(services)
    expect(services.dataKeys.sealedFrom()).toBe(clock() + overlapMs)
  })
  expect(await seals()).toBe('ok')
  // a running server of the older version writes an unsealed row
  await line.withServices(async (services) => {
    await unsealed(services)
    expect(await has(services)).toBe(true)
    forward(overlapMs - 1)
    await sealOlderRows(services)
    forward(1)
    expect(await has(services)).toBe(true)
    await unsealed(services)
    expect(await has(services), 'a day later').toBe(false)
    await sealOlderRows(services)
    expect(await has(services), 'no start seals it any more').toBe(false)
  })
  expect(await seals()).toBe('fail')
  expect(await line.json('keys', 'seal')).toEqual({ sealed: 1 })
  expect(await seals()).toBe('ok')
  await line.withServices(async (services) => expect(await has(services)).toBe(true))
})
