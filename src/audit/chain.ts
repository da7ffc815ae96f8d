import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Suite } from '../config/suite.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'

export type Entry = Selectable<Tables['audit_events']>

/** The first entry has no entry before it; its `previous_hash` is this. */
const beforeTheFirst = '0'.repeat(64)

/** The AAD of a restricted part (see FieldCipher). */
export function restrictedAad(sequence: number): string {
  return `audit_events.restricted:${sequence}`
}

/** SHA-256, or SM3 (GB/T 32905) under YIDENG_SUITE=guomi. A chain goes on where the suite changes. */
export type Digest = 'sha256' | 'sm3'

export const digestOf = (suite: Suite): Digest => (suite === 'guomi' ? 'sm3' : 'sha256')

/** The beginning of a hash by SM3; a hash by SHA-256 has none. */
const sm3Mark = 'sm3:'

export const digestOfHash = (hash: string): Digest => (hash.startsWith(sm3Mark) ? 'sm3' : 'sha256')

/** The hash over every field of an entry, including the hash of the entry before. */
export function hashOf(entry: Omit<Entry, 'hash'>, digest: Digest): string {
  const { sequence, at, event, actor, person_id, client_id, details, restricted, previous_hash } = entry
  const fields = [sequence, at, event, actor, person_id, client_id, details, restricted, previous_hash]
  const hash = createHash(digest).update(JSON.stringify(fields)).digest('hex')
  return digest === 'sm3' ? `${sm3Mark}${hash}` : hash
}

export type FaultKind = 'changed' | 'missing' | 'reordered' | 'truncated' | 'rewritten'

export interface ChainFault {
  kind: FaultKind
  /** The first entry that shows the fault. */
  sequence: number
  fault: string
}

export type ChainCheck = { whole: true; entries: number } | ({ whole: false } & ChainFault)

/** A position in the chain: the number and hash of an entry. */
export interface Anchor {
  sequence: number
  hash: string
}

export const startOfChain: Anchor = { sequence: 0, hash: beforeTheFirst }

/** Checks entries one by one, in the order of their numbers. */
export function createChainReader(from: Anchor) {
  let last = from
  const faultOf = (entry: Entry): ChainFault | undefined => {
    const sequence = last.sequence + 1
    if (entry.sequence !== sequence) return { kind: 'missing', sequence, fault: 'this entry is missing' }
    if (entry.previous_hash !== last.hash) {
      return { kind: 'missing', sequence, fault: 'it does not follow the entry before' }
    }
    return hashOf(entry, digestOfHash(entry.hash)) === entry.hash
      ? undefined
      : { kind: 'changed', sequence, fault: 'it was changed' }
  }
  return {
    /** Returns the fault of the next entry. A wrong entry does not advance the reader. */
    read(entry: Entry): ChainFault | undefined {
      const fault = faultOf(entry)
      if (!fault) last = { sequence: entry.sequence, hash: entry.hash }
      return fault
    },
    /** The last correct entry. */
    last: () => last,
  }
}

const pageSize = 5000

/** The entries after a number, page by page. */
export async function* pagesAfter(database: Database, after: number): AsyncGenerator<Entry[]> {
  for (;;) {
    const page = await database
      .selectFrom('audit_events')
      .selectAll()
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(pageSize)
      .execute()
    if (page.length > 0) yield page
    if (page.length < pageSize) return
    after = page.at(-1)?.sequence ?? after
  }
}

/** The last archived entry; the entries of the store follow it. */
export async function anchorOf(database: Database): Promise<Anchor> {
  const archived = await database
    .selectFrom('audit_archives')
    .select(['last_sequence', 'last_hash'])
    .orderBy('last_sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return archived ? { sequence: archived.last_sequence, hash: archived.last_hash } : startOfChain
}

/**
 * Reads the whole chain and returns the first entry that was changed, removed or reordered. `seen` receives each correct
 * entry.
 */
export async function checkChain(database: Database, seen?: (entry: Entry) => void): Promise<ChainCheck> {
  const anchor = await anchorOf(database)
  const reader = createChainReader(anchor)
  for await (const page of pagesAfter(database, anchor.sequence)) {
    for (const entry of page) {
      const fault = reader.read(entry)
      if (fault) return { whole: false, ...(await reordered(database, fault, reader.last())) }
      seen?.(entry)
    }
  }
  return { whole: true, entries: reader.last().sequence - anchor.sequence }
}

/** A missing entry with another number means that the order was changed. */
async function reordered(database: Database, fault: ChainFault, last: Anchor): Promise<ChainFault> {
  if (fault.kind !== 'missing') return fault
  const elsewhere = await database
    .selectFrom('audit_events')
    .select('sequence')
    .where('previous_hash', '=', last.hash)
    .executeTakeFirst()
  if (!elsewhere) return fault
  return { ...fault, kind: 'reordered', fault: `the entry that belongs here has the number ${elsewhere.sequence}` }
}
