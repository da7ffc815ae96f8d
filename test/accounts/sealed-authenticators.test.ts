import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Updateable } from 'kysely'
import { overlapMs } from '../../src/accounts/seal-authenticators.ts'
import type { Back } from '../../src/admin/house.ts'
import { sealOlderAuthenticators } from '../../src/admin/keys/seal.ts'
import type { Tables } from '../../src/storage/schema.ts'
import { commandLine } from '../cli/in-process.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'
import { handClock } from '../setup/temporary.ts'

const by = { actor: 'person' }
const kinds = ['password', 'passkey', 'recovery-codes', 'recovery-link']

/** A person with an authenticator of each kind. */
async function personWithAll(house: Back) {
  const person = await openPerson(house)
  const { id: personId } = person
  await house.authenticators.add({ personId, kind: 'passkey', lookupKey: `credential of ${personId}`, data: '{"a":1}' })
  await house.recovery.makeCodes(personId, by)
  await house.recovery.makeLink(personId, { counter: false }, by)
  return person
}

const rowsOf = async (house: Back, personId: string) => {
  const rows = await house.database.selectFrom('authenticators').selectAll().where('person_id', '=', personId).execute()
  return kinds.map((kind) => rows.find((row) => row.kind === kind) ?? expect.fail(kind))
}

const write = (house: Back, id: string, values: Updateable<Tables['authenticators']>) =>
  house.database.updateTable('authenticators').set(values).where('id', '=', id).execute()

type Row = Awaited<ReturnType<typeof rowsOf>>[number]

/** What somebody may do who writes the store and has no key. */
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

const everybody = (house: Back, row: Row) =>
  Promise.all([
    house.authenticators.list(row.person_id),
    house.authenticators.findByLookupKey(row.kind, row.lookup_key ?? ''),
  ])

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

describe.each(stores)('authenticators on %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'are given to nobody when their row was changed by whoever has no key',
    async () => {
      const line = commandLine({ environment: await environment() })
      await line.withHouse(async (house) => {
        const [one, other] = [await personWithAll(house), await personWithAll(house)]
        const [own, others] = [await rowsOf(house, one.id), await rowsOf(house, other.id)]
        for (const [index, row] of own.entries()) {
          for (const [what, change] of changes) {
            const values = change(row, others[index] ?? expect.fail())
            await write(house, row.id, values)
            const [listed, found] = await everybody(house, { ...row, ...(values as Partial<Row>) })
            expect(
              [...listed, found].map((each) => each?.id),
              `${row.kind} ${what}`,
            ).not.toContain(row.id)
            await write(house, row.id, row)
            expect((await house.authenticators.list(one.id)).map(({ id }) => id)).toContain(row.id)
          }
        }
        // two rows that change places, seals and all
        const [mine, theirs] = [own[0] ?? expect.fail(), others[0] ?? expect.fail()]
        await write(house, mine.id, {
          data: theirs.data,
          mac: theirs.mac,
          created_at: theirs.created_at,
          person_id: other.id,
        })
        expect((await house.authenticators.list(other.id)).map(({ id }) => id)).not.toContain(mine.id)
      })
    },
  )

  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'stay sealed when the data key is rotated and retired',
    async () => {
      const { clock, forward } = handClock(Date.now())
      const line = commandLine({ environment: await environment(), clock })
      const person = await line.withHouse(personWithAll)
      await line.json('keys', 'rotate', '--kind', 'data')
      forward(2 * 86_400_000)
      expect(await line.json('keys', 'retire', '--kind', 'data')).toMatchObject({ retired: ['d1'] })
      await line.withHouse(async (house) => {
        const listed = await house.authenticators.list(person.id)
        expect(listed.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
        for (const { mac } of await rowsOf(house, person.id)) expect(mac).toMatch(/^d2\./)
      })
    },
  )
})

it('a rename of a passkey, whose name is sealed within, survives a rotation', async () => {
  const line = commandLine()
  const added = await line.withHouse(async (house) => {
    const { id: personId } = await openPerson(house)
    const first = await house.authenticators.add({ personId, kind: 'passkey', data: '{"name":""}' })
    const one = first ?? expect.fail()
    const sealed = house.dataKeys.cipher.seal('我的手机', `authenticators.data:${one.id}`)
    expect(await house.authenticators.replaceData(one, JSON.stringify({ name: sealed }))).toBe(true)
    return one
  })
  await line.json('keys', 'rotate', '--kind', 'data')
  await line.withHouse(async (house) => {
    const [kept] = await house.authenticators.list(added.personId, 'passkey')
    const { name } = JSON.parse(kept?.data ?? '') as { name: string }
    expect(name).toMatch(/^d2\./)
    expect(house.dataKeys.cipher.open(name, `authenticators.data:${added.id}`)).toBe('我的手机')
  })
})

it('rows of an older version are sealed at the next start; a day later none is taken without', async () => {
  const { clock, forward } = handClock(Date.now())
  const line = commandLine({ clock })
  const keyFile = join(line.directory, 'keys', 'data.json')
  const seals = async () => {
    const { out } = await line.yideng('doctor', '--json')
    const { checks } = JSON.parse(out) as { checks: { what: string; state: string }[] }
    return checks.find(({ what }) => what === 'seals of authenticators')?.state
  }
  const person = await line.withHouse(async (house) => {
    const opened = await openPerson(house)
    await house.database.updateTable('authenticators').set({ mac: null }).execute()
    return opened
  })
  const { sealed_from: _from, ...old } = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, unknown>
  writeFileSync(keyFile, JSON.stringify(old))
  const unsealed = (house: Back) => house.database.updateTable('authenticators').set({ mac: null }).execute()
  const has = async (house: Back) => (await house.authenticators.find(person.id, 'password')) !== undefined

  expect(await seals()).toBe('warn')
  await line.withHouse(async (house) => {
    expect(await has(house)).toBe(true)
    await sealOlderAuthenticators(house)
    expect(house.dataKeys.sealedFrom()).toBe(clock() + overlapMs)
  })
  expect(await seals()).toBe('ok')
  // a server of the older version that still runs writes one without
  await line.withHouse(async (house) => {
    await unsealed(house)
    expect(await has(house)).toBe(true)
    forward(overlapMs - 1)
    await sealOlderAuthenticators(house)
    forward(1)
    expect(await has(house)).toBe(true)
    await unsealed(house)
    expect(await has(house), 'a day later').toBe(false)
    await sealOlderAuthenticators(house)
    expect(await has(house), 'no start seals it any more').toBe(false)
  })
  expect(await seals()).toBe('fail')
  expect(await line.json('keys', 'seal')).toEqual({ sealed: 1 })
  expect(await seals()).toBe('ok')
  await line.withHouse(async (house) => expect(await has(house)).toBe(true))
})
