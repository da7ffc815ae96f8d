import { randomUUID } from 'node:crypto'
import { sealOf } from '../src/accounts/authenticators/row.ts'
import type { Services } from '../src/services.ts'
import { indexKeysInUse } from '../src/keys/lookup-index.ts'
import { compileOnce, type Database } from '../src/storage/database.ts'
import { passwordAuthenticator } from '../src/login/methods/password/stored-password.ts'

const atOnce = 500
const committedAtOnce = 20_000

/** Adds unused accounts to a store in whole batches, in the form that registration gives them. */
export async function seed(services: Services, accounts: number, passwordHash: string): Promise<void> {
  const { database } = services
  const { cipher, lookup } = services.dataKeys
  const [indexKey] = await indexKeysInUse(database, lookup)
  const now = services.clock()

  const personOf = (id: string, index: number) => {
    const serial = String(index).padStart(9, '0')
    const seal = (column: string, text: string) => cipher.seal(text, `natural_persons.${column}:${id}`)
    return {
      id,
      document_type: 'resident_id',
      document_number: seal('document_number', `440300199${serial}`),
      document_index: lookup.under(indexKey, 'document', `seeded ${serial}`),
      name: seal('name', '张三'),
      phone: seal('phone', `+8613${serial}`),
      phone_index: lookup.under(indexKey, 'phone', `+8613${serial}`),
      username: seal('username', `seeded${serial}`),
      username_index: lookup.under(indexKey, 'username', `seeded${serial}`),
      identity_level: 3,
      proofed_at: now,
      status: 'active' as const,
      held_until: null,
      closes_at: null,
      created_at: now,
      updated_at: now,
    }
  }
  const passwordOf = (personId: string) => {
    const row = {
      id: randomUUID(),
      person_id: personId,
      lookup_key: null,
      ...passwordAuthenticator(passwordHash),
      created_at: now,
      held_at: null,
    }
    return { ...row, last_used_at: null, mac: sealOf(services.seal, row) }
  }

  // One compiled statement for all batches: building a statement takes longer than running it.
  const batch = Math.min(atOnce, accounts)
  if (batch === 0) return
  const blank = Array.from({ length: batch }, (_, index) => index)
  const people = compileOnce(database.insertInto('natural_persons').values(blank.map((index) => personOf('', index))))
  const passwords = compileOnce(database.insertInto('authenticators').values(blank.map(() => passwordOf(''))))
  const insertFrom = async (within: Database, from: number) => {
    const rows = blank.map((index) => personOf(randomUUID(), from + index))
    await people(
      within,
      rows.flatMap((row) => Object.values(row)),
    )
    await passwords(
      within,
      rows.flatMap(({ id }) => Object.values(passwordOf(id))),
    )
  }
  for (let from = 0; from < accounts; from += committedAtOnce) {
    const end = Math.min(from + committedAtOnce, accounts)
    await database.transaction().execute(async (transaction) => {
      for (let next = from; next < end; next += batch) await insertFrom(transaction, next)
    })
  }
}
