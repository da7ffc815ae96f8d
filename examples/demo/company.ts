import { creditCodeCheck } from '../../src/accounts/identifiers/gb32100.ts'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import { openHouse, type Back } from '../../src/admin/house.ts'
import { readSettings } from '../../src/config/settings.ts'

/** Valid, and nobody's: 440000 is a whole province, and codes are given out by counties only. */
const body = '91440000MA0000000'

export const company = { name: '广东云岭科技有限公司', uscc: body + creditCodeCheck(body) }

const handlers = [
  { username: 'zhouxiaotong', matters: ['licence.read', 'licence.apply', 'enterprise.setup'] },
  { username: 'chensiyuan', matters: ['tax.filing'] },
]

const yearMs = 365 * 86_400_000

/** A company, its representative and two handlers, as they would have made it in the account centre. */
export async function setUpCompany(environment: Record<string, string | undefined>): Promise<void> {
  const house = await openHouse(readSettings(environment), () => Date.now())
  try {
    const by = { actor: 'administrator:demo' }
    const representative = await personOf(house, 'linzhixing')
    const { documentType, documentNumber } = house.persons.reveal(representative)
    const entry = { ...company, status: 'active' as const, documentType, documentNumber }
    await house.database.transaction().execute((transaction) => house.businessRegister.add(transaction, [entry]))
    const opened = await house.legalPersons.open({ uscc: company.uscc, person: representative }, by)
    if (!opened.ok) return // the level of the representative was changed by whoever plays with the demo
    const { id } = opened.legalPerson
    // left alone once there is any history of mandates: what was revoked stays revoked
    const begun = (await house.representations.history(id, 100)).some(({ event }) => event === 'offer')
    for (const { username, matters } of begun ? [] : handlers) {
      const person = await personOf(house, username)
      const { name, documentNumber: contact } = house.persons.reveal(person)
      const read = readInvitee(house.dataKeys.blindIndex, { name, contact })
      if (!read.ok) throw new Error(`${username} cannot be invited`)
      const notBefore = house.clock()
      const offering = {
        role: 'handler',
        matters,
        notBefore,
        expiresAt: notBefore + yearMs,
        invitee: read.invitee,
      } as const
      const offered = await house.mandates.offer(id, representative, offering, by)
      if (offered.ok) await house.mandates.accept(offered.mandate.id, person, by)
    }
  } finally {
    await house.close()
  }
}

async function personOf(house: Back, username: string) {
  const person = await house.persons.findByIdentifier(readIdentifier(username))
  if (!person) throw new Error(`${username} has no account`)
  return person
}
