import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { machines } from '../../src/admin/doctor/machines.ts'
import { resealStragglers } from '../../src/jobs/straggling-seals.ts'
import { addDataKey } from '../../src/keys/data-key-changes.ts'
import { createKeyReports, machineId, otherMachines } from '../../src/keys/machines.ts'
import { readKeysInStore } from '../../src/keys/keys-in-store.ts'
import { sealedUnder } from '../../src/keys/sealed-columns.ts'
import { readFact, replaceFact } from '../../src/storage/store-facts.ts'
import { commandLine } from '../cli/in-process.ts'
import { handClock } from '../setup/temporary.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { makePostgres } from '../setup/stores.ts'

const host = 'machine-b'

/** Two machines on one store, of which the second reports its keys as a server does. */
async function twoMachines(environment: Record<string, string> = {}, clock = () => Date.now()) {
  const one = commandLine({ environment, clock })
  await one.withServices((services) => openPerson(services))
  const keysDir = join(one.directory, 'elsewhere')
  mkdirSync(keysDir)
  const carry = () => copyFileSync(join(one.directory, 'keys', 'data.json'), join(keysDir, 'data.json'))
  carry()
  const two = commandLine({ environment: { ...one.environment, YIDENG_KEYS_DIR: keysDir }, clock })
  const report = () =>
    two.withServices(({ database, dataKeys }) => createKeyReports({ database, dataKeys, keysDir, host }).report())
  return { one, two, keysDir, carry, report }
}

const kinds = [
  { kind: 'data', id: 'd2' },
  { kind: 'index', id: 'i2' },
]
const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

describe.each(stores)('on %s', (name, environment) => {
  it.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL')).each(kinds)(
    'a $kind key is not used, and no old one deleted, while a running machine lacks it',
    async ({ kind, id }) => {
      const { one, keysDir, carry, report } = await twoMachines(await environment())
      const rotate = ['keys', 'rotate', '--kind', kind]
      await report()
      const first = await one.yideng(...rotate)
      expect(first).toMatchObject({ code: 1, err: expect.stringContaining(host) as string })
      expect(first.err).toContain('--prepare')
      expect((await one.yideng('keys', 'list', '--json')).out).not.toContain(`"${id}"`)

      await one.json(...rotate, '--prepare')
      expect((await one.yideng(...rotate)).err).toContain(`${host} lacks ${id}`)
      const waiting = one.json(...rotate, '--wait')
      carry()
      await report()
      expect(await waiting).toMatchObject({ current: id, left: [] })

      // a machine that comes back with its old file
      await one.withServices(async ({ database, dataKeys }) => {
        const stored = await readKeysInStore(database)
        expect([stored.data, stored.index[0]]).toContain(id)
        const before = kind === 'data' ? 'd1' : 'i1'
        const keys = { [before]: dataKeys.fingerprint(before) }
        const key = `machine:${machineId(keysDir, host)}`
        const { seenAt } = JSON.parse((await readFact(database, key)) ?? '') as { seenAt: number }
        await replaceFact(database, key, JSON.stringify({ name: host, keys, seenAt }))
      })
      const refused = await one.yideng('keys', 'retire', '--kind', kind)
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(`${host} lacks ${id}`) as string })
      if (name === 'PostgreSQL') {
        const [found] = await one.withServices(machines)
        expect(found).toMatchObject({ state: 'fail', finding: expect.stringContaining(`${host} lacks `) as string })
      }
    },
  )
})

it('a machine without a report for 90 seconds does not count, and its row is removed', async () => {
  const { one, keysDir, report } = await twoMachines()
  await report()
  const old = (database: Parameters<typeof otherMachines>[0]) =>
    replaceFact(
      database,
      `machine:${machineId(keysDir, host)}`,
      JSON.stringify({ name: host, keys: {}, seenAt: Date.now() - 91_000 }),
    )
  await one.withServices(async ({ database, dataKeys, settings }) => {
    expect(await otherMachines(database, settings.keysDir)).toHaveLength(1)
    await old(database)
    expect(await otherMachines(database, settings.keysDir)).toEqual([])
    await createKeyReports({ database, dataKeys, keysDir: settings.keysDir }).report()
    expect(await readFact(database, `machine:${machineId(keysDir, host)}`)).toBeUndefined()
  })
  expect(await one.json('keys', 'rotate', '--kind', 'data')).toMatchObject({ current: 'd2' })
})

it('a report has no key', async () => {
  const { one, two, keysDir, report } = await twoMachines()
  await report()
  await one.withServices(async ({ database }) => {
    const value = (await readFact(database, `machine:${machineId(keysDir, host)}`)) ?? ''
    expect(Object.keys(JSON.parse(value) as object).sort()).toEqual(['keys', 'name', 'seenAt'])
    await two.withServices(async ({ dataKeys }) => {
      expect(JSON.parse(value)).toMatchObject({ keys: { d1: dataKeys.fingerprint('d1') } })
    })
  })
})

it('what a straggler sealed under the old key is sealed again by a server, once an hour', async () => {
  const { clock, forward } = handClock(Date.now())
  const { one, two } = await twoMachines({}, clock)
  await one.json('keys', 'rotate', '--kind', 'data')
  // the second machine has its old file still
  const person = await two.withServices((services) => openPerson(services))
  expect(person.id).toBeDefined()
  const left = () => one.withServices(({ database }) => sealedUnder(database, ['d1']))
  expect((await left()).length).toBeGreaterThan(0)
  const run = () => one.withServices((services) => resealStragglers(services))
  expect(await run()).toBeGreaterThan(0)
  expect(await left()).toEqual([])
  await two.withServices((services) => openPerson(services))
  expect(await run()).toBe(0)
  forward(3_600_000)
  expect(await run()).toBeGreaterThan(0)
  expect(await left()).toEqual([])
})

it('a waiting key alone starts no sealing', async () => {
  const { one, keysDir } = await twoMachines()
  addDataKey(keysDir, 'international', {})
  expect(await one.withServices((services) => resealStragglers(services))).toBe(0)
})
