import { beforeAll, expect, it } from 'vitest'
import { decodeJwt } from 'jose'
import { matchKey } from '../../../../src/accounts/identifiers/names.ts'
import type { Services } from '../../../../src/services.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import type { RunningServer } from '../../../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../../../setup/sms-server.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let gateway: SmsGateway
let strict: TestPortal

beforeAll(async () => {
  ;({ gateway, server, services } = await startSmsServer({ YIDENG_PHONE_OWNERS: 'register' }))
  strict = await registerPortal(services, { consent: 'implicit', min_level: 3 })
})

/** A person at level 2 and what the two registers say. */
async function somebody({ inRegister = true, phoneIs = 'own' }: { inRegister?: boolean; phoneIs?: string } = {}) {
  const person = await openPerson(services, { level: 2 })
  const document = { documentType: 'resident_id', documentNumber: person.number }
  await services.database.transaction().execute(async (transaction) => {
    if (inRegister) await services.register.add(transaction, [{ ...document, nameKey: matchKey('陈大文') }])
    if (phoneIs === 'none') return
    const owner = phoneIs === 'own' ? document : { ...document, documentNumber: '440300199001011234' }
    await services.phoneRegister.add(transaction, [{ ...owner, phone: `+86${person.phone}` }])
  })
  return person
}

/** Signs in by password at a portal of level 3, and asks for the code. */
async function askForCode(person: { username: string; phone: string }) {
  const visitor = new Visitor(server.issuer)
  const begun = await strict.begin()
  const level = await signIn(visitor, await visitor.get(begun.url), person.username)
  expect(level.html).toContain('用手机验证码证明')
  const asked = await visitor.submit(level, '/sms/start', {})
  const { code, purpose } = await gateway.textTo(`+86${person.phone}`)
  expect(purpose).toBe('bind')
  return { visitor, begun, asked, code }
}

it('leads to level 3 by a code to the person’s own phone, once and for all', async () => {
  const person = await somebody()
  const { visitor, begun, asked, code } = await askForCode(person)
  const { id_token: token = '' } = await begun.finish(await visitor.submit(asked, '/sms/own', { code }))
  expect(decodeJwt(token)).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['pwd', 'otp', 'sms'] })
  expect(await services.persons.find(person.id)).toMatchObject({ identityLevel: 3, possession: 'phone' })

  const later = new Visitor(server.issuer)
  const again = await strict.begin()
  const page = await signIn(later, await later.get(again.url), person.username)
  const { id_token: next = '' } = await again.finish(page)
  expect(decodeJwt(next)).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['pwd'] })
})

it.each([
  ['a number of another person', { phoneIs: 'another' }],
  ['a number that no source knows', { phoneIs: 'none' }],
  ['a name and number that the register does not have', { inRegister: false }],
])('leaves level 2 for %s, with one answer', async (_what, facts) => {
  const person = await somebody(facts)
  const { visitor, asked, code } = await askForCode(person)
  const page = await visitor.submit(asked, '/sms/own', { code })
  expect(page.status).toBe(400)
  expect(page.html).toContain('没有对上')
  expect(await services.persons.find(person.id)).toMatchObject({ identityLevel: 2 })
})

it('takes no other code, and none twice', async () => {
  const [one, other] = [await somebody(), await somebody({ inRegister: false })]
  const [first, second] = [await askForCode(one), await askForCode(other)]
  if (first.code !== second.code) {
    const crossed = await first.visitor.submit(first.asked, '/sms/own', { code: second.code })
    expect(crossed.html).toContain('验证码不对')
  }
  const used = await second.visitor.submit(second.asked, '/sms/own', { code: second.code })
  expect(used.html).toContain('没有对上')
  const twice = await second.visitor.submit(used, '/sms/own', { code: second.code })
  expect(twice.html).toContain('不能再用')
})
