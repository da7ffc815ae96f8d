import { indexKeysInUse, type LookupIndex } from '../keys/lookup-index.ts'
import type { DatabaseTransaction } from '../storage/database.ts'

/** What an account is found by, each made of what is sealed beside it. */
export function indexesOf(
  lookup: LookupIndex,
  key: string,
  { documentNumber, phone, username }: { documentNumber: string; phone: string; username: string },
) {
  return {
    document_index: lookup.under(key, 'document', documentNumber),
    phone_index: lookup.under(key, 'phone', phone),
    username_index: lookup.under(key, 'username', username),
  }
}

/**
 * Accounts that have proven this document. Two of them under different index keys are no conflict to the store's own unique
 * index, so who is about to prove one looks here, in the same transaction: writers take turns.
 */
export async function provenHolders(
  within: DatabaseTransaction,
  lookup: LookupIndex,
  { documentType, documentNumber }: { documentType: string; documentNumber: string },
) {
  await indexKeysInUse(within, lookup)
  return within
    .selectFrom('natural_persons')
    .select(['id', 'identity_level'])
    .where('document_type', '=', documentType)
    .where('document_index', 'in', lookup.all('document', documentNumber))
    .where('identity_level', '>=', 3)
    .execute()
}
