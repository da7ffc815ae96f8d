import type { Services } from '../../src/services.ts'
import { creditCodeCheck } from '../../src/accounts/identifiers/gb32100.ts'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import type { Role } from '../../src/accounts/mandates/mandate-rules.ts'
import { openPerson } from './person.ts'
import type { Visitor } from './visitor.ts'

type Person = Awaited<ReturnType<typeof openPerson>>

const by = { actor: 'person' }
const day = 86_400_000
let organisations = 0

/** A valid code that no other test of this process has. */
export function creditCode(start = '91'): string {
  organisations += 1
  const body = `${start}440000${String(organisations).padStart(9, '0')}`
  return body + creditCodeCheck(body)
}

export async function find(services: Services, person: { id: string }) {
  const found = await services.persons.find(person.id)
  if (!found) throw new Error('no such person')
  return found
}

/** Adds an organisation to the business register, or updates it there. */
export async function register(
  services: Services,
  organisation: { uscc: string; name?: string; representative: Person; status?: 'active' | 'revoked' | 'cancelled' },
) {
  const { uscc, name = '云岭科技有限公司', representative, status = 'active' } = organisation
  const entry = { uscc, name, status, documentType: 'resident_id', documentNumber: representative.number }
  await services.database.transaction().execute((transaction) => services.businessRegister.add(transaction, [entry]))
  await services.legalPersons.registerChanged([uscc])
}

/** Opens an organisation account for its representative. */
export async function openOrganisation(services: Services, overrides: { name?: string; representative?: Person } = {}) {
  const representative = overrides.representative ?? (await openPerson(services, { name: '林知行' }))
  const uscc = creditCode()
  const name = overrides.name ?? '云岭科技有限公司'
  await register(services, { uscc, name, representative })
  const opened = await services.legalPersons.open({ uscc, person: await find(services, representative) }, by)
  if (!opened.ok) throw new Error(opened.problem)
  return { id: opened.legalPerson.id, uscc, name, representative }
}

/** Offers a mandate by document number and accepts it. */
export async function mandate(
  services: Services,
  principalId: string,
  giver: { id: string },
  holder: Person & { name?: string },
  given: { role?: Role; matters?: string[]; days?: number; from?: number } = {},
) {
  const { role = 'handler', matters = ['licence.read'], days = 30, from = services.clock() } = given
  const person = await find(services, holder)
  const { name, documentNumber } = services.persons.reveal(person)
  const read = readInvitee(services.dataKeys.blindIndex, { name, contact: documentNumber })
  if (!read.ok) throw new Error('the invitee cannot be read')
  const offering = { role, matters, notBefore: from, expiresAt: from + days * day, invitee: read.invitee }
  const offered = await services.mandates.offer(principalId, await find(services, giver), offering, by)
  if (!offered.ok) throw new Error(offered.problem)
  const accepted = await services.mandates.accept(offered.mandate.id, person, by)
  if (!accepted.ok) throw new Error(accepted.problem)
  return accepted.mandate
}

export async function end(services: Services, mandateId: string, person: { id: string }) {
  return services.mandates.end(mandateId, await find(services, person), by)
}

/** The fields of the mandate page for 周小桐: to file taxes for 30 days. */
export const handlerFields = (contact: string) => ({
  name: '周小桐',
  contact,
  role: 'handler',
  'matter-tax.filing': 'yes',
  from: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10),
  days: '30',
})

/** Fills in that page. It then asks for a signature, where the representative has a passkey. */
export async function inviteHandler(representative: Visitor, organisationId: string, handler: { number: string }) {
  const page = await representative.get(`/account/organisations/${organisationId}/invite`)
  return representative.submit(page, '/invite', handlerFields(handler.number))
}
