import { randomUUID } from 'node:crypto'
import { accountRow } from '../src/accounts/natural-persons/open-account.ts'
import { macOf } from '../src/keys/row-guard.ts'
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
    const data = {
      documentType: 'resident_id',
      documentNumber: `440300199${serial}`,
      name: '张三',
      phone: `+8613${serial}`,
      username: `seeded${serial}`,
    }
    return accountRow({ cipher, lookup }, indexKey, { id, data, identityLevel: 3, possession: 'counter', now })
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
    return { ...row, last_used_at: null, mac: macOf(services.seal, 'authenticators', row) }
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
