import type { Mark, Sealed, Time } from './columns.ts'

/** Tables of the audit log. */
export interface AuditTables {
  audit_events: {
    sequence: number
    at: Time
    event: string
    actor: string
    person_id: string | null
    client_id: string | null
    /** JSON without personal data. */
    details: string
    /** JSON with personal data (network address, browser), sealed. */
    restricted: Sealed | null
    previous_hash: string
    hash: string
  }
  /** Chains of the audit log (audit/writer-chains.ts). */
  audit_chains: {
    id: number
    /** The process that appends to it; null for a chain that is free. */
    writer: string | null
    /** By the clock of the store. */
    alive_until: Time
    /** Number and hash of its last entry. */
    sequence: number
    hash: string
    closed_at: Time | null
    /** The checkpoint over the last entry of a closed chain; later checkpoints do not name the chain. */
    signed_by: number | null
  }
  /** Checkpoints over all chains, numbered without gaps. */
  audit_roots: { number: number; at: Time; signed: string }
  /** The entries of a chain that a checkpoint has signed first, without gaps between the runs of a chain. */
  audit_runs: {
    last_sequence: number
    first_sequence: number
    root_number: number
    /** Hash of the last entry. */
    head: string
    /** Merkle root over the hashes of the entries. */
    root: string
    /** 1: its last entry closes the chain. */
    is_final: number
  }
  /** Checkpoints of versions with one chain. Each covers a run of entries, without gaps between runs. */
  audit_checkpoints: { last_sequence: number; first_sequence: number; at: Time; signed: string }
  /** Months of the audit log that are in files and no longer in audit_events. */
  audit_archives: {
    month: string
    first_sequence: number
    last_sequence: number
    last_hash: string
    /** SHA-256 of the file. */
    file_hash: string
    archived_at: Time
    /** JSON: the checkpoint at the end of the archive and its tips; null in archives of one chain. */
    tips: string | null
  }
}

export const auditMarks: { [T in keyof AuditTables]: { [C in keyof AuditTables[T]]: Mark } } = {
  audit_events: {
    sequence: 'open',
    at: 'open',
    event: 'open',
    actor: 'open',
    person_id: 'open',
    client_id: 'open',
    details: 'open',
    restricted: 'sensitive',
    previous_hash: 'open',
    hash: 'open',
  },
  audit_chains: {
    id: 'open',
    writer: 'open',
    alive_until: 'open',
    sequence: 'open',
    hash: 'open',
    closed_at: 'open',
    signed_by: 'open',
  },
  audit_roots: { number: 'open', at: 'open', signed: 'open' },
  audit_runs: {
    last_sequence: 'open',
    first_sequence: 'open',
    root_number: 'open',
    head: 'open',
    root: 'open',
    is_final: 'open',
  },
  audit_checkpoints: { last_sequence: 'open', first_sequence: 'open', at: 'open', signed: 'open' },
  audit_archives: {
    month: 'open',
    first_sequence: 'open',
    last_sequence: 'open',
    last_hash: 'open',
    file_hash: 'open',
    archived_at: 'open',
    tips: 'open',
  },
}
