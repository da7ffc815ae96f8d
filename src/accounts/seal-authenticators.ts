import { dayMs } from '../config/time.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import { unhurried, type Database } from '../storage/database.ts'
import { isSealed, sealOf, type AuthenticatorRow } from './authenticators/row.ts'

const pageSize = 500

/** After all rows are sealed, servers of older versions may write unsealed rows for this time, in milliseconds. */
export const overlapMs = dayMs

async function* unsealedPages(database: Database, seal: RowSeal): AsyncGenerator<AuthenticatorRow[]> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const last: string = after
    const page = database.selectFrom('authenticators').selectAll().where('id', '>', last).orderBy('id').limit(pageSize)
    const rows: AuthenticatorRow[] = await page.execute()
    yield rows.filter((row) => !isSealed(seal, row))
    after = rows.length < pageSize ? undefined : rows.at(-1)?.id
  }
}

/** Number of authenticators without a valid seal. Reads the whole table. */
export const countUnsealed = (database: Database, seal: RowSeal): Promise<number> =>
  unhurried(database, async (within) => {
    let many = 0
    for await (const rows of unsealedPages(within, seal)) many += rows.length
    return many
  })

/**
 * Seals all authenticators as they are now, while servers run, by compare-and-set. It declares the rows genuine: only for a store
 * from before there were seals, or when an administrator confirms it after a restore.
 * @returns how many were sealed
 */
export async function sealAuthenticators(database: Database, seal: RowSeal): Promise<number> {
  let sealed = 0
  for await (const rows of unsealedPages(database, seal)) {
    if (rows.length === 0) continue
    await database.transaction().execute(async (transaction) => {
      for (const row of rows) {
        const { numUpdatedRows } = await transaction
          .updateTable('authenticators')
          .set({ mac: sealOf(seal, row) })
          .where('id', '=', row.id)
          .where('person_id', '=', row.person_id)
          .where('data', '=', row.data)
          .where('held_at', row.held_at === null ? 'is' : '=', row.held_at)
          .executeTakeFirst()
        sealed += Number(numUpdatedRows)
      }
    })
  }
  return sealed
}
