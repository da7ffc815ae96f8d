import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'

export type UpstreamLinkWay = 'import' | 'sign-in' | 'number' | 'merge'

/** Accounts of existing systems, and their import. */
export interface UpstreamTables {
  /** Which account of an upstream belongs to which person. */
  upstream_links: {
    upstream: string
    /** Of the upstream's `sub`, exactly as it wrote it. */
    subject_index: BlindIndex
    person_id: string
    /** The highest level that a sign-in by this link may give. */
    level: number
    /** Of the document that the upstream asserted; another one later means that the account was given to another person. */
    document_index: BlindIndex | null
    /** The username at the upstream, where another account has it here. */
    alias: Sealed | null
    linked_at: Time
    last_used_at: Time | null
    /** The import that made the link. */
    batch: string | null
    /** 1: the account was opened with the link, by the import or by a first sign-in. */
    opened: number
    /** How the link was made: by an import, a sign-in of its person, a proven document number, or a merge of two accounts. */
    way: UpstreamLinkWay
    /** Until then its person may undo it; null for a link that they made. */
    undo_until: Time | null
    /** Until then a sign-in by the link changes nothing in the account. */
    held_until: Time | null
    /** A recovery paused it: it signs in again once its person has confirmed it. */
    paused_at: Time | null
    /** Over the link, bound to its row (src/keys/row-seal.ts); null before version 0.2. */
    mac: Sealed | null
  }
  /** Accounts of an upstream that a person is asked about, or does not want. */
  upstream_offers: {
    upstream: string
    subject_index: BlindIndex
    person_id: string
    /** `later`: asked once, and again after a time. `refused`: never asked again, and never linked by number. */
    state: 'open' | 'later' | 'refused'
    /** The import that found the account. */
    batch: string | null
    changed_at: Time
  }
  /** One row for each imported file. */
  import_batches: {
    id: string
    upstream: string
    /** SHA-256 of the file. */
    file_hash: string
    state: 'running' | 'finished' | 'undoing' | 'undone'
    /** The lines of the file that are in the store. */
    lines_done: number
    /** JSON: counts, and the lengths of the files of each class. */
    results: string
    began_at: Time
    ended_at: Time | null
  }
}

export const upstreamMarks: { [T in keyof UpstreamTables]: { [C in keyof UpstreamTables[T]]: Mark } } = {
  upstream_links: {
    upstream: 'open',
    subject_index: 'sensitive',
    person_id: 'open',
    level: 'open',
    document_index: 'sensitive',
    alias: 'sensitive',
    linked_at: 'open',
    last_used_at: 'open',
    batch: 'open',
    opened: 'open',
    way: 'open',
    undo_until: 'open',
    held_until: 'open',
    paused_at: 'open',
    mac: 'sensitive',
  },
  upstream_offers: {
    upstream: 'open',
    subject_index: 'sensitive',
    person_id: 'open',
    state: 'open',
    batch: 'open',
    changed_at: 'open',
  },
  import_batches: {
    id: 'open',
    upstream: 'open',
    file_hash: 'open',
    state: 'open',
    lines_done: 'open',
    results: 'open',
    began_at: 'open',
    ended_at: 'open',
  },
}
