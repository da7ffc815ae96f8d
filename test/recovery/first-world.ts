import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'
import type { Services } from '../../src/services.ts'
import { residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { provenPhone } from '../setup/proven-phone.ts'

const by = { actor: 'person' }
const name = '陈大文'
const type = 'resident_id'

/** A person whom both registers know, and who has no account yet; a stranger knows name, number and phone. */
export async function firstWorldOf(services: Services, serial: number) {
  const { persons, recovery, register, phoneRegister, database } = services
  const number = residentId(`440304195${String(1000 + (serial % 9000)).slice(0, 1)}0101${String(100 + (serial % 900))}`)
  const thiefOpened = await openPerson(services, { name: '陆不明', level: 2 })
  await provenPhone(services, thiefOpened, 40)
  const phones = { owner: `+86${13_500_000_000 + serial}`, thief: `+86${thiefOpened.phone}` }
  const whose = { documentType: type, documentNumber: number }
  await database.transaction().execute(async (transaction) => {
    await register.add(transaction, [{ ...whose, nameKey: name }])
    await phoneRegister.add(transaction, [{ ...whose, phone: phones.owner }])
  })
  const documents = readIdentifier(number).filter(({ kind }) => kind === 'document')
  let opened = 0
  /** As the registration does: only the own phone is proven, and it is a possession where it is the person's by the register. */
  async function open(phone: string, holds: boolean): Promise<string | undefined> {
    opened += 1
    const owned = await phoneRegister.isOwner({ ...whose, name, phone })
    const result = await persons.create(
      {
        document: { type, number },
        name,
        phone,
        username: `first${serial}x${opened}`,
        authenticators: [passwordAuthenticator('a secret')],
        noticeVersion: '1',
        phoneProven: holds ? 'sms' : undefined,
        possession: holds && owned === 'match' ? 'phone' : undefined,
      },
      by,
    )
    return result.ok ? result.person.id : undefined
  }
  const claimants = async () => {
    const { row } = (await persons.findByIdentifier(documents)) ?? {}
    return database
      .selectFrom('natural_persons')
      .select(['id', 'identity_level'])
      .where((where) =>
        where.or([where('id', '=', thiefOpened.id), where('document_index', '=', row?.document_index ?? '')]),
      )
      .execute()
  }
  return {
    register: (phone: keyof typeof phones) => open(phones[phone], phone === 'thief'),
    registerOwner: () => open(phones.owner, true),
    correct: (what: 'name' | 'document' | 'both') =>
      persons.correct(
        thiefOpened.id,
        { ...(what === 'document' ? {} : { name }), ...(what === 'name' ? {} : { document: { type, number } }) },
        { by, source: 'person' },
      ),
    /** Each account of the stranger asks for level 3 by the stranger's phone. */
    async proof() {
      const owned = (await phoneRegister.isOwner({ ...whose, name, phone: phones.thief })) === 'match'
      for (const { id, identity_level: level } of await claimants())
        if (level === 2) await persons.proof(id, by, owned ? { possession: 'phone' } : {})
    },
    /** The account that a text to the stranger's own phone would recover by the owner's number. */
    async ownPhoneRecovers() {
      return (await recovery.checkPhone(await persons.findByIdentifier(documents), phones.thief))?.personId
    },
    async levelsBut(owner: string | undefined) {
      return new Set((await claimants()).filter(({ id }) => id !== owner).map((one) => one.identity_level))
    },
    foundByDocument: async () => (await persons.findByIdentifier(documents))?.id,
    async stateOf(id: string) {
      const person = await persons.find(id)
      return [person?.status, person?.identityLevel]
    },
  }
}
