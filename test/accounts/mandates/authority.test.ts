import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { openTestServices } from '../../setup/test-services.ts'
import { find, mandate, openOrganisation } from '../../setup/organisation.ts'
import { openPerson } from '../../setup/person.ts'
import { rivalOf } from '../../setup/rival.ts'
import { passwordAuthenticator } from '../../../src/login/methods/password/stored-password.ts'

const by = { actor: 'administrator:test' }
const hour = 3_600_000
const roles = ['owner', 'manager', 'under', 'handler', 'giver', 'helper'] as const
type Role = (typeof roles)[number]

/** The accounts that each right depends on: a handler on their manager, all of them on the owner. */
const restsOn: Record<Role, Role[]> = {
  owner: [],
  manager: ['owner'],
  under: ['owner', 'manager'],
  handler: ['owner'],
  giver: [],
  helper: ['giver'],
}

async function company(services: Services) {
  const owner = await openPerson(services, { name: '林知行' })
  const organisation = await openOrganisation(services, { representative: owner })
  const people = {
    owner,
    manager: await openPerson(services, { name: '黄经理' }),
    under: await openPerson(services, { name: '周小桐' }),
    handler: await openPerson(services, { name: '陈思远' }),
    giver: await openPerson(services, { name: '何桂芳' }),
    helper: await openPerson(services, { name: '何小妹' }),
  }
  const { id } = organisation
  await mandate(services, id, owner, people.manager, { role: 'manager', matters: ['*'], days: 300 })
  await mandate(services, id, people.manager, people.under)
  await mandate(services, id, owner, people.handler)
  await mandate(services, people.giver.id, people.giver, people.helper, { role: 'helper', matters: ['licence.read'] })
  const granted = async (role: Role) => {
    const principal = role === 'helper' ? people.giver.id : id
    return (await services.representations.find(people[role].id, principal))?.granted !== undefined
  }
  const notices = async (role: Role) => (await services.inbox.list(people[role].id, 50)).map(({ kind }) => kind)
  return { ...organisation, people, granted, notices }
}

type Company = Awaited<ReturnType<typeof company>>

/** The ways in which an account loses its standing, and how it gets it back where it can. */
const ways = {
  lock: (services: Services, { id }: { id: string }) => services.persons.setStatus(id, 'locked', by),
  async hold(services: Services, { id }: { id: string }) {
    const link = await services.recovery.makeLink(id, { counter: false }, by)
    const pass = link && (await services.recovery.checkLink(link.token))
    if (!pass || !(await services.recovery.recover(pass, passwordAuthenticator('no hash'), by)))
      throw new Error('not recovered')
  },
  async supersede(services: Services, person: { id: string; number: string }) {
    const rival = await rivalOf(services, person)
    const proved = await services.identityProofs.proveAtCounter(await find(services, rival), { bothPresent: true }, by)
    if (!proved.ok) throw new Error(proved.problem)
    return rival
  },
  async close(services: Services, { id }: { id: string }) {
    await services.closing.ask(id, by)
    // the closing is due
    await services.database
      .updateTable('natural_persons')
      .set({ closes_at: services.clock() })
      .where('id', '=', id)
      .execute()
    if (!(await services.closing.erase(id))) throw new Error('not closed')
  },
}
const wayNames = ['lock', 'hold', 'supersede', 'close'] as const

const resting = (role: Role) => roles.filter((one) => one === role || restsOn[one].includes(role))
/** A natural person does not represent themself. */
const actors = roles.filter((role) => role !== 'giver')

async function expectGranted(one: Company, isGranted: (role: Role) => boolean, what: string) {
  for (const role of actors) expect(await one.granted(role), `${what}: ${role}`).toBe(isGranted(role))
}

it.each(wayNames.flatMap((way) => roles.map((role) => ({ way, role }))))(
  'rights that depend on the $role end after $way, and their holders are notified',
  async ({ way, role }) => {
    const { services, forward } = await openTestServices()
    const one = await company(services)
    await expectGranted(one, () => true, 'before')
    await services.database.deleteFrom('representation_endings').execute()
    await ways[way](services, one.people[role])
    await expectGranted(one, (other) => !resting(role).includes(other), `${way} ${role}`)
    // the same commit schedules a check of the grants for each of their principals
    const due = await services.database
      .selectFrom('representation_endings')
      .select('principal_id')
      .where('due_at', '<=', services.clock())
      .execute()
    const principal = ['giver', 'helper'].includes(role) ? one.people.giver.id : one.id
    if (way !== 'close') expect(due.map((row) => row.principal_id)).toContain(principal)
    for (const other of resting(role).filter((each) => each !== role && each !== 'owner')) {
      if (way !== 'close') expect((await one.notices(other)).join(), other).toMatch(/mandate-(rests|suspended)/)
    }
    // the standing is back where that is possible
    if (way === 'lock') await services.persons.setStatus(one.people[role].id, 'active', by)
    forward(25 * hour)
    const stands = way === 'lock' || way === 'hold'
    await expectGranted(one, (other) => stands || !resting(role).includes(other), `later, ${way} ${role}`)
  },
)

it('the person who gets the number back is notified of mandates in their name, and confirms each', async () => {
  const { services } = await openTestServices()
  const one = await company(services)
  const rival = await ways.supersede(services, one.people.owner)
  const notice = (await services.inbox.list(rival.id, 9)).find(({ kind }) => kind === 'opened-in-your-name')
  expect(notice?.details).toEqual({ organisations: one.id, mandates: '2' })
  expect((await services.inbox.list(one.people.owner.id, 9)).map(({ kind }) => kind)).toContain('number-lost')
  const standing = await services.legalPersons.standing(one.id)
  expect(standing).toMatchObject({ blockedBy: 'unconfirmed', legalPerson: { ownerId: null } })
  const opened = await services.legalPersons.open({ uscc: one.uscc, person: await find(services, rival) }, by)
  expect(opened).toMatchObject({ ok: true, legalPerson: { id: one.id } })
  expect((await services.representations.find(rival.id, one.id))?.granted?.relation).toBe('legal_representative')
  // holders from the previous owner have nothing until the new owner confirms
  for (const role of ['owner', 'manager', 'under', 'handler'] as const) expect(await one.granted(role)).toBe(false)
})

it('an organisation depends on the document of its representative, not on the account that opened it', async () => {
  const { services } = await openTestServices()
  const one = await company(services)
  const other = await openPerson(services)
  const { id, row } = await find(services, other)
  const number = services.persons.reveal(await find(services, other)).documentNumber
  expect(id).toBe(other.id)
  // as after a correction of the stored number
  await services.database
    .updateTable('natural_persons')
    .set({
      document_index: `${row.document_index}x`,
      document_number: services.dataKeys.cipher.seal(number, `natural_persons.document_number:${one.people.owner.id}`),
    })
    .where('id', '=', one.people.owner.id)
    .execute()
  expect(await services.legalPersons.standing(one.id)).toMatchObject({ blockedBy: 'unconfirmed' })
  await expectGranted(one, (role) => role === 'helper', 'another number')
})

const step = fc.record({
  do: fc.constantFrom('lock', 'lock', 'unlock', 'unlock', 'hold', 'wait', 'supersede', 'close'),
  role: fc.constantFrom(...roles),
})

it('in any order: a right is granted while all accounts it depends on are in good standing', async () => {
  const { services, forward } = await openTestServices()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 7 }), async (story) => {
      const one = await company(services)
      const state = new Map(roles.map((role) => [role, { locked: false, held: 0, gone: false, closed: false }]))
      for (const { do: what, role } of story) {
        const of = state.get(role)
        if (!of) throw new Error('no such role')
        const person = one.people[role]
        if (what === 'wait') forward(13 * hour)
        if (of.closed) continue
        if (what === 'lock' || what === 'unlock') {
          of.locked = what === 'lock'
          await services.persons.setStatus(person.id, of.locked ? 'locked' : 'active', by)
        }
        if (what === 'hold' && !of.locked && !of.gone) {
          of.held = services.clock() + 24 * hour
          await ways.hold(services, person)
        }
        if (what === 'supersede' && !of.gone) {
          of.gone = true
          await ways.supersede(services, person)
        }
        if (what === 'close' && !of.locked) {
          of.gone = of.closed = true
          await ways.close(services, person)
        }
        const inStanding = (each: Role) => {
          const { locked, held, gone } = state.get(each) ?? { locked: true, held: 0, gone: true }
          return !locked && !gone && held <= services.clock()
        }
        const shown = JSON.stringify(story)
        await expectGranted(one, (each) => [each, ...restsOn[each]].every(inStanding), shown)
      }
    }),
    { numRuns: 40 },
  )
}, 120_000)
