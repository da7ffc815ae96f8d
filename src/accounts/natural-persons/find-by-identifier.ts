import { indexKeysInUse } from '../../keys/lookup-index.ts'
import { isAmong } from '../constant-time.ts'
import type { IdentifierReading } from '../identifiers/identify.ts'
import { fromRow, type NaturalPerson, type NaturalPersonsDeps } from './natural-person.ts'

const indexColumn = { phone: 'phone_index', username: 'username_index', document: 'document_index' } as const

type Deps = Pick<NaturalPersonsDeps, 'database' | 'lookup'>

/**
 * Finds the account of an identifier. Of several accounts: the best proven one, then the oldest. A phone finds the one person who has
 * proven it, before those who only claim it; a phone that several persons have proven finds none of them.
 */
export async function findByIdentifier(
  deps: Deps & Pick<NaturalPersonsDeps, 'phoneProofs'>,
  readings: readonly IdentifierReading[],
): Promise<NaturalPerson | undefined> {
  const phone = readings.find(({ kind }) => kind === 'phone')?.value
  if (phone === undefined) return findClaimed(deps, readings)
  const holders = await holdersOnRecord(deps, phone)
  const claimed = await findClaimed(
    deps,
    holders.length > 1 ? readings.filter(({ kind }) => kind !== 'phone') : readings,
  )
  return holders.length === 1 ? holders[0] : claimed
}

/** The persons who have proven this number, and have it on record now. */
export async function holdersOnRecord(
  { database, lookup, phoneProofs }: Deps & Pick<NaturalPersonsDeps, 'phoneProofs'>,
  phone: string,
): Promise<NaturalPerson[]> {
  const ids = await phoneProofs.holders(phone)
  const rows = await database
    .selectFrom('natural_persons')
    .selectAll()
    .where('id', 'in', ids.length > 0 ? ids : [''])
    .where('phone_index', 'in', lookup.all('phone', phone))
    .where('status', '<>', 'closed')
    .execute()
  return rows.map(fromRow)
}

async function findClaimed(
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
