import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { restrictedAad } from '../../src/audit/chain.ts'
import { addDataKey } from '../../src/keys/data-key-changes.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { reseal } from '../../src/keys/reseal.ts'
import { keyColumnsOf, sealableTables, sealedUnder as countSealed } from '../../src/keys/sealed-columns.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { signedIn } from '../setup/signed-in.ts'
import { startServer } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'
import { commandLine } from '../cli/in-process.ts'

it('knows the primary key of each table with sealed values', () => {
  for (const { table } of sealableTables) {
    const columns = Object.keys(columnMarks[table as keyof typeof columnMarks])
    expect(columns, table).toEqual(expect.arrayContaining([...keyColumnsOf(table)]))
  }
})

/** Columns with values that this key sealed, without the audit log. */
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

it('rotates the data key while people sign in, and leaves no value under the old key', async () => {
  const server = await startServer()
  const services = await server.services()
  const before = await signedIn(services)
  await services.inbox.send({
    personId: before.person.id,
    kind: 'new-device',
    restricted: { address: '203.0.113.9' },
  })
  const file = join(server.dataDir, 'yideng.sqlite')
  expect(sealedUnder(file, 'd1')).toEqual(
    [
      'authenticators.mac',
      'clients.mac',
      'devices.browser',
      'house.value',
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
  // The server seals new values during the rotation.
  for (let index = 0; index < 2; index += 1) await signedIn(services)
  const rotated = await rotating
  expect(rotated).toMatchObject({ current: 'd2', old: ['d1'], left: [] })
  expect(rotated.sealed).toBeGreaterThanOrEqual(6)
  services.dataKeys.refresh()
  expect(sealedUnder(file, 'd2')).toEqual(
    expect.arrayContaining(['natural_persons.name', 'devices.browser', 'notices.restricted']),
  )
  const settled = await line.json<{ sealed: number }>('person', 'list')
  expect(settled).toHaveLength(3)
  const { reveal } = services.persons
  const person = await services.persons.find(before.person.id)
  expect(person && reveal(person).documentNumber).toBe(before.person.number)
  // Accounts move to a new index key, and the server is notified.
  expect(await line.json('keys', 'rotate', '--kind', 'index')).toMatchObject({ current: 'i2', indexed: 3, left: [] })
  const visitor = new Visitor(server.issuer)
  const page = await signIn(visitor, await visitor.get('/account'), before.person.phone)
  expect(page.html).not.toContain('name="password"')
  await signedIn(services)
  expect(sealedUnder(file, 'd1')).toEqual([])
  // Audit entries do not change; new entries are sealed under a new key.
  const entries = await services.database.selectFrom('audit_events').select(['sequence', 'restricted']).execute()
  const sealed = entries.flatMap(({ sequence, restricted }) => (restricted === null ? [] : [{ sequence, restricted }]))
  for (const { sequence, restricted } of sealed)
    expect(services.dataKeys.auditCipher.open(restricted, restrictedAad(sequence))).toContain('{')
  expect([sealed[0], sealed.at(-1)].map((one) => one?.restricted.slice(0, 3))).toEqual(['a1.', 'a2.'])
  expect(server.output()).not.toContain('"level":50')
})

it('continues after an interruption, and reports values it cannot open', async () => {
  const line = commandLine()
  let misplaced = ''
  await line.json('migrate')
  await line.withServices(async (services) => {
    for (let index = 0; index < 4; index += 1) await openPerson(services)
    const keysDir = join(line.directory, 'keys')
    // The key is made first, copied to other machines, then used.
    addDataKey(keysDir, 'international', {})
    services.dataKeys.refresh()
    expect(services.dataKeys.ids()).toEqual({ current: 'd1', old: [], waiting: ['d2'] })
    addDataKey(keysDir, 'international', { useFrom: new Date().toISOString() })
    services.dataKeys.refresh()
    const { database, dataKeys } = services
    // The run stops after the first row, as by kill -9.
    const stop = () => {
      throw new Error('killed')
    }
    await expect(reseal({ database, cipher: dataKeys.cipher, oldKeys: ['d1'], progress: stop })).rejects.toThrow(
      'killed',
    )
    // A value moved to another row does not open.
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
  await line.withServices(async ({ database, dataKeys: { cipher } }) => {
    const columns = { username: cipher.seal('citizen', `natural_persons.username:${misplaced}`) }
    await database.updateTable('natural_persons').set(columns).where('id', '=', misplaced).execute()
    // A version without audit keys wrote this.
    await database.updateTable('audit_events').set({ restricted: 'd1.old' }).where('sequence', '=', 1).execute()
  })
  expect((await line.yideng(...retire)).err).toContain('are never sealed again')
  await line.withServices(({ database }) => database.updateTable('audit_events').set({ restricted: null }).execute())
  expect((await line.yideng(...retire)).err).toContain('may be retired from')
  expect((await line.yideng(...retire, 'd2')).err).toContain('This key seals')
  const later = commandLine({ environment: line.environment, clock: () => Date.now() + 12.5 * 3_600_000 })
  expect(await later.json(...retire)).toEqual({ retired: ['d1'] })
  expect(await later.json('keys', 'list')).toMatchObject({ data: [{ kid: 'd2', current: true }] })
  expect(await later.json('person', 'list')).toHaveLength(4)
})

describe.each(['SQLite', 'PostgreSQL'])('reseal on %s', (kind) => {
  it.skipIf(kind === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'reads all pages for every kind of primary key, and keeps concurrent writes',
    async () => {
      const directory = temporaryDirectory()
      const url = kind === 'PostgreSQL' ? await makePostgres() : join(directory, 'yideng.sqlite')
      const database = openDatabase(url)
      onTestFinished(() => database.destroy())
      await migrate(database)
      const keysDir = join(directory, 'keys')
      const { cipher, refresh } = openDataKeys(keysDir)
      const many = 1203 // not a multiple of the page size
      const each = Array.from({ length: many }, (_, index) => index)
      const of = (start: string, index: number) => `${start}${String(index).padStart(5, '0')}`

      const faces = each.map((index) => {
        // Half of the primary key is not unique.
        const row = { document_type: of('t', index % 3), document_index: of('i', index) }
        const template = cipher.seal('a face', `population_faces.template:${row.document_type}:${row.document_index}`)
        return { ...row, template, model: 'm', imported_at: 1 }
      })
      const delivery = {
        client_id: 'c',
        person_id: 'p',
        state: 'pending' as const,
        attempts: 0,
        next_attempt_at: 1,
        created_at: 1,
      }
      const deliveries = each.map((index) => ({
        ...delivery,
        session_id: cipher.seal('a session', `logout_deliveries.session_id:${index + 1}`),
      }))
      const rows = each.map((index) => {
        const key = of('k', index)
        const sealed = cipher.seal('a secret', `house.value:${key}`)
        // Several sealed values in one, and a text that only looks like one.
        return { key, value: index % 2 ? sealed : JSON.stringify({ one: sealed, two: sealed, three: 'd1.short' }) }
      })
      for (let from = 0; from < many; from += 400) {
        const to = from + 400
        await database.insertInto('population_faces').values(faces.slice(from, to)).execute()
        await database.insertInto('logout_deliveries').values(deliveries.slice(from, to)).execute()
        await database.insertInto('house').values(rows.slice(from, to)).execute()
      }
      addDataKey(keysDir, 'international', { useFrom: new Date().toISOString() })
      refresh()

      // A write between reading a page and writing it.
      let wrote: Promise<unknown> | undefined
      const interrupting: typeof cipher = {
        ...cipher,
        open(sealed, aad) {
          if (aad === 'house.value:k00700') {
            wrote ??= database.updateTable('house').set({ value: 'new' }).where('key', '=', 'k00700').execute()
          }
          return cipher.open(sealed, aad)
        },
      }
      const told: [number, number][] = []
      const run = (progress: (done: number, total: number) => void = () => undefined) =>
        reseal({ database, cipher: interrupting, oldKeys: ['d1'], progress })
      expect(await run((...one) => told.push(one))).toEqual({ done: 3 * many, left: [] })
      await wrote
      expect(told.at(-1)).toEqual([3 * many, 3 * many])
      expect(told.length).toBe(9)
      const values = new Map(
        (await database.selectFrom('house').selectAll().execute()).map((row) => [row.key, row.value]),
      )
      expect(values.get('k00700')).toBe('new')
      expect(values.get('k00701')).toMatch(/^d2\./)
      const { one, two, three } = JSON.parse(values.get('k00702') ?? '') as Record<string, string>
      expect([one, two].map((sealed) => cipher.open(sealed ?? '', 'house.value:k00702'))).toEqual([
        'a secret',
        'a secret',
      ])
      expect(three).toBe('d1.short')
      const sealed = Object.fromEntries(
        (await countSealed(database, ['d2'])).map(({ column, many: found }) => [column, found]),
      )
      expect(sealed).toEqual({
        'population_faces.template': many,
        'logout_deliveries.session_id': many,
        'house.value': many - 1,
      })
      expect(await run()).toEqual({ done: 0, left: [] })
    },
  )
})
