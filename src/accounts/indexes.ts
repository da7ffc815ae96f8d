import { matchKey } from './identifiers/names.ts'
import { indexKeysInUse, type LookupIndex } from '../keys/lookup-index.ts'
import type { DatabaseTransaction } from '../storage/database.ts'

/** Blind indexes of an account: columns for lookup by identifier. An account may have no username: nothing finds its index then. */
export function indexesOf(
  lookup: LookupIndex,
  key: string,
  data: { id: string; documentNumber: string; name: string; phone: string; username: string },
) {
  const { id, documentNumber, name, phone, username } = data
  return {
    document_index: lookup.under(key, 'document', documentNumber),
    phone_index: lookup.under(key, 'phone', phone),
    username_index: lookup.under(key, 'username', username || `none:${id}`),
    name_index: lookup.under(key, 'name', matchKey(name)),
  }
}

/**
 * Accounts that have proven this document. The store's unique index does not see equal documents under different index keys.
 * So a proof calls this first, in its own transaction: writers are serialised.
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
