import type { VerifyDocument } from '../keys/signatures.ts'
import type { Database } from '../storage/database.ts'
import { anchorOf, checkChain, type ChainFault } from './chain.ts'
import { openCheckpoint, type Checkpoint } from './checkpoints.ts'

export type TrailCheck =
  | {
      whole: true
      entries: number
      checkpoints: number
      /** Entries after the newest checkpoint: nobody vouches for their being all. */
      unsigned: number
    }
  | ({ whole: false } & ChainFault)

const broken = (kind: ChainFault['kind'], sequence: number, fault: string): TrailCheck => ({
  whole: false,
  kind,
  sequence,
  fault,
})

/**
 * Checks the whole trail as it stands in a store: the chain, and that it is the one whose checkpoints were signed. A
 * checkpoint from elsewhere (the file beside the store, a log collector) shows when the end was cut off.
 */
export async function verifyTrail(options: {
  database: Database
  verify: VerifyDocument
  /** Newest checkpoints known from elsewhere. */
  elsewhere: string[]
}): Promise<TrailCheck> {
  const { database, verify, elsewhere } = options
  const { sequence: anchor } = await anchorOf(database)
  const stored = await database
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('last_sequence', '>', anchor)
    .orderBy('last_sequence')
    .execute()
  const signed: Checkpoint[] = []
  for (const row of stored) {
    const checkpoint = await openCheckpoint(verify, row.signed)
    if (checkpoint?.first !== row.first_sequence || checkpoint.last !== row.last_sequence) {
      return broken('rewritten', row.last_sequence, 'its checkpoint is not signed by a key of this store')
    }
    signed.push(checkpoint)
  }
  for (const text of elsewhere) {
    const checkpoint = await openCheckpoint(verify, text)
    if (!checkpoint)
      return broken('rewritten', 0, 'the checkpoint beside the store is not signed by a key of this store')
    if (checkpoint.last > anchor) signed.push(checkpoint)
  }

  const heads = new Map(signed.map(({ last, head }) => [last, head]))
  let rewritten: number | undefined
  const chain = await checkChain(database, ({ sequence, hash }) => {
    const head = heads.get(sequence)
    if (head !== undefined && head !== hash) rewritten ??= sequence
  })
  if (rewritten !== undefined) return broken('rewritten', rewritten, 'another history was signed in its checkpoint')
  if (!chain.whole) return chain
  const end = anchor + chain.entries
  const newest = signed.reduce((most, { last }) => Math.max(most, last), anchor)
  if (newest > end) {
    return broken('truncated', end + 1, `the trail ends before it, but a checkpoint was signed at ${newest}`)
  }
  return { whole: true, entries: chain.entries, checkpoints: stored.length, unsigned: end - newest }
}
