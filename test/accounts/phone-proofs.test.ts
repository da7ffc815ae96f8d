import { describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { createPhoneProofs, type PhoneProofs } from '../../src/accounts/phone-proofs.ts'
import { dayMs } from '../../src/config/time.ts'
import type { Hands } from '../../src/proofing/recycled-numbers.ts'
import type { Services } from '../../src/services.ts'
import { openPerson } from '../setup/person.ts'
import { openTestServices } from '../setup/test-services.ts'

const by = { actor: 'person' }
const monthMs = 31 * dayMs

async function world(hands: () => Hands = () => 'unknown') {
  const { services, forward } = await openTestServices()
  const { database, dataKeys, notifier, audit, clock } = services
  const asked: { phone: string; since: number }[] = []
  const proofs = createPhoneProofs({
    database,
    blindIndex: dataKeys.blindIndex,
    recycled: {
      hands: async (phone, since) => {
        asked.push({ phone, since })
        return hands()
      },
    },
    notifier,
    audit,
    months: 24,
    mostPersons: 5,
    clock,
  })
  return { services, forward, proofs, asked }
}

const record = (services: Services, proofs: PhoneProofs, proof: Parameters<PhoneProofs['record']>[1]) =>
  services.database.transaction().execute((transaction) => proofs.record(transaction, proof, by))

const withNumber = async (services: Services) => (await openPerson(services, { phone: local })).id
const kindsOf = async (services: Services, id: string) => (await services.inbox.list(id, 50)).map(({ kind }) => kind)
const local = '13912345678'
const phone = `+86${local}`
const otherPhone = '+8613912345679'

describe('a proof of a number', () => {
  it('counts for its person and number, until it is older than the months of the setting', async () => {
    const { services, forward, proofs } = await world()
    const [one, other] = [await withNumber(services), await withNumber(services)]
    expect(await proofs.find({ personId: one, phone })).toBeUndefined()
    const at = services.clock()
    expect(await record(services, proofs, { personId: one, phone, how: 'sms' })).toBe('recorded')
    expect(await proofs.find({ personId: one, phone })).toEqual({ firstAt: at, at })
    expect(await proofs.find({ personId: other, phone })).toBeUndefined()
    expect(await proofs.find({ personId: one, phone: otherPhone })).toBeUndefined()
    forward(23 * 30 * dayMs)
    expect(await proofs.find({ personId: one, phone })).toBeDefined()
    forward(2 * monthMs)
    expect(await proofs.find({ personId: one, phone })).toBeUndefined()
    expect(await proofs.holders(phone)).toEqual([])
  })

  it('is renewed without a gap; after a gap its time begins again', async () => {
    const { services, forward, proofs } = await world()
    const personId = await withNumber(services)
    const first = services.clock()
    await record(services, proofs, { personId, phone, how: 'sms' })
    forward(12 * monthMs)
    await record(services, proofs, { personId, phone, how: 'sms' })
    expect(await proofs.find({ personId, phone })).toEqual({ firstAt: first, at: services.clock() })
    forward(12 * monthMs)
    await record(services, proofs, { personId, phone, how: 'clerk' })
    expect(await proofs.find({ personId, phone })).toEqual({ firstAt: first, at: services.clock() })
    forward(25 * monthMs)
    const later = services.clock()
    await record(services, proofs, { personId, phone, how: 'sms' })
    expect(await proofs.find({ personId, phone })).toEqual({ firstAt: later, at: later })
  })

  it('ends where its person gives the number up, and where another number is proven the old one stays given up', async () => {
    const { services, forward, proofs } = await world()
    const personId = await withNumber(services)
    await record(services, proofs, { personId, phone, how: 'sms' })
    await services.database.transaction().execute((within) => proofs.giveUp(within, { personId, phone }))
    expect(await proofs.find({ personId, phone })).toBeUndefined()
    forward(dayMs)
    await record(services, proofs, { personId, phone, how: 'sms' })
    expect(await proofs.find({ personId, phone })).toEqual({ firstAt: services.clock(), at: services.clock() })
  })

  it('is possible for five persons; each is told, once for each new one, and the sixth is refused', async () => {
    const { services, proofs } = await world()
    const ids = []
    for (let count = 0; count < 6; count += 1) ids.push(await withNumber(services))
    const results = []
    for (const personId of ids) results.push(await record(services, proofs, { personId, phone, how: 'sms' }))
    expect(results).toEqual(['recorded', 'recorded', 'recorded', 'recorded', 'recorded', 'full'])
    const told = await Promise.all(ids.map(async (id) => (await kindsOf(services, id)).length))
    // the first gets a notice for each of four others, the last one for all four before
    expect(told).toEqual([4, 4, 3, 2, 1, 0])
    expect(await record(services, proofs, { personId: ids[0] ?? '', phone, how: 'sms' })).toBe('recorded')
    expect(await kindsOf(services, ids[0] ?? '')).toHaveLength(4)
  })
})

describe('a number as identifier', () => {
  it('finds the person who has proven it, before persons of a higher level who only claim it', async () => {
    const { services } = await world()
    const { phoneProofs: proofs, persons } = services
    const claimed = await openPerson(services, { phone: local, level: 3 })
    const proven = await openPerson(services, { phone: local, level: 2 })
    expect((await persons.findByIdentifier(readIdentifier(phone)))?.id).toBe(claimed.id)
    await record(services, proofs, { personId: proven.id, phone, how: 'sms' })
    expect((await persons.findByIdentifier(readIdentifier(local)))?.id).toBe(proven.id)
  })

  it('finds no person where two have proven it; their document numbers still do', async () => {
    const { services } = await world()
    const { phoneProofs: proofs, persons } = services
    const [one, other] = [await openPerson(services, { phone: local }), await openPerson(services, { phone: local })]
    await openPerson(services, { phone: local, level: 3 })
    await record(services, proofs, { personId: one.id, phone, how: 'sms' })
    await record(services, proofs, { personId: other.id, phone, how: 'sms' })
    expect(await persons.findByIdentifier(readIdentifier(phone))).toBeUndefined()
    expect((await persons.findByIdentifier(readIdentifier(other.number)))?.id).toBe(other.id)
    await services.database.transaction().execute((within) => proofs.giveUp(within, { personId: one.id, phone }))
    expect((await persons.findByIdentifier(readIdentifier(phone)))?.id).toBe(other.id)
  })
})

describe('a number that changed hands', () => {
  it('has no proof any more, and its persons are told', async () => {
    const { services, forward, proofs, asked } = await world(() => 'changed')
    const personId = await withNumber(services)
    const since = services.clock()
    await record(services, proofs, { personId, phone, how: 'sms' })
    forward(200 * dayMs)
    expect(await proofs.checkHands(phone)).toBe('changed')
    expect(asked).toEqual([{ phone, since }])
    expect(await proofs.find({ personId, phone })).toBeUndefined()
    expect(await kindsOf(services, personId)).toEqual(['phone-recycled'])
    expect(await proofs.checkHands(phone)).toBe('same')
  })

  it('is not asked for while a cancelled number would still be frozen', async () => {
    const { services, forward, proofs, asked } = await world(() => 'changed')
    const personId = await withNumber(services)
    await record(services, proofs, { personId, phone, how: 'sms' })
    forward(89 * dayMs)
    expect(await proofs.checkHands(phone)).toBe('same')
    expect(asked).toEqual([])
  })

  it.each(['same', 'unknown'] as const)('keeps its proofs where the vendor says %s', async (hands) => {
    const { services, forward, proofs } = await world(() => hands)
    const personId = await withNumber(services)
    await record(services, proofs, { personId, phone, how: 'sms' })
    forward(200 * dayMs)
    expect(await proofs.checkHands(phone)).toBe(hands)
    expect(await proofs.find({ personId, phone })).toBeDefined()
  })
})
