import type { Services } from '../../src/services.ts'
import type { Page, Visitor } from './visitor.ts'

const dayMs = 86_400_000

/** Records a proof of the person's phone: days since it was first proven, and since it was proven last. */
export async function provenPhone(services: Services, person: { id: string; phone: string }, days: number, last = 0) {
  const proof = { personId: person.id, phone: `+86${person.phone}`, how: 'sms' } as const
  await services.database.transaction().execute(async (transaction) => {
    await services.phoneProofs.record(transaction, proof, { actor: 'person' })
    const ago = (many: number) => services.clock() - many * dayMs
    const change = { first_at: ago(days), at: ago(last) }
    await transaction.updateTable('phone_proofs').set(change).where('person_id', '=', person.id).execute()
  })
}

/** Asks for a code to set a new password; the page for the code comes. */
export const askText = async (visitor: Visitor, person: { phone: string; number: string }): Promise<Page> =>
  visitor.submit(await visitor.get('/recover/sms'), '/recover/sms', {
    phone: person.phone,
    document_number: person.number,
  })
