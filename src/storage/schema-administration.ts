import type { Mark, Sealed, Time } from './columns.ts'

/** Administrators who work from afar. */
export interface AdministrationTables {
  administrators: {
    person_id: string
    role: 'viewer' | 'operator' | 'admin'
    /** GB/T 2260; of a province for the whole house. */
    region: string
    granted_by: string
    granted_at: Time
  }
  /** What one administrator asked for and a second one decides. Nothing of it is ever changed but the decision. */
  approvals: {
    id: string
    /** Such as `client delete`. */
    command: string
    /** JSON: what the command is told, with the reason an administrator wrote. */
    input: Sealed
    /** Where lies what it is about; null: it concerns the whole house. */
    region: string | null
    requested_by: string
    requested_at: Time
    expires_at: Time
    /** `used`: it was run, once. */
    state: 'waiting' | 'approved' | 'refused' | 'used'
    decided_by: string | null
    decided_at: Time | null
  }
}

export const administrationMarks: {
  [T in keyof AdministrationTables]: { [C in keyof AdministrationTables[T]]: Mark }
} = {
  administrators: { person_id: 'open', role: 'open', region: 'open', granted_by: 'open', granted_at: 'open' },
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
