import { creditCodeCheck } from '../../src/accounts/identifiers/gb32100.ts'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import { openServices, type Services } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'

/** A valid code without owner: only counties issue codes, and 440000 is a province. */
const body = '91440000MA0000000'

export const company = { name: '广东云岭科技有限公司', uscc: body + creditCodeCheck(body) }

const handlers = [
  { username: 'zhouxiaotong', matters: ['licence.read', 'licence.apply', 'enterprise.setup'] },
  { username: 'chensiyuan', matters: ['tax.filing'] },
]

const yearMs = 365 * 86_400_000

/** A company, its representative and two handlers, as if made in the account centre. */
export async function setUpCompany(environment: Record<string, string | undefined>): Promise<void> {
  const services = await openServices(readSettings(environment), () => Date.now())
  try {
    const by = { actor: 'administrator:demo' }
    const representative = await personOf(services, 'linzhixing')
    const { documentType, documentNumber } = services.persons.reveal(representative)
    const entry = { ...company, status: 'active' as const, documentType, documentNumber }
    await services.database.transaction().execute((transaction) => services.businessRegister.add(transaction, [entry]))
    const opened = await services.legalPersons.open({ uscc: company.uscc, person: representative }, by)
    if (!opened.ok) return // A user of the demo changed the level of the representative.
    const { id } = opened.legalPerson
    // An existing history of mandates stays, so revoked mandates stay revoked.
    const begun = (await services.representations.history(id, 100)).some(({ event }) => event === 'offer')
    for (const { username, matters } of begun ? [] : handlers) {
      const person = await personOf(services, username)
      const { name, documentNumber: contact } = services.persons.reveal(person)
      const read = readInvitee(services.dataKeys.blindIndex, { name, contact })
      if (!read.ok) throw new Error(`${username} cannot be invited`)
      const notBefore = services.clock()
      const offering = {
        role: 'handler',
        matters,
        notBefore,
        expiresAt: notBefore + yearMs,
        invitee: read.invitee,
      } as const
      const offered = await services.mandates.offer(id, representative, offering, by)
      if (offered.ok) await services.mandates.accept(offered.mandate.id, person, by)
    }
  } finally {
    await services.close()
  }
}

async function personOf(services: Services, username: string) {
  const person = await services.persons.findByIdentifier(readIdentifier(username))
  if (!person) throw new Error(`${username} has no account`)
  return person
}
