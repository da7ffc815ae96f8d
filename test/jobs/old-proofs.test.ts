import { expect, it } from 'vitest'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { readSettings } from '../../src/config/settings.ts'
import { oldProofs } from '../../src/jobs/old-proofs.ts'
import { openServices } from '../../src/services.ts'
import type { Possession } from '../../src/storage/schema.ts'
import { makePostgres } from '../setup/stores.ts'
import { openPerson } from '../setup/person.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'
import { cannotRun } from '../setup/parts.ts'

const by = { actor: 'test' }
const until = Date.parse('2027-12-31T00:00:00+08:00')

/** Services, and people at level 3 as the rule before made them: with no possession. */
async function world(environment: Record<string, string>) {
  const hand = handClock()
  const directory = temporaryDirectory()
  const places = { YIDENG_DATA_DIR: `${directory}/data`, YIDENG_KEYS_DIR: `${directory}/keys` }
  const services = await openServices(readSettings({ ...places, ...environment }), hand.clock)
  const open = async (possession: Possession | null) => {
    const { id, number } = await openPerson(services)
    await services.database.updateTable('natural_persons').set({ possession }).where('id', '=', id).execute()
    return { id, number }
  }
  const levels = (ids: string[]) => Promise.all(ids.map(async (id) => (await services.persons.find(id))?.identityLevel))
  return { ...hand, services, open, levels }
}

it.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
] as const)(
  'ends level 3 by name and number alone on its day, and tells the person (%s)',
  async (kind, environment) => {
    if (kind === 'PostgreSQL' && cannotRun('PostgreSQL')) return
    const { services, clock, forward, open, levels } = await world(await environment())
    const [old, phone, face, counter] = [
      await open(null),
      await open('phone'),
      await open('biometric'),
      await open('counter'),
    ]
    const ids = [old, phone, face, counter].map(({ id }) => id)
    expect(await services.persons.countOldProofs()).toBe(1)
    const job = oldProofs({ persons: services.persons, clock, until })

    forward(until - clock() - 1)
    await job.run()
    expect(await levels(ids)).toEqual([3, 3, 3, 3])

    forward(1)
    await job.run()
    expect(await levels(ids)).toEqual([2, 3, 3, 3])
    expect(await services.persons.countOldProofs()).toBe(0)
    const notices = await services.inbox.list(old.id, 9)
    expect(notices.map(({ kind: one }) => one)).toEqual(['proof-ended'])
    await services.close()
  },
)

it('ends none where the operator named no day', async () => {
  const { services, clock, forward, open, levels } = await world({})
  const { id } = await open(null)
  forward(100 * 366 * 86_400_000)
  await oldProofs({ persons: services.persons, clock, until: undefined }).run()
  expect(await levels([id])).toEqual([3])
  await services.close()
})

it('ends none that was shown in between, and takes the possession of a person who shows it', async () => {
  const { services, open, levels } = await world({})
  const { id, number } = await open(null)
  await services.database
    .transaction()
    .execute((transaction) =>
      services.register.add(transaction, [
        { documentType: 'resident_id', documentNumber: number, nameKey: matchKey('陈大文') },
      ]),
    )
  expect(await services.persons.proof(id, by, { possession: 'phone' })).toMatchObject({ possession: 'phone' })
  expect(await services.persons.endOldProofs()).toBe(0)
  expect(await levels([id])).toEqual([3])
  await services.close()
})
