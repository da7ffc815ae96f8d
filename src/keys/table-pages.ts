import { sql } from 'kysely'
import type { Database } from '../storage/database.ts'
import { keyColumnsOf } from './sealed-columns.ts'

const pageSize = 500

export type Row = Record<string, string | number | null>

/** All rows of a table by primary key, page by page, with their keys and these columns. */
export async function* pagesOf<R extends Row = Row>(
  database: Database,
  table: string,
  columns: readonly string[],
): AsyncGenerator<R[]> {
  const keys = keyColumnsOf(table)
  const key = sql.join(keys.map((one) => sql.ref(one)))
  const selected = sql.join([...new Set([...keys, ...columns])].map((one) => sql.ref(one)))
  let last: R | undefined
  for (;;) {
    const after: R | undefined = last
    const onwards = after ? sql`WHERE (${key}) > (${sql.join(keys.map((one) => after[one]))})` : sql``
    const page = sql<R>`SELECT ${selected} FROM ${sql.table(table)} ${onwards} ORDER BY ${key} LIMIT ${sql.lit(pageSize)}`
    const { rows } = await page.execute(database)
    if (rows.length > 0) yield rows
    if (rows.length < pageSize) return
    last = rows.at(-1)
  }
}
