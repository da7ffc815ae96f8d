import { sql, type RawBuilder } from 'kysely'
import { unhurried, type Database, type DatabaseTransaction } from '../storage/database.ts'
import { guardedColumns, guardedTables, isSealed, macOf, type GuardedTable, type RefusedRow } from './row-guard.ts'
import type { RowSeal } from './row-seal.ts'

const pageSize = 500

type Row = Record<string, string | number | null> & { mac: string | null }

/** All rows of a guarded table by primary key, page by page. */
async function* pagesOf(database: Database, table: GuardedTable): AsyncGenerator<Row[]> {
  const key = guardedColumns[table][0]
  const columns = sql.join([...guardedColumns[table], 'mac'].map((one) => sql.ref(one)))
  for (let after: Row[string] | undefined = ''; after !== undefined;) {
    const page: RawBuilder<Row> = sql`SELECT ${columns} FROM ${sql.table(table)} WHERE ${sql.ref(key)} > ${after}
      ORDER BY ${sql.ref(key)} LIMIT ${sql.lit(pageSize)}`
    const { rows }: { rows: Row[] } = await page.execute(database)
    yield rows
    after = rows.length < pageSize ? undefined : rows.at(-1)?.[key]
  }
}

/** Portals, administrators and mandates without a valid seal. Reads the whole tables. */
export const unsealedRows = (database: Database, seal: RowSeal): Promise<RefusedRow[]> =>
  unhurried(database, async (within) => {
    const found: RefusedRow[] = []
    for (const table of guardedTables)
      for await (const rows of pagesOf(within, table))
        for (const row of rows)
          if (!isSealed(seal, table, row)) found.push({ table, id: String(row[guardedColumns[table][0]]) })
    return found
  })

/** Writes the seal of a row by compare-and-set on all its values. @returns whether the row still had them */
async function sealRow(within: DatabaseTransaction, seal: RowSeal, table: GuardedTable, row: Row): Promise<boolean> {
  const same = guardedColumns[table].map((column) => {
    const value = row[column] ?? null
    return value === null ? sql`${sql.ref(column)} IS NULL` : sql`${sql.ref(column)} = ${value}`
  })
  const change = sql`UPDATE ${sql.table(table)} SET mac = ${macOf(seal, table, row)} WHERE ${sql.join(same, sql` AND `)}`
  const { numAffectedRows } = await change.execute(within)
  return numAffectedRows === 1n
}

/**
 * Seals all portals, administrators and mandates as they are now, while servers run. It declares the rows genuine: only for a store
 * from before there were seals, or when an administrator confirms it.
 * @returns how many were sealed
 */
export async function sealRows(database: Database, seal: RowSeal): Promise<number> {
  let sealed = 0
  for (const table of guardedTables)
    for await (const rows of pagesOf(database, table)) {
      const left = rows.filter((row) => !isSealed(seal, table, row))
      if (left.length === 0) continue
      await database.transaction().execute(async (transaction) => {
        for (const row of left) if (await sealRow(transaction, seal, table, row)) sealed += 1
      })
    }
  return sealed
}
