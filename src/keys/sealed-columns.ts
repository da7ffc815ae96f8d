import { sql } from 'kysely'
import { unhurried, type Database } from '../storage/database.ts'
import { columnMarks } from '../storage/schema.ts'

/** The primary key of each table without `id`. A sealed value is bound to table, column and key (FieldCipher). */
const keyColumns: Readonly<Record<string, readonly string[]>> = {
  house: ['key'],
  administrators: ['person_id'],
  devices: ['person_id', 'device_key'],
  phone_proofs: ['person_id', 'phone_index', 'how'],
  phone_register: ['phone_index', 'owner_index'],
  population_register: ['document_index'],
  population_faces: ['document_type', 'document_index'],
  business_register: ['uscc'],
  otp_tokens: ['serial_index'],
  upstream_links: ['upstream', 'subject_index'],
  upstream_offers: ['upstream', 'subject_index', 'person_id'],
}

export const keyColumnsOf = (table: string): readonly string[] => keyColumns[table] ?? ['id']

const marks: Readonly<Record<string, Readonly<Record<string, string>>>> = columnMarks

/** Audit entries never change, so they have a key of their own and are not sealed again. */
const unchanging = new Set(['audit_events'])

/** Whether a column may hold sealed values. */
export const isSealable = (table: string, column: string): boolean =>
  marks[table]?.[column] === 'sensitive' || (table === 'house' && column === 'value')

/** The columns of each table that may hold sealed values. */
export const sealableTables = Object.entries(marks)
  .filter(([table]) => !unchanging.has(table))
  .map(([table, columns]) => ({ table, columns: Object.keys(columns).filter((column) => isSealable(table, column)) }))
  .filter(({ columns }) => columns.length > 0)

/** A number of sealed values in `column`, which is written `table.column`. */
export interface SealedCount {
  column: string
  many: number
}

/**
 * Counts the values that one of these data keys sealed. In the audit log those are entries of versions that had no
 * separate key for it.
 */
export async function sealedUnder(database: Database, keys: readonly string[]): Promise<SealedCount[]> {
  const found: SealedCount[] = []
  for (const { table, columns } of [...sealableTables, { table: 'audit_events', columns: ['restricted'] }]) {
    found.push(...(await countSealed(database, table, columns, keys)))
  }
  return found.filter(({ many }) => many > 0)
}

async function countSealed(
  database: Database,
  table: string,
  columns: readonly string[],
  keys: readonly string[],
): Promise<SealedCount[]> {
  const counts = columns.map((column) => {
    const any = keys.map((key) => sql`${sql.ref(column)} LIKE ${`%${key}.%`}`)
    return sql`count(*) FILTER (WHERE ${sql.join(any, sql` OR `)}) AS ${sql.ref(column)}`
  })
  const counted = sql<Record<string, number>>`SELECT ${sql.join(counts)} FROM ${sql.table(table)}`
  const { rows } = await unhurried(database, (within) => counted.execute(within))
  return columns.map((column) => ({ column: `${table}.${column}`, many: rows[0]?.[column] ?? 0 }))
}
