import { indexKeysInUse } from '../../keys/lookup-index.ts'
import { isAmong } from '../constant-time.ts'
import type { IdentifierReading } from '../identifiers/identify.ts'
import { fromRow, type NaturalPerson, type NaturalPersonsDeps } from './natural-person.ts'

const indexColumn = { phone: 'phone_index', username: 'username_index', document: 'document_index' } as const

type Deps = Pick<NaturalPersonsDeps, 'database' | 'lookup'>

/** Finds the account of an identifier. Of several accounts: the best proven one, then the oldest. */
export async function findByIdentifier(
  { database, lookup }: Deps,
  readings: readonly IdentifierReading[],
): Promise<NaturalPerson | undefined> {
  if (readings.length === 0) return undefined
  // under all keys in one statement: a key rotation moves one account after another
  const look = () =>
    database
      .selectFrom('natural_persons')
      .selectAll()
      .where((where) =>
        where.or(readings.map(({ kind, value }) => where(indexColumn[kind], 'in', lookup.all(kind, value)))),
      )
      .orderBy('identity_level', 'desc')
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst()
  const newestKey = () => lookup.fingerprint(lookup.known().at(-1) ?? '')
  const usedKey = newestKey()
  const found = await look()
  await indexKeysInUse(database, lookup)
  // another process may have added a key in between
  const row = newestKey() === usedKey ? found : await look()
  return row && fromRow(row)
}

/** Whether this is the person's phone or document number. Takes the same time where there is no account. */
export function isOnRecord(
  { lookup }: Deps,
  person: NaturalPerson | undefined,
  { kind, value }: IdentifierReading,
): boolean {
  const { phone_index: phone = '', document_index: document = '' } = person?.row ?? {}
  return kind !== 'username' && isAmong({ phone, document }[kind], lookup.all(kind, value))
}
