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

export const keyColumnsOf = (table: string) => keyColumns[table] ?? ['id']

/** Entries of the audit trail never change: they are sealed under a key of their own. */
const unchanging = new Set(['audit_events'])

/** Where sealed values may stand: `table.column`. */
export const sealable = Object.entries(columnMarks).flatMap(([table, marks]) =>
  unchanging.has(table)
    ? []
    : Object.entries(marks)
        .filter(([column, mark]) => mark === 'sensitive' || (table === 'house' && column === 'value'))
        .map(([column]) => ({ table, column })),
)

const holding = (table: string, column: string, keys: readonly string[]) => {
  const any = keys.map((key) => sql`${sql.ref(column)} LIKE ${`%${key}.%`}`)
  return sql`FROM ${sql.table(table)} WHERE (${sql.join(any, sql` OR `)})`
}

/** How many values of a column stand under one of these data keys. */
async function countSealed(database: Database, table: string, column: string, keys: readonly string[]) {
  const counted = sql<{ many: number | string }>`SELECT count(*) AS many ${holding(table, column, keys)}`
  const { rows } = await unhurried(database, (within) => counted.execute(within))
  // PostgreSQL counts in text
  return Number(rows[0]?.many ?? 0)
}

/**
 * Where anything stands under one of these data keys, and how much. In the audit trail that is entries of versions which had
 * no key of its own for it.
 */
export async function sealedUnder(
  database: Database,
  keys: readonly string[],
): Promise<{ place: string; many: number }[]> {
  const found: { place: string; many: number }[] = []
  for (const { table, column } of [...sealable, { table: 'audit_events', column: 'restricted' }]) {
    const many = await countSealed(database, table, column, keys)
    if (many > 0) found.push({ place: `${table}.${column}`, many })
  }
  return found
}

const pageSize = 200

type Row = Record<string, string>

export interface Resealed {
  done: number
  /** Values that none of the keys opens where they stand. */
  left: string[]
}

/**
 * Seals what an old data key has sealed under the current one, while servers run: row by row, by compare-and-set. What was
 * done stays done, so it may be ended and run again at any time.
 */
export async function reseal(options: {
  database: Database
  cipher: FieldCipher
  oldKeys: readonly string[]
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Resealed> {
  const { database, cipher, oldKeys, progress } = options
  const token = new RegExp(`(?<![\\w-])(?:${oldKeys.join('|')})\\.[\\w-]{38,}`, 'g')
  const left: string[] = []
  let done = 0

  const counts = await Promise.all(sealable.map(({ table, column }) => countSealed(database, table, column, oldKeys)))
  const total = counts.reduce((sum, many) => sum + many, 0)

  function sealedAnew(text: string, place: string): string | undefined {
    let opened = true
    const after = text.replaceAll(token, (sealed) => {
      try {
        return cipher.seal(cipher.open(sealed, place), place)
      } catch {
        opened = false
        return sealed
      }
    })
    return opened ? after : undefined
  }

  function changeOf(table: string, name: string, row: Row) {
    const keys = keyColumnsOf(table)
    const before = row[name] ?? ''
    const place = `${table}.${name}:${keys.map((key) => row[key]).join(':')}`
    const sealed = sealedAnew(before, place)
    if (sealed === undefined) left.push(place)
    if (sealed === undefined || sealed === before) return []
    const these = keys.map((key) => sql`${sql.ref(key)} = ${row[key]}`)
    return sql`UPDATE ${sql.table(table)} SET ${sql.ref(name)} = ${sealed}
      WHERE ${sql.join(these, sql` AND `)} AND ${sql.ref(name)} = ${before}`
  }

  async function sealColumn(table: string, name: string): Promise<void> {
    const keys = keyColumnsOf(table)
    const [first = 'id'] = keys
    const columns = sql.join([...new Set([...keys, name])].map((one) => sql.ref(one)))
    let after: string | undefined
    for (;;) {
      // what is done does not come again, so rows with the same first key may be asked for twice
      const onwards = after === undefined ? sql`` : sql`AND ${sql.ref(first)} >= ${after}`
      const page = sql<Row>`SELECT ${columns} ${holding(table, name, oldKeys)} ${onwards}
        ORDER BY ${sql.ref(first)} LIMIT ${sql.lit(pageSize)}`
      const { rows } = await unhurried(database, (within) => page.execute(within))
      const changes = rows.flatMap((row) => changeOf(table, name, row))
      // a page shares a commit: servers wait for it a moment, and a commit for each row would take hours
      await database.transaction().execute(async (transaction) => {
        for (const change of changes) await change.execute(transaction)
      })
      const changed = changes.length
      done += changed
      progress?.(done, total)
      const last = rows.at(-1)?.[first]
      if (rows.length < pageSize || (changed === 0 && last === after)) return
      after = last
    }
  }

  for (const [index, { table, column: name }] of sealable.entries()) {
    if ((counts[index] ?? 0) > 0) await sealColumn(table, name)
  }
  return { done, left: [...new Set(left)] }
}
