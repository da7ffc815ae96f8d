import { indexKeysInUse } from '../../keys/lookup-index.ts'
import { isAmong } from '../constant-time.ts'
import type { IdentifierReading } from '../identifiers/identify.ts'
import { fromRow, type NaturalPerson, type NaturalPersonsDeps } from './natural-person.ts'

const indexColumn = {
  phone: 'phone_index',
  username: 'username_index',
  document: 'document_index',
  name: 'name_index',
} as const

/** What an account can be found by. The value is normalised; that of a name is its `matchKey`. */
export interface Sought {
  kind: keyof typeof indexColumn
  value: string
}

type Deps = Pick<NaturalPersonsDeps, 'database' | 'lookup'>

/** Finds the account of an identifier. Of several accounts: the best proven one, then the oldest. */
export const findByIdentifier = async (
  deps: Deps,
  readings: readonly IdentifierReading[],
): Promise<NaturalPerson | undefined> => (await findPeople(deps, readings, 1))[0]

/** Finds the accounts that one of these values fits, at most `most`: the best proven ones first, then the oldest. */
export async function findPeople(
  { database, lookup }: Deps,
  sought: readonly Sought[],
  most: number,
): Promise<NaturalPerson[]> {
  if (sought.length === 0) return []
  // under all keys in one statement: a key rotation moves one account after another
  const look = () =>
    database
      .selectFrom('natural_persons')
      .selectAll()
      .where((where) =>
        where.or(sought.map(({ kind, value }) => where(indexColumn[kind], 'in', lookup.all(kind, value)))),
      )
      .orderBy('identity_level', 'desc')
      .orderBy('created_at')
      .limit(most)
      .execute()
  const newestKey = () => lookup.fingerprint(lookup.known().at(-1) ?? '')
  const usedKey = newestKey()
  const found = await look()
  await indexKeysInUse(database, lookup)
  // another process may have added a key in between
  const rows = newestKey() === usedKey ? found : await look()
  return rows.map(fromRow)
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
