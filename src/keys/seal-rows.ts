import { sql } from 'kysely'
import { dayMs } from '../config/time.ts'
import { unhurried, type Database, type DatabaseTransaction } from '../storage/database.ts'
import {
  guardedColumns,
  guardedTables,
  idOf,
  isCurrent,
  isSealed,
  macOf,
  type GuardedTable,
  type RefusedRow,
} from './row-guard.ts'
import type { RowSeal } from './row-seal.ts'
import { pagesOf, type Row } from './table-pages.ts'

/** After all rows are sealed, servers of older versions may write unsealed rows for this time, in milliseconds. */
export const overlapMs = dayMs

type SealedRow = Row & { mac: string | null }

/** All rows of a guarded table, page by page. */
const guardedPages = (database: Database, table: GuardedTable) =>
  pagesOf<SealedRow>(database, table, [...guardedColumns[table], 'mac'])

/** Rows of these tables without a valid seal. Reads the whole tables. */
export const unsealedRows = (
  database: Database,
  seal: RowSeal,
  tables: readonly GuardedTable[] = guardedTables,
): Promise<RefusedRow[]> =>
  unhurried(database, async (within) => {
    const found: RefusedRow[] = []
    for (const table of tables)
      for await (const rows of guardedPages(within, table))
        for (const row of rows) if (!isSealed(seal, table, row)) found.push({ table, id: idOf(table, row) })
    return found
  })

/** Writes the seal of a row by compare-and-set on all its values. @returns whether the row still had them */
async function sealRow(
  within: DatabaseTransaction,
  seal: RowSeal,
  table: GuardedTable,
  row: SealedRow,
): Promise<boolean> {
  const same = guardedColumns[table].map((column) => {
    const value = row[column] ?? null
    return value === null ? sql`${sql.ref(column)} IS NULL` : sql`${sql.ref(column)} = ${value}`
  })
  const change = sql`UPDATE ${sql.table(table)} SET mac = ${macOf(seal, table, row)} WHERE ${sql.join(same, sql` AND `)}`
  const { numAffectedRows } = await change.execute(within)
  return numAffectedRows === 1n
}

async function sealWhere(
  database: Database,
  seal: RowSeal,
  tables: readonly GuardedTable[],
  applies: (table: GuardedTable, row: SealedRow) => boolean,
): Promise<number> {
  let sealed = 0
  for (const table of tables)
    for await (const rows of guardedPages(database, table)) {
      const left = rows.filter((row) => applies(table, row))
      if (left.length === 0) continue
      await database.transaction().execute(async (transaction) => {
        for (const row of left) if (await sealRow(transaction, seal, table, row)) sealed += 1
      })
    }
  return sealed
}

/**
 * Seals all rows of these tables as they are now, while servers run. It declares the rows genuine: only for a store from before there
 * were seals, or when an administrator confirms it.
 * @returns how many were sealed
 */
export const sealRows = (
  database: Database,
  seal: RowSeal,
  tables: readonly GuardedTable[] = guardedTables,
): Promise<number> => sealWhere(database, seal, tables, (table, row) => !isSealed(seal, table, row))

/** Gives sealed rows a seal with the hash of the present suite. A row without a valid seal gets none. @returns how many changed */
export const sealBySuite = (database: Database, seal: RowSeal): Promise<number> =>
  sealWhere(database, seal, guardedTables, (table, row) => isSealed(seal, table, row) && !isCurrent(seal, table, row))
