import type { FieldCipher } from '../keys/field-cipher.ts'
import { indexKeysInUse, type LookupIndex } from '../keys/lookup-index.ts'
import type { Database } from '../storage/database.ts'
import { matchKey } from './identifiers/names.ts'
import { fieldAad } from './personal-fields.ts'

const atOnce = 200

/**
 * Gives an index of the name to accounts that an older version opened, at most `atOnce` in one run.
 * By compare-and-set on the sealed name: a correction at the same time wins.
 * @returns how many accounts the run looked at; 0 when all are done
 */
export async function fillNameIndexes(deps: {
  database: Database
  cipher: FieldCipher
  lookup: LookupIndex
}): Promise<number> {
  const { database, cipher, lookup } = deps
  const rows = await database
    .selectFrom('natural_persons')
    .select(['id', 'name'])
    .where('name_index', 'is', null)
    .limit(atOnce)
    .execute()
  if (rows.length === 0) return 0
  await database.transaction().execute(async (transaction) => {
    const [key] = await indexKeysInUse(transaction, lookup)
    for (const { id, name } of rows) {
      const plain = cipher.open(name, fieldAad('name', id))
      await transaction
        .updateTable('natural_persons')
        .set({ name_index: lookup.under(key, 'name', matchKey(plain)) })
        .where('id', '=', id)
        .where('name', '=', name)
        .execute()
    }
  })
  return rows.length
}
