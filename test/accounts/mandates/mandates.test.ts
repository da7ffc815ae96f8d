import { beforeEach, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { readInvitee } from '../../../src/accounts/mandates/invitee.ts'
import { openTestServices } from '../../setup/test-services.ts'
import { end, find, mandate, openOrganisation, register } from '../../setup/organisation.ts'
import { openPerson } from '../../setup/person.ts'

const by = { actor: 'person' }
const day = 86_400_000
let services: Services
let forward: (ms: number) => number

beforeEach(async () => {
  ;({ services, forward } = await openTestServices())
})

function inviteeOf(name: string, contact: string) {
  const read = readInvitee(services.dataKeys.blindIndex, { name, contact })
  if (!read.ok) throw new Error('no invitee')
  return read.invitee
}

const offering = (name: string, contact: string) => ({
  role: 'handler' as const,
  matters: ['tax.filing'],
  notBefore: services.clock(),
  expiresAt: services.clock() + 30 * day,
  invitee: inviteeOf(name, contact),
})

async function offer(principal: string, giver: { id: string }, name: string, contact: string) {
  const offered = await services.mandates.offer(principal, await find(services, giver), offering(name, contact), by)
  if (!offered.ok) throw new Error(offered.problem)
  return offered
}

const refusals = async () =>
  (
    await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('event', '=', 'mandate.refused')
      .execute()
  ).map(({ details }) => JSON.parse(details) as unknown)

describe('opening an organisation', () => {
  it('is for the representative in the register; all others get the same answer', async () => {
    const { uscc, representative, id } = await openOrganisation(services)
    const stranger = await openPerson(services)
    const unproven = await openPerson(services, { level: 2 })
    const unknown = { uscc: '914403001922038216', person: await find(services, representative) }
    for (const opening of [
      { uscc, person: await find(services, stranger) },
      { uscc, person: await find(services, unproven) },
      unknown,
    ]) {
      expect(await services.legalPersons.open(opening, by)).toEqual({ ok: false, problem: 'not_representative' })
    }
    const noted = await services.database
      .selectFrom('audit_events')
      .select('sequence')
      .where('event', '=', 'organisation.refused')
      .execute()
    expect(noted).toHaveLength(3)
    // opening it again changes nothing
    const again = await services.legalPersons.open({ uscc, person: await find(services, representative) }, by)
    expect(again).toMatchObject({ ok: true, legalPerson: { id } })
    expect(await services.legalPersons.list({ limit: 10 })).toHaveLength(1)
  })

  it('waits while the register is unreachable', async () => {
    const { uscc, representative } = await openOrganisation(services)
    await services.database.schema.dropTable('business_register').execute()
    const opening = { uscc, person: await find(services, representative) }
    expect(await services.legalPersons.open(opening, by)).toEqual({ ok: false, problem: 'register_unreachable' })
  })
})

describe('an offer', () => {
  it('is accepted by the invitee only; for all others it does not exist', async () => {
    const { id, representative } = await openOrganisation(services)
    const named = await openPerson(services, { name: '周小桐' })
    const namesake = await openPerson(services, { name: '周小桐' })
    const unproven = await openPerson(services, { name: '周小桐', level: 2 })
    const { mandate: offered } = await offer(id, representative, '周小桐', named.number)
    for (const other of [namesake, unproven, representative]) {
      const person = await find(services, other)
      expect(await services.representations.offersTo(person)).toEqual([])
      for (const mandateId of [offered.id, 'no-such-mandate']) {
        expect(await services.mandates.accept(mandateId, person, by)).toEqual({ ok: false, problem: 'not_found' })
        expect(await services.mandates.decline(mandateId, person, by)).toEqual({ ok: false, problem: 'not_found' })
      }
    }
    expect(await services.mandates.accept(offered.id, await find(services, named), by)).toMatchObject({ ok: true })
    expect(await services.mandates.accept(offered.id, await find(services, named), by)).toEqual({
      ok: false,
      problem: 'not_found',
    })
    // the invitee is erased
    const row = await services.database
      .selectFrom('mandates')
      .selectAll()
      .where('id', '=', offered.id)
      .executeTakeFirstOrThrow()
    expect([row.invitee_key, row.invitee_name, row.code_key]).toEqual([null, null, null])
  })

  it('ends after two weeks, and with the standing of its giver', async () => {
    const { id, representative } = await openOrganisation(services)
    const manager = await openPerson(services, { name: '黄经理' })
    const named = await openPerson(services, { name: '周小桐' })
    const late = await offer(id, representative, '周小桐', named.number)
    forward(15 * day)
    expect(await services.mandates.accept(late.mandate.id, await find(services, named), by)).toEqual({
      ok: false,
      problem: 'not_found',
    })
    const held = await mandate(services, id, representative, manager, { role: 'manager', matters: ['*'], days: 300 })
    const orphan = await offer(id, manager, '周小桐', named.number)
    await end(services, held.id, representative)
    expect(await services.mandates.accept(orphan.mandate.id, await find(services, named), by)).toEqual({
      ok: false,
      problem: 'not_found',
    })
  })
})

describe('mandates', () => {
  it('end with the manager who gave them', async () => {
    const { id, representative } = await openOrganisation(services)
    const [manager, handler] = [
      await openPerson(services, { name: '黄经理' }),
      await openPerson(services, { name: '周小桐' }),
    ]
    const above = await mandate(services, id, representative, manager, {
      role: 'manager',
      matters: ['tax.filing', 'licence.read'],
      days: 300,
    })
    await mandate(services, id, manager, handler, { matters: ['tax.filing'] })
    expect((await services.representations.find(handler.id, id))?.granted?.matters).toEqual(['tax.filing'])
    const beyond = await services.mandates.offer(
      id,
      await find(services, manager),
      { ...offering('周小桐', handler.number), matters: ['social-insurance'] },
      by,
    )
    expect(beyond).toEqual({ ok: false, problem: 'matters_beyond' })
    await end(services, above.id, representative)
    expect(await services.representations.find(handler.id, id)).toBeUndefined()
    const events = await services.representations.history(id, 20)
    expect(events.filter(({ event }) => event === 'end')).toHaveLength(2)
  })

  it('wait for a new representative, who confirms them one by one', async () => {
    const organisation = await openOrganisation(services)
    const { id, uscc, representative } = organisation
    const [one, two] = [await openPerson(services, { name: '周小桐' }), await openPerson(services, { name: '陈思远' })]
    const [first, second] = [
      await mandate(services, id, representative, one),
      await mandate(services, id, representative, two),
    ]
    const next = await openPerson(services, { name: '新代表' })
    await register(services, { uscc, representative: next })
    for (const person of [one, two, representative]) {
      expect((await services.representations.find(person.id, id))?.granted).toBeUndefined()
    }
    expect(await services.inbox.unread(one.id)).toBe(1)
    // the previous one has no rights now
    expect(await services.legalPersons.open({ uscc, person: await find(services, representative) }, by)).toMatchObject({
      ok: false,
    })
    expect(await services.mandates.confirm(first.id, await find(services, representative), by)).toEqual({
      ok: false,
      problem: 'not_found',
    })
    expect(await services.legalPersons.open({ uscc, person: await find(services, next) }, by)).toMatchObject({
      ok: true,
    })
    expect((await services.representations.find(one.id, id))?.granted).toBeUndefined()
    expect(await services.mandates.confirm(first.id, await find(services, next), by)).toMatchObject({ ok: true })
    expect((await services.representations.find(one.id, id))?.granted?.mandates.map((held) => held.id)).toEqual([
      first.id,
    ])
    expect((await services.representations.find(two.id, id))?.granted).toBeUndefined()
    expect(await end(services, second.id, next)).toMatchObject({ ok: true })
  })

  it('of another organisation cannot be changed by a representative, a manager or a handler', async () => {
    const [here, there] = [await openOrganisation(services), await openOrganisation(services)]
    const handler = await openPerson(services, { name: '周小桐' })
    const held = await mandate(services, there.id, there.representative, handler)
    const manager = await openPerson(services, { name: '黄经理' })
    await mandate(services, here.id, here.representative, manager, { role: 'manager', matters: ['*'], days: 300 })
    for (const stranger of [here.representative, manager]) {
      const person = await find(services, stranger)
      for (const mandateId of [held.id, '00000000-0000-4000-8000-000000000000', here.id, '', '%', "' OR 1=1 --"]) {
        expect(await services.mandates.end(mandateId, person, by)).toEqual({ ok: false, problem: 'not_found' })
        expect(await services.mandates.confirm(mandateId, person, by)).toEqual({ ok: false, problem: 'not_found' })
      }
      for (const principal of [there.id, 'nothing', handler.id, '']) {
        const answer = await services.mandates.offer(principal, person, offering('周小桐', handler.number), by)
        expect(answer).toEqual({ ok: false, problem: 'not_found' })
        expect(await services.representations.find(stranger.id, principal)).toBeUndefined()
      }
    }
    expect((await services.representations.find(handler.id, there.id))?.granted?.mandates).toHaveLength(1)
    expect(await refusals()).toHaveLength(2 * (6 * 2 + 4))
  })

  it('keep their limits in parallel acts', async () => {
    const { id, representative } = await openOrganisation(services)
    const people = await Promise.all(
      Array.from({ length: 9 }, (_, n) => openPerson(services, { name: `经理${'一二三四五六七八九'.charAt(n)}` })),
    )
    const answers = await Promise.all(
      people.map(async (person, n) => {
        const wanted = { ...offering(`经理${'一二三四五六七八九'.charAt(n)}`, person.number), role: 'manager' as const }
        return services.mandates.offer(id, await find(services, representative), wanted, by)
      }),
    )
    const offered = await services.database.selectFrom('mandates').select('id').where('state', '=', 'offered').execute()
    expect(offered).toHaveLength(answers.filter(({ ok }) => ok).length)
    expect(offered.length).toBeLessThanOrEqual(5)
    expect(offered.length).toBeGreaterThan(0)
  })

  it('are stored with the signed text, where there is one', async () => {
    const { id, representative } = await openOrganisation(services)
    const signed: string[] = []
    const sign = (text: string) => {
      signed.push(text)
      return '{"signature":"made up"}'
    }
    const offered = await services.mandates.offer(
      id,
      await find(services, representative),
      offering('周小桐', '11010519491231002X'),
      by,
      sign,
    )
    expect(offered.ok).toBe(true)
    const row = await services.database
      .selectFrom('mandate_history')
      .selectAll()
      .where('event', '=', 'offer')
      .executeTakeFirstOrThrow()
    expect([row.text, row.signature]).toEqual([signed[0], '{"signature":"made up"}'])
    expect(row.text).toContain(`principal: ${id}`)
    expect(row.text).toContain('matters: tax.filing')
    expect(row.text).not.toContain('周小桐')
  })
})
