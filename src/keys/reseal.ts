import { sql } from 'kysely'
import { unhurried, type Database } from '../storage/database.ts'
import { columnMarks } from '../storage/schema.ts'
import type { FieldCipher } from './field-cipher.ts'

/** What names a row where it is not `id`; a sealed value is bound to table, column and these (FieldCipher). */
const keyColumns: Readonly<Record<string, readonly string[]>> = {
  house: ['key'],
  devices: ['person_id', 'device_key'],
  population_register: ['document_index'],
  population_faces: ['document_type', 'document_index'],
  business_register: ['uscc'],
}

/** @internal */
export const keyColumnsOf = (table: string) => keyColumns[table] ?? ['id']

/** Entries of the audit trail never change: they are sealed under a key of their own. */
const unchanging = new Set(['audit_events'])

/** Where sealed values may stand: `table.column`. @internal */
export const sealable = Object.entries(columnMarks).flatMap(([table, marks]) =>
  unchanging.has(table)
    ? []
    : Object.entries(marks)
        .filter(([column, mark]) => mark === 'sensitive' || (table === 'house' && column === 'value'))
        .map(([column]) => ({ table, column })),
)

/** The columns of each table that may hold sealed values. */
const sealableTables = [...Map.groupBy(sealable, ({ table }) => table)].map(([table, places]) => ({
  table,
  columns: places.map(({ column }) => column),
}))

/** How many values of each of these columns stand under one of these data keys. */
async function countSealed(database: Database, table: string, columns: readonly string[], keys: readonly string[]) {
  const counts = columns.map((column) => {
    const any = keys.map((key) => sql`${sql.ref(column)} LIKE ${`%${key}.%`}`)
    return sql`count(*) FILTER (WHERE ${sql.join(any, sql` OR `)}) AS ${sql.ref(column)}`
  })
  const counted = sql<Record<string, number>>`SELECT ${sql.join(counts)} FROM ${sql.table(table)}`
  const { rows } = await unhurried(database, (within) => counted.execute(within))
  return columns.map((column) => ({ aad: `${table}.${column}`, many: rows[0]?.[column] ?? 0 }))
}

/**
 * Where anything stands under one of these data keys, and how much. In the audit trail that is entries of versions which had
 * no key of its own for it.
 */
export async function sealedUnder(
  database: Database,
  keys: readonly string[],
): Promise<{ aad: string; many: number }[]> {
  const found: { aad: string; many: number }[] = []
  for (const { table, columns } of [...sealableTables, { table: 'audit_events', columns: ['restricted'] }]) {
    found.push(...(await countSealed(database, table, columns, keys)))
  }
  return found.filter(({ many }) => many > 0)
}

const pageSize = 500

type Row = Record<string, string | number | null>

/** A row in which something is sealed anew: each column as it was and as it shall be, nothing for those that stay. */
interface Change {
  row: Row
  columns: { before: string | null; after: string | null }[]
}

export interface Resealed {
  done: number
  /** Values that none of the keys opens where they stand. */
  left: string[]
}

/**
 * Seals what an old data key has sealed under the current one, while servers run, by compare-and-set. Each table is read once,
 * by its primary key: to look for what is left to do would take longer with each page. What was done stays done, so it may
 * be ended and run again at any time.
 */
export async function reseal(options: {
  database: Database
  cipher: FieldCipher
  oldKeys: readonly string[]
  /** Told of rows that were looked at. */
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Resealed> {
  const { database, cipher, oldKeys, progress } = options
  const token = new RegExp(`(?<![\\w-])(?:${oldKeys.join('|')})\\.[\\w-]{38,}`, 'g')
  const left: string[] = []
  let done = 0
  let seen = 0

  let total = 0
  for (const { table } of sealableTables) {
    const counted = sql<{ many: number }>`SELECT count(*) AS many FROM ${sql.table(table)}`
    const { rows } = await unhurried(database, (within) => counted.execute(within))
    total += rows[0]?.many ?? 0
  }

  function sealedAnew(text: string, aad: string): string {
    try {
      return text.replaceAll(token, (sealed) => cipher.seal(cipher.open(sealed, aad), aad))
    } catch {
      left.push(aad)
      return text
    }
  }

  function changesOf(table: string, columns: readonly string[], row: Row): Change[] {
    const id = keyColumnsOf(table)
      .map((key) => row[key])
      .join(':')
    let changed = 0
    const pairs = columns.map((column) => {
      const before = row[column]
      const after = typeof before === 'string' ? sealedAnew(before, `${table}.${column}:${id}`) : before
      if (typeof before !== 'string' || typeof after !== 'string' || after === before) {
        return { before: null, after: null }
      }
      changed += 1
      return { before, after }
    })
    done += changed
    return changed > 0 ? [{ row, columns: pairs }] : []
  }

  /** One statement for all of a page; a column that somebody wrote meanwhile stays as it is. */
  async function write(table: string, columns: readonly string[], changes: readonly Change[]): Promise<void> {
    const keys = keyColumnsOf(table)
    const fresh = (index: number) => sql.ref(`fresh.column${index + 1}`)
    const own = (column: string) => sql.ref(`${table}.${column}`)
    const values = changes.map(({ row, columns: pairs }) => {
      const these = [...keys.map((key) => row[key]), ...pairs.flatMap(({ before, after }) => [before, after])]
      return sql`(${sql.join(these)})`
    })
    const set = columns.map((column, index) => {
      const at = keys.length + 2 * index
      return sql`${sql.ref(column)} = CASE WHEN ${own(column)} = ${fresh(at)} THEN ${fresh(at + 1)} ELSE ${own(column)} END`
    })
    // a value that comes by VALUES is text for PostgreSQL
    const numbered = typeof changes[0]?.row[keys[0] ?? ''] === 'number'
    const same = keys.map((key, index) =>
      numbered ? sql`${own(key)} = CAST(${fresh(index)} AS bigint)` : sql`${own(key)} = ${fresh(index)}`,
    )
    const statement = sql`UPDATE ${sql.table(table)} SET ${sql.join(set)}
      FROM (VALUES ${sql.join(values)}) AS fresh WHERE ${sql.join(same, sql` AND `)}`
    // servers wait for a page's commit a moment; one for each row would take hours
    await database.transaction().execute((transaction) => statement.execute(transaction))
  }

  async function sealTable(table: string, columns: readonly string[]): Promise<void> {
    const keys = keyColumnsOf(table)
    const key = sql.join(keys.map((one) => sql.ref(one)))
    const asked = sql.join([...new Set([...keys, ...columns])].map((one) => sql.ref(one)))
    let after: Row | undefined
    do {
      const last: Row | undefined = after
      const onwards = last ? sql`WHERE (${key}) > (${sql.join(keys.map((one) => last[one]))})` : sql``
      const page = sql<Row>`SELECT ${asked} FROM ${sql.table(table)} ${onwards} ORDER BY ${key} LIMIT ${sql.lit(pageSize)}`
      const { rows } = await page.execute(database)
      const changes = rows.flatMap((row) => changesOf(table, columns, row))
      if (changes.length > 0) await write(table, columns, changes)
      seen += rows.length
      if (rows.length > 0) progress?.(seen, Math.max(seen, total))
      after = rows.length < pageSize ? undefined : rows.at(-1)
    } while (after)
  }

  for (const { table, columns } of sealableTables) await sealTable(table, columns)
  return { done, left }
}
