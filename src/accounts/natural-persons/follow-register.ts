import type { DatabaseTransaction } from '../../storage/database.ts'
import { matchKey } from '../identifiers/names.ts'
import { openPersonalData } from '../personal-fields.ts'
import { changeOf, writeChange } from './correct.ts'
import { fromRow, type Actor, type NaturalPersonsDeps } from './natural-person.ts'

/** A person as the population register has them now. */
export interface RegisteredPerson {
  documentType: string
  documentNumber: string
  /** Normalised. */
  name: string
}

/**
 * Gives proven accounts the name that the register has now for their number, in the transaction that changes the register.
 * @returns ids of the renamed accounts, to publish after the commit (topic `person`)
 */
export async function followRegister(
  deps: NaturalPersonsDeps,
  transaction: DatabaseTransaction,
  people: readonly RegisteredPerson[],
  by: Actor,
): Promise<string[]> {
  const { cipher, lookup } = deps
  const names = new Map(people.map((one) => [`${one.documentType} ${one.documentNumber}`, one.name]))
  const rows = await transaction
    .selectFrom('natural_persons')
    .selectAll()
    .where(
      'document_index',
      'in',
      people.flatMap(({ documentNumber }) => lookup.all('document', documentNumber)),
    )
    .where('identity_level', '>=', 3)
    .where('status', '<>', 'closed')
    .execute()
  const renamed: string[] = []
  for (const row of rows) {
    const before = openPersonalData(cipher, row)
    const name = names.get(`${before.documentType} ${before.documentNumber}`)
    if (name === undefined || matchKey(name) === matchKey(before.name)) continue
    const written = await writeChange(deps, transaction, fromRow(row), changeOf(before, { name }), {
      by,
      source: 'register',
    })
    if (written) renamed.push(row.id)
  }
  return renamed
}
