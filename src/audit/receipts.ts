import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { digestOfHash, hashOf } from './chain.ts'
import { contentOf, openCheckpoint, type Checkpoint } from './checkpoints.ts'
import { merklePath, rootOver } from './merkle.ts'

const entry = z.object({
  sequence: z.number(),
  at: z.number(),
  event: z.string(),
  actor: z.string(),
  person_id: z.string().nullable(),
  client_id: z.string().nullable(),
  details: z.string(),
  restricted: z.string().nullable(),
  previous_hash: z.string(),
})

const receipt = z.object({
  entry,
  /** The hash of the entry; missing in older receipts. */
  digest: z.enum(['sha256', 'sm3']).default('sha256'),
  path: z.array(z.string()),
  checkpoint: z.string(),
})

/** Proves that an entry is in the audit log. The public keys are enough to check it. */
export type Receipt = z.infer<typeof receipt>

/** The last entry that a checkpoint has signed; later ones have no receipt yet. */
export async function lastSigned(database: Database): Promise<number> {
  const newest = await database
    .selectFrom('audit_checkpoints')
    .select(({ fn }) => fn.max('last_sequence').as('last'))
    .executeTakeFirst()
  return newest?.last ?? 0
}

/** @returns undefined when the store has no such entry, or no checkpoint over it yet */
export async function receiptFor(database: Database, sequence: number): Promise<Receipt | undefined> {
  const checkpoint = await database
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('last_sequence', '>=', sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst()
  if (!checkpoint || checkpoint.first_sequence > sequence) return undefined
  const run = await database
    .selectFrom('audit_events')
    .select('hash')
    .where('sequence', '>=', checkpoint.first_sequence)
    .where('sequence', '<=', checkpoint.last_sequence)
    .orderBy('sequence')
    .execute()
  const found = await database
    .selectFrom('audit_events')
    .selectAll()
    .where('sequence', '=', sequence)
    .executeTakeFirst()
  if (!found || run.length !== checkpoint.last_sequence - checkpoint.first_sequence + 1) return undefined
  const path = merklePath(
    run.map(({ hash }) => hash),
    sequence - checkpoint.first_sequence,
    contentOf(checkpoint.signed).digest,
  )
  return { entry: entry.parse(found), digest: digestOfHash(found.hash), path, checkpoint: checkpoint.signed }
}

export type ReceiptCheck =
  | { holds: true; entry: Receipt['entry']; checkpoint: Checkpoint }
  | { holds: false; fault: string }

/** Checks a receipt from outside. */
export async function checkReceipt(verify: VerifyDocument, given: unknown): Promise<ReceiptCheck> {
  const read = receipt.safeParse(given)
  if (!read.success) return { holds: false, fault: 'this is not a receipt' }
  const { entry: shown, digest, path, checkpoint: signed } = read.data
  const checkpoint = await openCheckpoint(verify, signed)
  if (!checkpoint) return { holds: false, fault: 'its checkpoint is not signed by these keys' }
  const { first, last, root } = checkpoint
  const place = { index: shown.sequence - first, size: last - first + 1, path }
  if (rootOver(hashOf(shown, digest), place, checkpoint.digest) !== root) {
    return { holds: false, fault: 'its entry is not in the signed audit log' }
  }
  return { holds: true, entry: shown, checkpoint }
}
