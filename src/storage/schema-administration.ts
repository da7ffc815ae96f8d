import type { Mark, Sealed, Time } from './columns.ts'

/** Remote administrators. */
export interface AdministrationTables {
  administrators: {
    person_id: string
    role: 'viewer' | 'operator' | 'admin'
    /** GB/T 2260; a province code for the whole system. */
    region: string
    granted_by: string
    granted_at: Time
    /** Over all columns above (src/keys/row-guard.ts); null in rows of older versions. */
    mac: Sealed | null
  }
  /** How many lookups of people by number, phone, username or name an administrator made since a moment. */
  person_lookups: { actor: string; began_at: Time; lookups: number }
  /** A request of one administrator that a second one decides. Only the decision changes. */
  approvals: {
    id: string
    /** Such as `client delete`. */
    command: string
    /** JSON: the input of the command, with the administrator's reason. */
    input: Sealed
    /** Region of the target; null: the whole system. */
    region: string | null
    requested_by: string
    requested_at: Time
    expires_at: Time
    /** `used`: the command ran, once. */
    state: 'waiting' | 'approved' | 'refused' | 'used'
    decided_by: string | null
    decided_at: Time | null
  }
}

export const administrationMarks: {
  [T in keyof AdministrationTables]: { [C in keyof AdministrationTables[T]]: Mark }
} = {
  administrators: {
    person_id: 'open',
    role: 'open',
    region: 'open',
    granted_by: 'open',
    granted_at: 'open',
    mac: 'sensitive',
  },
  person_lookups: { actor: 'open', began_at: 'open', lookups: 'open' },
  approvals: {
    id: 'open',
    command: 'open',
    input: 'sensitive',
    region: 'open',
    requested_by: 'open',
    requested_at: 'open',
    expires_at: 'open',
    state: 'open',
    decided_by: 'open',
    decided_at: 'open',
  },
}
