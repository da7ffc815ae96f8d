import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { dataKeyFile, openDataKeys } from '../../keys/data-keys.ts'
import { isSealed, macOf } from '../../keys/row-guard.ts'
import { createRowSeal, type RowSeal } from '../../keys/row-seal.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'

type Row = Record<string, string | number | null> & { id: string; mac: string | null }

const atOnce = 500

/** Seals rows under the keys of this machine; undefined where they are not in place yet. */
export function sealIn(keysDir: string): RowSeal | undefined {
  if (!existsSync(join(keysDir, dataKeyFile))) return undefined
  const { cipher, suite } = openDataKeys(keysDir)
  return createRowSeal(cipher, suite)
}

/**
 * Changes guarded rows of a backup (keys/row-guard.ts), each with its seal. A row that had no valid seal gets none; without the
 * keys no row gets one.
 * @returns the number of changed rows
 */
export async function changeRows(
  target: DatabaseTransaction,
  seal: RowSeal | undefined,
  table: 'clients' | 'mandates',
  change: {
    ids: Iterable<string>
    applies(row: Row): boolean
    columns: Readonly<Record<string, string | number | null>>
  },
): Promise<number> {
  const ids = [...change.ids]
  let changed = 0
  for (let at = 0; at < ids.length; at += atOnce) {
    const some = sql.join(ids.slice(at, at + atOnce))
    const { rows } = await sql<Row>`SELECT * FROM ${sql.table(table)} WHERE id IN (${some})`.execute(target)
    for (const row of rows.filter(change.applies)) {
      const after: Row = { ...row, ...change.columns }
      const mac = seal && isSealed(seal, table, row) ? macOf(seal, table, after) : row.mac
      const set = Object.entries({ ...change.columns, mac }).map(
        ([column, value]) => sql`${sql.ref(column)} = ${value}`,
      )
      await sql`UPDATE ${sql.table(table)} SET ${sql.join(set)} WHERE id = ${row.id}`.execute(target)
      changed += 1
    }
  }
  return changed
}
