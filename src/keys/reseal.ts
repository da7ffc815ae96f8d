import { sql } from 'kysely'
import { unhurried, type Database } from '../storage/database.ts'
import type { FieldCipher } from './field-cipher.ts'
import { keyColumnsOf, sealableTables } from './sealed-columns.ts'
import { pagesOf, type Row } from './table-pages.ts'

/** Sealed columns of a row before and after; null for a column that does not change. */
interface Change {
  row: Row
  columns: { before: string | null; after: string | null }[]
}

export interface Resealed {
  done: number
  /** AAD of the values that no key could open. */
  left: string[]
}

/** Seals one value again; undefined when no key opens it with this AAD. */
type Replace = (text: string, aad: string) => string | undefined

/**
 * Replaces values sealed under old data keys by values under the current key, while servers run. Compare-and-set keeps
 * concurrent writes. Each table is read once, by its primary key: a search for the remaining rows would slow down with each
 * page. Finished rows stay finished, so an interrupted run can be repeated.
 */
export async function reseal(options: {
  database: Database
  cipher: FieldCipher
  oldKeys: readonly string[]
  /** Receives the number of rows read so far, and of all rows. */
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Resealed> {
  const { database, progress } = options
  const replace = replacing(options)
  const total = await countRows(database)
  const left: string[] = []
  let done = 0
  let seen = 0
  for (const { table, columns } of sealableTables) {
    for await (const rows of pagesOf(database, table, columns)) {
      const page = changesOf({ table, columns, rows }, replace)
      if (page.changes.length > 0) await write(database, table, columns, page.changes)
      left.push(...page.left)
      done += page.done
      seen += rows.length
      progress?.(seen, Math.max(seen, total))
    }
  }
  return { done, left }
}

function replacing({ cipher, oldKeys }: { cipher: FieldCipher; oldKeys: readonly string[] }): Replace {
  const sealedByOldKey = new RegExp(`(?<![\\w-])(?:${oldKeys.join('|')})\\.[\\w-]{38,}`, 'g')
  return (text, aad) => {
    try {
      return text.replaceAll(sealedByOldKey, (sealed) => cipher.seal(cipher.open(sealed, aad), aad))
    } catch {
      return undefined
    }
  }
}

async function countRows(database: Database): Promise<number> {
  let total = 0
  for (const { table } of sealableTables) {
    const counted = sql<{ many: number }>`SELECT count(*) AS many FROM ${sql.table(table)}`
    const { rows } = await unhurried(database, (within) => counted.execute(within))
    total += rows[0]?.many ?? 0
  }
  return total
}

/** The rows of a page with values to replace, and the AAD of values that no key opens. */
function changesOf(
  { table, columns, rows }: { table: string; columns: readonly string[]; rows: readonly Row[] },
  replace: Replace,
): { changes: Change[]; done: number; left: string[] } {
  const left: string[] = []
  let done = 0
  const changes = rows.flatMap((row): Change[] => {
    const id = keyColumnsOf(table)
      .map((key) => row[key])
      .join(':')
    const pairs = columns.map((column) => {
      const before = row[column]
      if (typeof before !== 'string') return { before: null, after: null }
      const aad = `${table}.${column}:${id}`
      const after = replace(before, aad)
      if (after === undefined) left.push(aad)
      if (after === undefined || after === before) return { before: null, after: null }
      done += 1
      return { before, after }
    })
    return pairs.some(({ after }) => after !== null) ? [{ row, columns: pairs }] : []
  })
  return { changes, done, left }
}

/** Writes a page in one statement. A column that changed after it was read keeps its value. */
async function write(
  database: Database,
  table: string,
  columns: readonly string[],
  changes: readonly Change[],
): Promise<void> {
  const keys = keyColumnsOf(table)
  const fresh = (index: number) => sql.ref(`fresh.column${index + 1}`)
  const own = (column: string) => sql.ref(`${table}.${column}`)
  const values = changes.map(({ row, columns: pairs }) => {
    const cells = [...keys.map((key) => row[key]), ...pairs.flatMap(({ before, after }) => [before, after])]
    return sql`(${sql.join(cells)})`
  })
  const set = columns.map((column, index) => {
    const at = keys.length + 2 * index
    return sql`${sql.ref(column)} = CASE WHEN ${own(column)} = ${fresh(at)} THEN ${fresh(at + 1)} ELSE ${own(column)} END`
  })
  // PostgreSQL takes parameters in VALUES for text.
  const isNumbered = typeof changes[0]?.row[keys[0] ?? ''] === 'number'
  const same = keys.map((key, index) =>
    isNumbered ? sql`${own(key)} = CAST(${fresh(index)} AS bigint)` : sql`${own(key)} = ${fresh(index)}`,
  )
  const statement = sql`UPDATE ${sql.table(table)} SET ${sql.join(set)}
    FROM (VALUES ${sql.join(values)}) AS fresh WHERE ${sql.join(same, sql` AND `)}`
  // Servers wait for this commit, which is short for a page. One commit for each row would take hours.
  await database.transaction().execute((transaction) => statement.execute(transaction))
}
