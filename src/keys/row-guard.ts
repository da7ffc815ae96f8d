import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { Tables } from '../storage/schema.ts'
import { withoutSealed, type RowSeal } from './row-seal.ts'
import { isSealable, keyColumnsOf } from './sealed-columns.ts'

/**
 * Tables whose rows say who may do what, with the columns under the seal of a row. A change of this list needs new seals for the
 * rows that exist.
 */
export const guardedColumns = {
  authenticators: ['id', 'person_id', 'kind', 'lookup_key', 'data', 'created_at', 'held_at'],
  upstream_links: ['upstream', 'subject_index', 'person_id', 'level', 'document_index', 'linked_at', 'opened', 'way'],
  clients: ['id', 'metadata', 'secret_hash', 'status', 'created_at', 'updated_at'],
  administrators: ['person_id', 'role', 'region', 'granted_by', 'granted_at'],
  mandates: [
    'id',
    'principal_id',
    'person_id',
    'role',
    'matters',
    'not_before',
    'expires_at',
    'granted_by',
    'parent_id',
    'state',
    'invitee_key',
    'code_key',
    'offer_ends_at',
    'created_at',
  ],
} as const satisfies { [T in keyof Tables]?: readonly (keyof Tables[T])[] }

export type GuardedTable = keyof typeof guardedColumns

export const guardedTables = Object.keys(guardedColumns) as GuardedTable[]

/** Tables that had no seals before version 0.3; since when they have is in the key file (`rows_sealed_from`). */
export const rightsTables = ['clients', 'administrators', 'mandates'] as const satisfies readonly GuardedTable[]

/** The values of a row that its seal is over. */
export type GuardedRow<T extends GuardedTable> = Pick<
  Selectable<Tables[T]>,
  (typeof guardedColumns)[T][number] & keyof Selectable<Tables[T]>
>

/** A row of a guarded table that may not be used. */
export interface RefusedRow {
  table: string
  id: string
}

/** Makes and checks the seals of portals, administrators and mandates: authenticators and links have lists of their own. */
export interface RowGuard {
  /** For the column `mac` of this row. */
  macOf<T extends GuardedTable>(table: T, row: GuardedRow<T>): string
  /** Whether a row may be used: it is sealed, or was written before seals were required. Reports one that may not. */
  mayUse<T extends GuardedTable>(table: T, row: GuardedRow<T> & { mac: string | null }): boolean
}

/** Values of a row by column. */
type AnyRow = Readonly<Record<string, string | number | null>>

/** The primary key of a row. */
export const idOf = (table: GuardedTable, row: AnyRow): string =>
  keyColumnsOf(table)
    .map((key) => row[key])
    .join(':')

const aadOf = (table: GuardedTable, row: AnyRow) => `${table}.mac:${idOf(table, row)}`

const valuesOf = (table: GuardedTable, row: AnyRow) =>
  guardedColumns[table].map((column) => {
    const value = row[column] ?? null
    return isSealable(table, column) ? withoutSealed(value) : value
  })

/** The seal of a row, for its column `mac`. */
export const macOf = <T extends GuardedTable>(seal: RowSeal, table: T, row: GuardedRow<T> | AnyRow): string =>
  seal.seal(aadOf(table, row as AnyRow), valuesOf(table, row as AnyRow))

/** Whether a row has the seal of exactly its values. */
export const isSealed = <T extends GuardedTable>(
  seal: RowSeal,
  table: T,
  row: (GuardedRow<T> | AnyRow) & { mac: string | null },
): boolean => seal.holds(aadOf(table, row), valuesOf(table, row), row.mac)

/** Whether a sealed row has the hash of the present suite. */
export const isCurrent = (seal: RowSeal, table: GuardedTable, row: AnyRow & { mac: string | null }): boolean =>
  row.mac !== null && seal.isCurrent(aadOf(table, row), row.mac)

export function createRowGuard(deps: {
  seal: RowSeal
  /** From this time every row must be sealed, in ms since 1970 UTC; undefined while rows of older versions are being sealed. */
  sealedFrom(): number | undefined
  /** Called for each row that may not be used: another program changed the store. */
  refused(row: RefusedRow): void
  clock: Clock
}): RowGuard {
  const { seal, sealedFrom, refused, clock } = deps
  return {
    macOf: (table, row) => macOf(seal, table, row),
    mayUse(table, row) {
      if (isSealed(seal, table, row)) return true
      const from = sealedFrom()
      if (from === undefined || clock() < from) return true
      refused({ table, id: idOf(table, row) })
      return false
    },
  }
}
