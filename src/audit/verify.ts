import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { anchorOf, checkChain, type Anchor, type ChainFault, type Entry } from './chain.ts'
import { openCheckpoint } from './checkpoints.ts'

export type AuditLogCheck =
  | {
      whole: true
      entries: number
      checkpoints: number
      /** Entries after the newest checkpoint. No signature proves that they are complete. */
      unsigned: number
    }
  | ({ whole: false } & ChainFault)

/** The result for an audit log that is wrong from the entry `sequence` on. */
export const broken = (kind: ChainFault['kind'], sequence: number, fault: string): AuditLogCheck => ({
  whole: false,
  kind,
  sequence,
  fault,
})

/** Whether an entry records the archive that ends just before the store's first entry. */
function recordsArchive({ event, details }: Entry, { sequence, hash }: Anchor): boolean {
  if (event !== 'audit.archived') return false
  const { last, head } = archivedSchema.parse(JSON.parse(details))
  return last === sequence && head === hash
}

const archivedSchema = z.object({ last: z.number().optional(), head: z.string().optional() })
const pageSize = 2000

async function* storedCheckpoints(database: Database, anchor: number, newestOnly: boolean) {
  const query = database.selectFrom('audit_checkpoints').selectAll()
  if (newestOnly) {
    yield* await query.where('last_sequence', '>', anchor).orderBy('last_sequence', 'desc').limit(1).execute()
    return
  }
  for (let after = anchor; ;) {
    const page = await query.where('last_sequence', '>', after).orderBy('last_sequence').limit(pageSize).execute()
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)?.last_sequence ?? after
  }
}

const progressEach = 1000

async function newestEntryOf(database: Database): Promise<number> {
  const { newest } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .executeTakeFirstOrThrow()
  return newest ?? 0
}

/**
 * Verifies the audit log in a store: the chain, and that it matches the signed checkpoints. A checkpoint from outside the
 * store (the checkpoint file, a log collector) shows when the end was removed.
 */
export async function verifyAuditLog(options: {
  database: Database
  verify: VerifyDocument
  /** Signed checkpoints from outside the store. */
  elsewhere: string[]
  /** Verifies only the newest checkpoint, whose head covers all entries before it. A year has half a million. */
  newestOnly?: boolean
  /** The entries read, and their number. */
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<AuditLogCheck> {
  const { database, verify, elsewhere, newestOnly = false, progress } = options
  const archived = await anchorOf(database)
  const { sequence: anchor } = archived
  const signed: { last: number; head: string }[] = []
  let stored = 0
  for await (const row of storedCheckpoints(database, anchor, newestOnly)) {
    const checkpoint = await openCheckpoint(verify, row.signed)
    if (checkpoint?.first !== row.first_sequence || checkpoint.last !== row.last_sequence) {
      return broken('rewritten', row.last_sequence, 'its checkpoint is not signed by a key of this store')
    }
    signed.push({ last: checkpoint.last, head: checkpoint.head })
    stored += 1
  }
  for (const text of elsewhere) {
    const checkpoint = await openCheckpoint(verify, text)
    if (!checkpoint)
      return broken('rewritten', 0, 'the checkpoint beside the store is not signed by a key of this store')
    if (checkpoint.last > anchor) signed.push(checkpoint)
  }

  const heads = new Map(signed.map(({ last, head }) => [last, head]))
  let rewritten: number | undefined
  let isRecorded = anchor === 0
  const total = progress ? (await newestEntryOf(database)) - anchor : 0
  const chain = await checkChain(database, (entry) => {
    if (entry.sequence % progressEach === 0) progress?.(entry.sequence - anchor, total)
    const head = heads.get(entry.sequence)
    if (head !== undefined && head !== entry.hash) rewritten ??= entry.sequence
    isRecorded ||= recordsArchive(entry, archived)
  })
  if (chain.whole) progress?.(chain.entries, chain.entries)
  if (rewritten !== undefined) return broken('rewritten', rewritten, 'another history was signed in its checkpoint')
  if (!chain.whole) return chain
  if (!isRecorded)
    return broken('missing', anchor, 'entries up to it are gone, and none records that they were archived')
  const end = anchor + chain.entries
  const newest = signed.reduce((most, { last }) => Math.max(most, last), anchor)
  if (newest > end) {
    return broken('truncated', end + 1, `the audit log ends before it, but a checkpoint was signed at ${newest}`)
  }
  return { whole: true, entries: chain.entries, checkpoints: stored, unsigned: end - newest }
}
