import { beforeAll, describe, expect, it } from 'vitest'
import { dayMs } from '../../../../src/config/time.ts'
import { matchKey } from '../../../../src/accounts/identifiers/names.ts'
import { signIn } from '../../../setup/person.ts'
import { askText } from '../../../setup/proven-phone.ts'
import { startRecycledVendor } from '../../../setup/recycled-vendor.ts'
import { startTextLogin } from '../../../setup/text-login.ts'
import { Visitor } from '../../../setup/visitor.ts'

let world: Awaited<ReturnType<typeof startTextLogin>>
let vendor: Awaited<ReturnType<typeof startRecycledVendor>>
beforeAll(async () => {
  vendor = await startRecycledVendor()
  world = await startTextLogin({ YIDENG_PHONE_VENDORS: vendor.file, YIDENG_PHONE_OWNERS: 'register' })
})

const changedHands = '运营商说这个号码换了主人'

type Person = Awaited<ReturnType<(typeof world)['proven']>>

const proofOf = ({ id: personId, phone }: Person) => world.services.phoneProofs.find({ personId, phone: `+86${phone}` })
const told = async ({ id }: Person) => (await world.services.inbox.list(id, 9)).map(({ kind }) => kind)

/** A person whose number was proven this many days ago, which is longer than a cancelled number lies unused. */
async function provenLongAgo(overrides: Parameters<(typeof world)['proven']>[0] = {}, days = 200) {
  const { services } = world
  const person = await world.proven(overrides)
  const at = services.clock() - days * dayMs
  await services.database
    .updateTable('phone_proofs')
    .set({ first_at: at, at })
    .where('person_id', '=', person.id)
    .execute()
  return { ...person, at }
}

/** Asks for a code at the portal and types it. */
async function byText({ phone }: Person) {
  const since = world.textsTo(phone)
  const login = await world.typePhone(phone)
  const { code } = await world.textTo(phone, since)
  return { ...login, page: await world.typeCode(login, login.asked, code) }
}

describe('a sign-in by text with an old proof', () => {
  it('renews the proof where the vendor knows the same subscriber', async () => {
    const person = await provenLongAgo()
    expect((await byText(person)).page.leads).toBeDefined()
    expect((await proofOf(person))?.at).toBeGreaterThan(person.at)
  })

  it.each(['error', 'nothing'] as const)(
    'goes on where the vendor answers with %s, and renews nothing',
    async (says) => {
      const person = await provenLongAgo()
      vendor.says(person.phone, says)
      expect((await byText(person)).page.leads).toBeDefined()
      expect((await proofOf(person))?.at).toBe(person.at)
    },
  )

  it('ends, with every other sign-in, when the vendor says later that the number changed hands', async () => {
    const person = await provenLongAgo()
    vendor.says(person.phone, 'error')
    const { visitor, begun, page } = await byText(person)
    await begun.finish(page)
    expect((await visitor.get('/account/organisations')).url.pathname).toBe('/account/organisations')

    vendor.says(person.phone, 'changed')
    await world.server.forward(61_000)
    const later = await byText(person)
    expect(later.page.html).toContain(changedHands)
    expect(vendor.asked.at(-1)?.phone).toBe(person.phone)
    expect((await visitor.get('/account/organisations')).html).toContain('name="password"')
    expect(await told(person)).toContain('phone-recycled')
    expect(await proofOf(person)).toBeUndefined()
  })

  it('is the next subscriber’s at once, and the one before is asked by no document number', async () => {
    const before = await provenLongAgo()
    const next = await world.proven({ phone: before.phone })
    vendor.says(before.phone, 'changed')
    const { begun, page } = await byText(next)
    await begun.finish(page)
    expect(await world.services.phoneProofs.holders(`+86${next.phone}`)).toEqual([next.id])
    expect(await told(before)).toContain('phone-recycled')
    expect(await told(next)).not.toContain('phone-recycled')
  })
})

describe('a recovery by text with an old proof', () => {
  async function recoverBy(person: Person) {
    const visitor = new Visitor(world.server.issuer)
    const asked = await askText(visitor, person)
    const { code } = await world.textTo(person.phone)
    return visitor.submit(asked, '/recover/sms/code', { code })
  }

  it('leads to a new password where the vendor knows the same subscriber', async () => {
    const page = await recoverBy(await provenLongAgo())
    expect(page.html).toContain('name="password_again"')
  })

  it('does not where the vendor does not answer: it explains why, and shows the other ways', async () => {
    const person = await provenLongAgo()
    vendor.says(person.phone, 'error')
    const page = await recoverBy(person)
    expect(page.status).toBe(503)
    expect(page.html).toContain('现在不能核对这个号码')
    expect(page.html).toContain('href="/recover?back=')
    expect(page.html).not.toContain('name="password_again"')
    expect((await proofOf(person))?.at).toBe(person.at)
  })

  it('does not for the next subscriber, who also knows the document number', async () => {
    const person = await provenLongAgo()
    await world.proven({ phone: person.phone })
    vendor.says(person.phone, 'changed')
    const page = await recoverBy(person)
    expect(page.status).toBe(400)
    expect(page.html).not.toContain('name="password_again"')
    expect(await told(person)).toContain('phone-recycled')
  })
})

describe('level 3 by the own number with an old proof', () => {
  /** A person at level 2 whom both registers know, with this answer of the vendor about the number. */
  async function known(says: Parameters<typeof vendor.says>[1]) {
    const { services } = world
    const person = await provenLongAgo({ level: 2 })
    const document = { documentType: 'resident_id', documentNumber: person.number }
    await services.database.transaction().execute(async (transaction) => {
      await services.register.add(transaction, [{ ...document, nameKey: matchKey('陈大文') }])
      await services.phoneRegister.add(transaction, [{ ...document, phone: `+86${person.phone}` }])
    })
    vendor.says(person.phone, says)
    return person
  }
  const levelOf = async ({ id }: Person) => (await world.services.persons.find(id))?.identityLevel

  it.each([
    ['same', 3, undefined],
    ['error', 2, '查不到这个号码有没有换过主人'],
    ['changed', 2, changedHands],
  ] as const)('in a login where the vendor says %s is %i', async (says, level, words) => {
    const person = await known(says)
    const visitor = new Visitor(world.server.issuer)
    const begun = await world.strict.begin()
    const asked = await signIn(visitor, await visitor.get(begun.url), person.username)
    const typing = await visitor.submit(asked, '/sms/start', {})
    const { code } = await world.textTo(person.phone)
    const page = await visitor.submit(typing, '/sms/own', { code })
    if (words) expect(page.html).toContain(words)
    expect(await levelOf(person)).toBe(level)
  })

  it.each([
    ['same', 3],
    ['error', 2],
  ] as const)('in the account centre where the vendor says %s is %i', async (says, level) => {
    const person = await known(says)
    const visitor = new Visitor(world.server.issuer)
    const room = await signIn(visitor, await visitor.get('/account/phone'), person.username)
    const typing = await visitor.submit(room, '/account/phone', { phone: person.phone })
    const { code } = await world.textTo(person.phone)
    const done = await visitor.submit(typing, '/account/phone/code', { code })
    expect(done.url.search).toBe('?done=proven')
    expect(await levelOf(person)).toBe(level)
  })
})
