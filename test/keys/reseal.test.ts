import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { restrictedPlace } from '../../src/audit/chain.ts'
import { addDataKey } from '../../src/keys/data-key-changes.ts'
import { keyColumnsOf, reseal, sealable } from '../../src/keys/reseal.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { signedIn } from '../setup/signed-in.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { commandLine } from '../cli/in-process.ts'

it('knows what names a row of each table that may hold sealed values', () => {
  for (const { table } of sealable) {
    const columns = Object.keys(columnMarks[table as keyof typeof columnMarks])
    expect(columns, table).toEqual(expect.arrayContaining([...keyColumnsOf(table)]))
  }
})

/** Every value in the store, audit trail apart, that this key sealed. */
function sealedUnder(file: string, key: string): string[] {
  const sqlite = new DatabaseSync(file, { readOnly: true })
  const tables = Object.keys(columnMarks).filter((table) => table !== 'audit_events')
  const found = tables.flatMap((table) =>
    sqlite
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .flatMap((row) =>
        Object.entries(row)
          .filter(([, value]) => typeof value === 'string' && new RegExp(`(^|[^\\w-])${key}\\.[\\w-]{38}`).test(value))
          .map(([column]) => `${table}.${column}`),
      ),
  )
  sqlite.close()
  return [...new Set(found)].sort()
}

it(
  'rotates the data key while people sign in, and nothing is left under the old one',
  { timeout: 30_000 },
  async () => {
    const server = await startServer()
    const house = await server.house()
    const before = await signedIn(house)
    await house.inbox.notify({ personId: before.person.id, kind: 'new-device', restricted: { address: '203.0.113.9' } })
    const file = join(server.dataDir, 'yideng.sqlite')
    expect(sealedUnder(file, 'd1')).toEqual(
      [
        'devices.browser',
        ...['document_number', 'name', 'phone', 'username'].map((one) => `natural_persons.${one}`),
        'notices.restricted',
      ].sort(),
    )

    const line = commandLine({ environment: server.environment })
    const rotating = line.json<{ current: string; old: string[]; sealed: number; left: string[] }>(
      'keys',
      'rotate',
      '--kind',
      'data',
    )
    // meanwhile the server seals for people who come
    for (let index = 0; index < 2; index += 1) await signedIn(house)
    const rotated = await rotating
    expect(rotated).toMatchObject({ current: 'd2', old: ['d1'], left: [] })
    expect(rotated.sealed).toBeGreaterThanOrEqual(6)
    house.dataKeys.refresh()
    expect(sealedUnder(file, 'd2')).toEqual(
      expect.arrayContaining(['natural_persons.name', 'devices.browser', 'notices.restricted']),
    )
    const settled = await line.json<{ sealed: number }>('person', 'list')
    expect(settled).toHaveLength(3)
    const { reveal } = house.persons
    const person = await house.persons.find(before.person.id)
    expect(person && reveal(person).documentNumber).toBe(before.person.number)
    // and accounts come under a new index key, which the server hears of
    expect(await line.json('keys', 'rotate', '--kind', 'index')).toMatchObject({ current: 'i2', indexed: 3, left: [] })
    const visitor = new Visitor(server.issuer)
    const page = await signIn(visitor, await visitor.get('/account'), before.person.phone)
    expect(page.html).not.toContain('name="password"')
    await signedIn(house)
    expect(sealedUnder(file, 'd1')).toEqual([])
    // entries of the audit trail stay as they are; new ones are sealed under a new key
    const entries = await house.database.selectFrom('audit_events').select(['sequence', 'restricted']).execute()
    const sealed = entries.flatMap(({ sequence, restricted }) =>
      restricted === null ? [] : [{ sequence, restricted }],
    )
    for (const { sequence, restricted } of sealed)
      expect(house.dataKeys.auditCipher.open(restricted, restrictedPlace(sequence))).toContain('{')
    expect([sealed[0], sealed.at(-1)].map((one) => one?.restricted.slice(0, 3))).toEqual(['a1.', 'a2.'])
    expect(server.output()).not.toContain('"level":50')
  },
)

it('goes on where it was interrupted, and tells what it cannot open', async () => {
  const line = commandLine()
  let misplaced = ''
  await line.json('migrate')
  await line.withHouse(async (house) => {
    for (let index = 0; index < 4; index += 1) await openPerson(house)
    const keysDir = join(line.directory, 'keys')
    // made first and carried to other machines, then used
    addDataKey(keysDir, {})
    house.dataKeys.refresh()
    expect(house.dataKeys.ids()).toEqual({ current: 'd1', old: [], waiting: ['d2'] })
    addDataKey(keysDir, { useFrom: new Date().toISOString() })
    house.dataKeys.refresh()
    const { database, dataKeys } = house
    // stopped after the first row, as by kill -9
    const stop = () => {
      throw new Error('killed')
    }
    await expect(reseal({ database, cipher: dataKeys.cipher, oldKeys: ['d1'], progress: stop })).rejects.toThrow(
      'killed',
    )
    // put where it does not belong, it does not open
    const [first] = await database.selectFrom('natural_persons').select(['id', 'phone']).orderBy('id').execute()
    misplaced = first?.id ?? ''
    const columns = { username: first?.phone ?? '' }
    await database.updateTable('natural_persons').set(columns).where('id', '=', misplaced).execute()
  })
  const { code, out } = await line.yideng('keys', 'rotate', '--kind', 'data', '--json')
  const document = JSON.parse(out) as { current: string; resumed: boolean; left: string[] }
  expect(document).toMatchObject({ current: 'd2', resumed: true })
  expect([code, document.left]).toEqual([1, [`natural_persons.username:${misplaced}`]])
  expect(sealedUnder(join(line.directory, 'data', 'yideng.sqlite'), 'd1')).toEqual(['natural_persons.username'])

  const retire = ['keys', 'retire', '--kind', 'data']
  expect((await line.yideng(...retire)).err).toContain('1 in natural_persons.username')
  await line.withHouse(async ({ database, dataKeys: { cipher } }) => {
    const columns = { username: cipher.seal('citizen', `natural_persons.username:${misplaced}`) }
    await database.updateTable('natural_persons').set(columns).where('id', '=', misplaced).execute()
    // what a version without a key of its own for the audit trail wrote
    await database.updateTable('audit_events').set({ restricted: 'd1.old' }).where('sequence', '=', 1).execute()
  })
  expect((await line.yideng(...retire)).err).toContain('audit trail are not sealed anew')
  await line.withHouse(({ database }) => database.updateTable('audit_events').set({ restricted: null }).execute())
  expect((await line.yideng(...retire)).err).toContain('it may go from')
  expect((await line.yideng(...retire, 'd2')).err).toContain('This key seals')
  const later = commandLine({ environment: line.environment, clock: () => Date.now() + 12.5 * 3_600_000 })
  expect(await later.json(...retire)).toEqual({ retired: ['d1'] })
  expect(await later.json('keys', 'list')).toMatchObject({ data: [{ kid: 'd2', current: true }] })
  expect(await later.json('person', 'list')).toHaveLength(4)
})
