import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { Tables } from '../storage/schema.ts'
import type { RowSeal } from './row-seal.ts'

/**
 * Tables whose rows say who may do what, with the columns under the seal of a row. The first one is the primary key. A change of
 * this list needs new seals for the rows that exist.
 */
export const guardedColumns = {
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

/** Makes and checks the seals of portals, administrators and mandates. */
export interface RowGuard {
  /** For the column `mac` of this row. */
  macOf<T extends GuardedTable>(table: T, row: GuardedRow<T>): string
  /** Whether a row may be used: it is sealed, or was written before seals were required. Reports one that may not. */
  mayUse<T extends GuardedTable>(table: T, row: GuardedRow<T> & { mac: string | null }): boolean
}

/** Values of a row by column. */
type AnyRow = Readonly<Record<string, string | number | null>>

const aadOf = (table: GuardedTable, row: AnyRow) => `${table}.mac:${String(row[guardedColumns[table][0]])}`

const valuesOf = (table: GuardedTable, row: AnyRow) => guardedColumns[table].map((column) => row[column] ?? null)

export const macOf = (seal: RowSeal, table: GuardedTable, row: AnyRow): string =>
  seal.seal(aadOf(table, row), valuesOf(table, row))

/** Whether a row has the seal of exactly its values. */
export const isSealed = (seal: RowSeal, table: GuardedTable, row: AnyRow & { mac: string | null }): boolean =>
  seal.holds(aadOf(table, row), valuesOf(table, row), row.mac)

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
    macOf: (table, row) => macOf(seal, table, row as AnyRow),
    mayUse(table, row) {
      if (isSealed(seal, table, row as AnyRow & typeof row)) return true
      const from = sealedFrom()
      if (from === undefined || clock() < from) return true
      refused({ table, id: String((row as AnyRow)[guardedColumns[table][0]]) })
      return false
    },
  }
}
