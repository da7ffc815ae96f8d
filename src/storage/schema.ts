import type { Generated } from 'kysely'
import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'
import { auditMarks, type AuditTables } from './schema-audit.ts'
import { administrationMarks, type AdministrationTables } from './schema-administration.ts'
import { faceMarks, type FaceTables } from './schema-face.ts'
import { legalPersonMarks, type LegalPersonTables } from './schema-legal-persons.ts'
import { phoneMarks, type PhoneTables } from './schema-phone.ts'
import { upstreamMarks, type UpstreamTables } from './schema-upstreams.ts'

/** How a person showed once that they are the one of their document (DESIGN 1.4). */
export type Possession = 'phone' | 'biometric' | 'counter' | 'upstream' | 'channel'

export interface Tables
  extends LegalPersonTables, FaceTables, AdministrationTables, PhoneTables, UpstreamTables, AuditTables {
  house: { key: string; value: string }
  natural_persons: {
    id: string
    document_type: string
    document_number: Sealed
    document_index: BlindIndex
    name: Sealed
    /** Null in rows of older versions until a server fills it (jobs/name-indexes.ts). */
    name_index: BlindIndex | null
    phone: Sealed
    phone_index: BlindIndex
    username: Sealed
    username_index: BlindIndex
    /** 2: self-asserted; 3: matched with a register, and `possession`; 4: also a verified face (config/levels.json). */
    identity_level: number
    /** How the person has shown once that they are the one; null at level 3: an account of the rule before. */
    possession: Possession | null
    /** The person was asked once after signing in to show a possession (accounts of the rule before). */
    possession_asked_at: Time | null
    proofed_at: Time | null
    face_proofed_at: Time | null
    /** `closed`: erased, except the id in audit entries. */
    status: 'active' | 'locked' | 'closed'
    /** End of the hold after a recovery without a counter: no authenticator may change until then. */
    held_until: Time | null
    /** End of the hold of recovery after a change of the telephone number. */
    recovery_held_until: Time | null
    /** Earlier sign-ins are invalid, except the sessions in `sign_in_marks` (accounts/sign-in-endings.ts). */
    signed_out_at: Time | null
    /** Number of endings of this person's sign-ins. */
    sign_in_epoch: Generated<number>
    /** JSON: sessions that stay, and sessions that ended alone, each with its latest possible end. */
    sign_in_marks: string | null
    /** Time of erasure, after the person asked to close the account. */
    closes_at: Time | null
    created_at: Time
    updated_at: Time
  }
  /** Browsers of a person's sign-ins, identified by a cookie. */
  devices: { person_id: string; device_key: BlindIndex; browser: Sealed; first_seen_at: Time; last_seen_at: Time }
  /** The inbox of security notices in the account centre. */
  notices: {
    id: string
    person_id: string
    kind: string
    /** JSON without personal data. */
    details: string
    /** JSON with personal data (network address, browser), sealed. */
    restricted: Sealed | null
    created_at: Time
    read_at: Time | null
  }
  /** Ways to sign in that are disabled for a person. */
  method_locks: {
    person_id: string
    method: string
    /** The person disabled it, or reported a sign-in as not theirs. */
    reason: 'switched-off' | 'not-me'
    locked_at: Time
  }
  authenticators: {
    id: string
    person_id: string
    kind: string
    /** Lookup key of a login, such as a credential id; null when the person is found first. */
    lookup_key: string | null
    /** JSON in the format of the method: a password hash, a public key. */
    data: string
    created_at: Time
    last_used_at: Time | null
    /** Held after a recovery: it signs in again once its owner confirms it. */
    held_at: Time | null
    /** Sealed digest of all columns above but `last_used_at` (src/keys/row-seal.ts); null in rows of older versions. */
    mac: Sealed | null
  }
  notice_consents: { person_id: string; notice_version: string; given_at: Time }
  clients: {
    id: string
    metadata: string
    secret_hash: string | null
    status: 'active' | 'suspended'
    created_at: Time
    updated_at: Time
    /** Over all columns above (src/keys/row-guard.ts); null in rows of older versions. */
    mac: Sealed | null
  }
  consents: {
    person_id: string
    client_id: string
    /** JSON: {scopes, claims, resources}. */
    granted: string
    given_at: Time
  }
  /** Accounts that their person merged into another: `person_id` stays, `merged_id` is closed. */
  merged_accounts: { merged_id: string; person_id: string; merged_at: Time }
  /** The portals that knew a merged account. */
  merged_portals: { merged_id: string; client_id: string }
  population_register: { document_type: string; document_index: BlindIndex; name_index: BlindIndex; imported_at: Time }
  logout_deliveries: {
    id: Generated<number>
    client_id: string
    person_id: string
    session_id: string
    state: 'pending' | 'delivered' | 'abandoned'
    attempts: number
    next_attempt_at: Time
    last_result: string | null
    created_at: Time
  }
  /** People whose ended sessions a server has to remove (jobs/session-endings.ts). */
  session_endings: { person_id: string; due_at: Time; ended_at: Time | null }
}

/**
 * Marks each column. `sensitive` holds personal data or a secret, and is sealed, hashed or keyed. `open` may be read
 * by any reader of the file. A test compares this with the migrated schema, so no column stays unmarked.
 */
export const columnMarks: { [T in keyof Tables]: { [C in keyof Tables[T]]: Mark } } = {
  ...legalPersonMarks,
  ...faceMarks,
  ...administrationMarks,
  ...phoneMarks,
  ...upstreamMarks,
  ...auditMarks,
  house: { key: 'open', value: 'open' },
  natural_persons: {
    id: 'open',
    document_type: 'open',
    document_number: 'sensitive',
    document_index: 'sensitive',
    name: 'sensitive',
    name_index: 'sensitive',
    phone: 'sensitive',
    phone_index: 'sensitive',
    username: 'sensitive',
    username_index: 'sensitive',
    identity_level: 'open',
    possession: 'open',
    possession_asked_at: 'open',
    proofed_at: 'open',
    face_proofed_at: 'open',
    status: 'open',
    held_until: 'open',
    recovery_held_until: 'open',
    signed_out_at: 'open',
    sign_in_epoch: 'open',
    sign_in_marks: 'open',
    closes_at: 'open',
    created_at: 'open',
    updated_at: 'open',
  },
  devices: {
    person_id: 'open',
    device_key: 'sensitive',
    browser: 'sensitive',
    first_seen_at: 'open',
    last_seen_at: 'open',
  },
  notices: {
    id: 'open',
    person_id: 'open',
    kind: 'open',
    details: 'open',
    restricted: 'sensitive',
    created_at: 'open',
    read_at: 'open',
  },
  method_locks: { person_id: 'open', method: 'open', reason: 'open', locked_at: 'open' },
  authenticators: {
    id: 'open',
    person_id: 'open',
    kind: 'open',
    lookup_key: 'sensitive',
    data: 'sensitive',
    created_at: 'open',
    last_used_at: 'open',
    held_at: 'open',
    mac: 'sensitive',
  },
  notice_consents: { person_id: 'open', notice_version: 'open', given_at: 'open' },
  clients: {
    id: 'open',
    metadata: 'open',
    secret_hash: 'sensitive',
    status: 'open',
    created_at: 'open',
    updated_at: 'open',
    mac: 'sensitive',
  },
  consents: { person_id: 'open', client_id: 'open', granted: 'open', given_at: 'open' },
  merged_accounts: { merged_id: 'open', person_id: 'open', merged_at: 'open' },
  merged_portals: { merged_id: 'open', client_id: 'open' },
  population_register: {
    document_type: 'open',
    document_index: 'sensitive',
    name_index: 'sensitive',
    imported_at: 'open',
  },
  logout_deliveries: {
    id: 'open',
    client_id: 'open',
    person_id: 'open',
    session_id: 'sensitive',
    state: 'open',
    attempts: 'open',
    next_attempt_at: 'open',
    last_result: 'open',
    created_at: 'open',
  },
  session_endings: { person_id: 'open', due_at: 'open', ended_at: 'open' },
}
