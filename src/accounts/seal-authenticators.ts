import { dayMs } from '../config/time.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import { unhurried, type Database } from '../storage/database.ts'
import { isSealed, sealOf, type AuthenticatorRow } from './authenticators/row.ts'

const pageSize = 500

/** Rows of older versions may be written for so long after all were sealed: their servers may run beside this one. */
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

/** How many authenticators have no seal, or one that does not hold. Reads the whole table. */
export const countUnsealed = (database: Database, seal: RowSeal): Promise<number> =>
  unhurried(database, async (within) => {
    let many = 0
    for await (const rows of unsealedPages(within, seal)) many += rows.length
    return many
  })

/**
 * Seals every authenticator as it is now, while servers run, by compare-and-set; what was done stays done. It vouches for
 * what stands there: for a store of before there were seals, and by an administrator's word after a restore.
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
