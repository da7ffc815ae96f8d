import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { overlapMs } from '../../src/keys/seal-rows.ts'
import { sealOlderRows } from '../../src/admin/keys/seal.ts'
import { noteSealed } from '../../src/keys/data-key-changes.ts'
import { guardedColumns, guardedTables, rightsTables, type GuardedTable } from '../../src/keys/row-guard.ts'
import type { Services } from '../../src/services.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { commandLine } from '../cli/in-process.ts'
import { mandate, openOrganisation } from '../setup/organisation.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'
import { handClock } from '../setup/temporary.ts'

/** Columns that give no right: the counter that is no longer used, a sealed name, and the time of the last write. */
const unguarded: Record<GuardedTable, readonly string[]> = {
  authenticators: ['last_used_at'],
  // another link of the same person, and times after which it may do more or be undone
  upstream_links: ['alias', 'batch', 'held_until', 'last_used_at', 'paused_at', 'undo_until'],
  clients: [],
  administrators: [],
  mandates: ['code_tries', 'invitee_name', 'updated_at'],
}

it('every column of a guarded table is under its seal, or gives no right', () => {
  for (const table of guardedTables)
    expect([...guardedColumns[table], ...unguarded[table], 'mac'].toSorted(), table).toEqual(
      Object.keys(columnMarks[table]).toSorted(),
    )
})

type Row = Record<string, string | number | null>

interface Guarded {
  table: GuardedTable
  /** The primary keys of two rows. */
  ids: [string, string]
  /** Values for columns that refer to another table. */
  others?: Row
  /** What uses the row; false where it is refused. */
  isUsed(id: string): Promise<boolean>
  /** Changes the row as its owner may. */
  change(id: string): Promise<unknown>
}

const by = 'administrator:test'

async function portals({ clients }: Services): Promise<Guarded> {
  const make = async (name: string) => {
    const made = await clients.create({ name, redirect_uris: ['https://a.example/cb'] }, by)
    return made.ok ? made.client.id : expect.fail(JSON.stringify(made.problems))
  }
  return {
    table: 'clients',
    ids: [await make('甲门户'), await make('乙门户')],
    isUsed: async (id) => {
      const [found, listed] = [await clients.find(id), await clients.list()]
      expect(listed.some((one) => one.id === id)).toBe(found !== undefined)
      return found !== undefined
    },
    change: (id) => clients.setStatus(id, 'suspended', by),
  }
}

async function administrators(services: Services): Promise<Guarded> {
  const make = async () => {
    const { id } = await openPerson(services)
    await services.administrators.grant({ personId: id, role: 'viewer', region: '440300' }, by)
    return id
  }
  return {
    table: 'administrators',
    ids: [await make(), await make()],
    isUsed: async (id) => {
      const found = await services.administrators.acting(id)
      const listed = await services.administrators.list()
      expect(listed.some(({ personId }) => personId === id)).toBe(found !== undefined)
      expect((await services.administrators.find(id)) !== undefined).toBe(found !== undefined)
      return found !== undefined
    },
    change: (id) => services.administrators.grant({ personId: id, role: 'operator', region: '440300' }, by),
  }
}

async function mandates(services: Services): Promise<Guarded> {
  const organisation = await openOrganisation(services)
  const elsewhere = await openOrganisation(services, { representative: organisation.representative })
  const holders = [await openPerson(services), await openPerson(services)]
  const given = await Promise.all(
    holders.map((holder) => mandate(services, organisation.id, organisation.representative, holder)),
  )
  const [one, other] = given.map(({ id }) => id)
  return {
    table: 'mandates',
    ids: [one ?? '', other ?? ''],
    others: {
      principal_id: elsewhere.id,
      person_id: organisation.representative.id,
      parent_id: other ?? '',
      granted_by: holders[0]?.id ?? '',
    },
    isUsed: async (id) => {
      const views = await Promise.all([organisation, elsewhere].map((each) => services.principals.view(each.id)))
      return views.some((view) => view?.affairs.mandates.some((each) => each.id === id))
    },
    change: async (id) =>
      services.mandates.end(
        id,
        (await services.persons.find(organisation.representative.id)) ?? expect.fail('no representative'),
        { actor: 'person' },
      ),
  }
}

const keyOf = (table: GuardedTable) => guardedColumns[table][0]

async function read({ database }: Services, table: GuardedTable, id: string): Promise<Row> {
  const found = sql<Row>`SELECT * FROM ${sql.table(table)} WHERE ${sql.ref(keyOf(table))} = ${id}`
  return (await found.execute(database)).rows[0] ?? expect.fail(`no ${table} ${id}`)
}

/** Writes as a program that has the store and no key. */
async function overwrite({ database }: Services, table: GuardedTable, id: string, values: Row): Promise<void> {
  const set = Object.entries(values).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  await sql`UPDATE ${sql.table(table)} SET ${sql.join(set)} WHERE ${sql.ref(keyOf(table))} = ${id}`.execute(database)
}

const another = (value: Row[string]) => (typeof value === 'number' ? value + 1 : `${value ?? ''}x`)

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

describe.each(stores)('rows that another program wrote to %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))('are not used', async () => {
    const line = commandLine({ environment: await environment() })
    await line.withServices(async (services) => {
      for (const open of [portals, administrators, mandates]) {
        const { table, ids, isUsed, others: fitting = {} } = await open(services)
        const [own, others] = [await read(services, table, ids[0]), await read(services, table, ids[1])]
        const { [keyOf(table)]: _key, ...exchanged } = others
        const changes: [string, Row][] = [
          ...guardedColumns[table]
            .slice(1)
            .map((column): [string, Row] => [column, { [column]: fitting[column] ?? another(own[column] ?? null) }]),
          ['the values of another row, with their seal', exchanged],
          ['the seal of another row', { mac: others['mac'] ?? null }],
          ['no seal', { mac: null }],
          ['a seal without a key', { mac: 'd9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
          ['no text of a seal', { mac: 'x' }],
        ]
        expect(await isUsed(ids[0]), table).toBe(true)
        for (const [what, values] of changes) {
          await overwrite(services, table, ids[0], values)
          expect(await isUsed(ids[0]), `${table}: ${what}`).toBe(false)
          expect(await isUsed(ids[1]), `${table}: the other row, ${what}`).toBe(true)
          await overwrite(services, table, ids[0], own)
          expect(await isUsed(ids[0]), `${table}: as before ${what}`).toBe(true)
        }
      }
    })
  })
})

it('a change by its owner gives a changed row no seal; an administrator is granted again', async () => {
  await commandLine().withServices(async (services) => {
    for (const open of [portals, mandates]) {
      const { table, ids, isUsed, change } = await open(services)
      const column = table === 'clients' ? 'metadata' : 'role'
      await overwrite(services, table, ids[0], {
        [column]: another((await read(services, table, ids[0]))[column] ?? null),
      })
      const before = await read(services, table, ids[0])
      await change(ids[0])
      expect(await read(services, table, ids[0]), table).toEqual(before)
      expect(await isUsed(ids[0]), table).toBe(false)
    }
    const { table, ids, isUsed, change } = await administrators(services)
    await overwrite(services, table, ids[0], { role: 'admin', region: '440000' })
    await change(ids[0])
    expect(await read(services, table, ids[0])).toMatchObject({ role: 'operator', region: '440300' })
    expect(await isUsed(ids[0])).toBe(true)
    await overwrite(services, table, ids[0], { role: 'admin' })
    expect(await services.administrators.revoke(ids[0], by), 'a changed row can be removed').toBe(true)
  })
})

it('a text that looks sealed is under the seal where nothing is sealed', async () => {
  await commandLine().withServices(async (services) => {
    const alike = (letter: string) => `https://d1.${letter.repeat(40)}.gov.example/cb`
    const made = await services.clients.create({ name: '丙门户', redirect_uris: [alike('a')] }, by)
    const { id } = made.ok ? made.client : expect.fail(JSON.stringify(made.problems))
    const own = await read(services, 'clients', id)
    for (const other of [alike('b'), 'https://sealed.gov.example/cb']) {
      await overwrite(services, 'clients', id, { metadata: String(own['metadata']).replace(alike('a'), other) })
      expect(await services.clients.find(id), other).toBeUndefined()
    }
    await overwrite(services, 'clients', id, own)
    expect(await services.clients.find(id)).toMatchObject({ redirect_uris: [alike('a')] })
  })
})

it('a changed portal can be deleted', async () => {
  await commandLine().withServices(async (services) => {
    const { ids } = await portals(services)
    await overwrite(services, 'clients', ids[0], { status: 'suspended' })
    expect(await services.clients.setStatus(ids[0], 'active', by)).toBeUndefined()
    expect(await services.clients.delete(ids[0], by)).toBe(true)
    await overwrite(services, 'clients', ids[1], { metadata: '{' })
    expect(await services.clients.delete(ids[1], by)).toBe(true)
  })
})

it('an older state of a row is not found while its key exists, and is after that key was retired', async () => {
  const { clock, forward } = handClock(Date.now())
  const line = commandLine({ clock })
  const kept = await line.withServices(async (services) => {
    const all = []
    for (const open of [portals, administrators]) {
      const { table, ids, isUsed, change } = await open(services)
      const older = await read(services, table, ids[0])
      await change(ids[0])
      await overwrite(services, table, ids[0], older)
      expect(await isUsed(ids[0]), `${table}: an older state`).toBe(true)
      all.push({ table, id: ids[0], older })
    }
    return all
  })
  await line.json('keys', 'rotate', '--kind', 'data')
  forward(2 * 86_400_000)
  expect(await line.json('keys', 'retire', '--kind', 'data')).toMatchObject({ retired: ['d1'] })
  await line.withServices(async (services) => {
    const isUsed = async (table: GuardedTable, id: string) =>
      (await (table === 'clients' ? services.clients.find(id) : services.administrators.acting(id))) !== undefined
    for (const { table, id, older } of kept) {
      expect(await isUsed(table, id), `${table}: sealed again with the rotation`).toBe(true)
      await overwrite(services, table, id, older)
      expect(await isUsed(table, id), `${table}: from before the rotation`).toBe(false)
    }
  })
})

const what = 'seals of portals, administrators, mandates, links'

it('rows of an older version are sealed once; a seal that is removed later is not made again', async () => {
  const { clock, forward } = handClock(Date.now())
  const line = commandLine({ clock })
  const doctor = async () => {
    const { checks } = JSON.parse((await line.yideng('doctor', '--json')).out) as {
      checks: { what: string; state: string; finding: string }[]
    }
    return checks.find((one) => one.what === what)
  }
  const removeSeals = async (services: Services) => {
    for (const table of rightsTables) await sql`UPDATE ${sql.table(table)} SET mac = NULL`.execute(services.database)
  }
  const { readFileSync, writeFileSync } = await import('node:fs')
  const file = `${line.directory}/keys/data.json`
  const all = await line.withServices(async (services) => {
    const made = [await portals(services), await administrators(services), await mandates(services)]
    await removeSeals(services)
    return made.map(({ table, ids }) => ({ table, id: ids[0] }))
  })
  const { rows_sealed_from: _from, ...older } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify(older))
  const used = async (services: Services) => {
    const [portal, administrator, given] = all.map(({ id }) => id)
    const row = await read(services, 'mandates', given ?? '')
    const view = await services.principals.view(String(row['principal_id']))
    return [
      (await services.clients.find(portal ?? '')) !== undefined,
      (await services.administrators.acting(administrator ?? '')) !== undefined,
      view?.affairs.mandates.some(({ id }) => id === given) ?? false,
    ]
  }
  expect(await doctor()).toMatchObject({ state: 'warn' })
  await line.withServices(async (services) => {
    expect(await used(services)).toEqual([true, true, true])
    await sealOlderRows(services)
    expect(services.dataKeys.rowsSealedFrom()).toBe(clock() + overlapMs)
    forward(overlapMs)
    expect(await used(services)).toEqual([true, true, true])
  })
  expect(await doctor()).toMatchObject({ state: 'ok' })
  await line.withServices(async (services) => {
    await removeSeals(services)
    await sealOlderRows(services)
    noteSealed(services.settings.keysDir, 'rows_sealed_from', new Date(clock() + overlapMs).toISOString())
    services.dataKeys.refresh()
    await sealOlderRows(services)
    expect(await used(services), 'no start seals them again').toEqual([false, false, false])
  })
  expect(await doctor()).toMatchObject({ state: 'fail', finding: expect.stringContaining('clients ') as string })
  // two portals, two administrators, two mandates
  expect(await line.json('keys', 'seal')).toEqual({ sealed: 6 })
  await line.withServices(async (services) => expect(await used(services)).toEqual([true, true, true]))
  expect(await doctor()).toMatchObject({ state: 'ok' })
})
