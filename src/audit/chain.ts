import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Suite } from '../config/suite.ts'
import { chainSpan } from '../storage/audit-chains.ts'
import type { Database } from '../storage/database.ts'
import { archivedEnd } from './archived-end.ts'
import type { AuditEventName } from './audit-events.ts'
import type { Tables } from '../storage/schema.ts'

export type Entry = Selectable<Tables['audit_events']>

/** The first entry of a chain has no entry before it; its `previous_hash` is this. */
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

/** A position in a chain: the number and hash of an entry. */
export interface Anchor {
  sequence: number
  hash: string
}

/** The chain of an entry, by its number. */
export const chainOf = (sequence: number): number => Math.floor(sequence / chainSpan)

export const startOf = (chain: number): Anchor => ({ sequence: chain * chainSpan, hash: beforeTheFirst })

/** The last entry of a chain; the next writer of the chain appends no further one. */
export const closing: AuditEventName = 'audit.chain-closed'

export const closes = ({ event }: Pick<Entry, 'event'>): boolean => event === closing

/** Checks entries of one chain one by one, in the order of their numbers. */
function createChainReader(from: Anchor) {
  let last = from
  let closed = false
  const faultOf = (entry: Entry): ChainFault | undefined => {
    const sequence = last.sequence + 1
    if (closed) return { kind: 'rewritten', sequence: entry.sequence, fault: 'it follows the end of a closed chain' }
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
      if (fault) return fault
      last = { sequence: entry.sequence, hash: entry.hash }
      closed = closes(entry)
      return undefined
    },
    /** The last correct entry. */
    last: () => last,
    /** Whether the last entry closes the chain. */
    isClosed: () => closed,
  }
}

/** Checks entries of all chains, in the order of their numbers: chain by chain. */
export function createTrailReader(anchors: ReadonlyMap<number, Anchor>) {
  let chain = -1
  let entries = 0
  let reader = createChainReader(startOf(0))
  return {
    read(entry: Entry): ChainFault | undefined {
      if (chainOf(entry.sequence) !== chain) {
        chain = chainOf(entry.sequence)
        reader = createChainReader(anchors.get(chain) ?? startOf(chain))
      }
      const fault = reader.read(entry)
      if (!fault) entries += 1
      return fault
    },
    /** The last correct entry of the chain that is read now. */
    last: () => reader.last(),
    isClosed: () => reader.isClosed(),
    entries: () => entries,
  }
}

const pageSize = 5000

/** The entries after a number, page by page, chain by chain. */
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

/**
 * Reads all chains and returns the first entry that was changed, removed or reordered. `seen` receives each correct
 * entry.
 */
export async function checkChain(database: Database, seen?: (entry: Entry) => void): Promise<ChainCheck> {
  const reader = createTrailReader((await archivedEnd(database)).anchors)
  for await (const page of pagesAfter(database, -1)) {
    for (const entry of page) {
      const fault = reader.read(entry)
      if (fault) return { whole: false, ...(await reordered(database, fault, reader.last())) }
      seen?.(entry)
    }
  }
  return { whole: true, entries: reader.entries() }
}

/** A missing entry with another number means that the order was changed. */
async function reordered(database: Database, fault: ChainFault, last: Anchor): Promise<ChainFault> {
  if (fault.kind !== 'missing') return fault
  const elsewhere = await database
    .selectFrom('audit_events')
    .select('sequence')
    .where('previous_hash', '=', last.hash)
    .where('sequence', '>', startOf(chainOf(last.sequence)).sequence)
    .where('sequence', '<', startOf(chainOf(last.sequence) + 1).sequence)
    .executeTakeFirst()
  if (!elsewhere) return fault
  return { ...fault, kind: 'reordered', fault: `the entry that belongs here has the number ${elsewhere.sequence}` }
}
