import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { tipSchema } from './archived-end.ts'
import { chainOf, digestOfHash, hashOf, startOf, type Digest } from './chain.ts'
import { merklePath, rootOver } from './merkle.ts'
import { contentOf, openCheckpoint } from './old-checkpoints.ts'
import { contentOfRoot, leafOf, openRoot, signedBefore, tipsAt } from './roots.ts'

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

const common = {
  entry,
  /** The hash of the entry; missing in older receipts. */
  digest: z.enum(['sha256', 'sm3']).default('sha256'),
  /** From the entry to the root of its run. */
  path: z.array(z.string()),
  checkpoint: z.string(),
}

/** Of a checkpoint over all chains: from the run's tip to the root of all tips. */
const ofChains = z.object({ ...common, tip: tipSchema, place: z.int().nonnegative(), tipPath: z.array(z.string()) })
/** Of a checkpoint of a version with one chain. */
const ofOneChain = z.object(common)
const receipt = z.union([ofChains, ofOneChain])

/** Proves that an entry is in the audit log. The public keys are enough to check it. */
export type Receipt = z.infer<typeof receipt>

/** The numbers among these that a checkpoint has signed; the others have no receipt yet. */
export async function signedAmong(database: Database, sequences: readonly number[]): Promise<Set<number>> {
  const signed = new Set<number>()
  const last = new Map<number, Promise<number>>()
  for (const sequence of sequences) {
    const chain = chainOf(sequence)
    const known = last.get(chain) ?? lastSigned(database, chain)
    last.set(chain, known)
    if (sequence <= (await known)) signed.add(sequence)
  }
  return signed
}

/** The last entry of a chain that a checkpoint has signed. */
export async function lastSigned(database: Database, chain: number): Promise<number> {
  const { last } = await database
    .selectFrom('audit_runs')
    .select(({ fn }) => fn.max('last_sequence').as('last'))
    .where('last_sequence', '>', startOf(chain).sequence)
    .where('last_sequence', '<', startOf(chain + 1).sequence)
    .executeTakeFirstOrThrow()
  return last ?? (chain === 0 ? signedBefore(database) : startOf(chain).sequence)
}

interface Run {
  first_sequence: number
  last_sequence: number
}

/** The first signed run that ends at this entry or after it, if it begins before. */
async function runOf(database: Database, sequence: number) {
  const run = await database
    .selectFrom('audit_runs')
    .selectAll()
    .where('last_sequence', '>=', sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst()
  return run && run.first_sequence <= sequence ? run : undefined
}

/** The path of an entry in its run; undefined where entries are missing. */
async function pathIn(database: Database, run: Run, sequence: number, digest: Digest) {
  const rows = await database
    .selectFrom('audit_events')
    .select(['sequence', 'hash'])
    .where('sequence', '>=', run.first_sequence)
    .where('sequence', '<=', run.last_sequence)
    .orderBy('sequence')
    .execute()
  const found = await database
    .selectFrom('audit_events')
    .selectAll()
    .where('sequence', '=', sequence)
    .executeTakeFirst()
  if (!found || rows.length !== run.last_sequence - run.first_sequence + 1) return undefined
  const hashes = rows.map(({ hash }) => hash)
  const path = merklePath(hashes, sequence - run.first_sequence, digest)
  return { entry: entry.parse(found), digest: digestOfHash(found.hash), path }
}

/** @returns undefined when the store has no such entry, or no checkpoint over it yet */
export async function receiptFor(database: Database, sequence: number): Promise<Receipt | undefined> {
  const run = await runOf(database, sequence)
  if (!run) return receiptOfOneChain(database, sequence)
  const signed = await database
    .selectFrom('audit_roots')
    .select('signed')
    .where('number', '=', run.root_number)
    .executeTakeFirst()
  if (!signed) return undefined
  const { digest } = contentOfRoot(signed.signed)
  const found = await pathIn(database, run, sequence, digest)
  const tips = await tipsAt(database, run.root_number)
  const place = tips.findIndex(({ last }) => last === run.last_sequence)
  const tip = tips[place]
  if (!found || !tip) return undefined
  return { ...found, tip, place, tipPath: merklePath(tips.map(leafOf), place, digest), checkpoint: signed.signed }
}

async function receiptOfOneChain(database: Database, sequence: number): Promise<Receipt | undefined> {
  const checkpoint = await database
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('last_sequence', '>=', sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst()
  if (!checkpoint || checkpoint.first_sequence > sequence) return undefined
  const found = await pathIn(database, checkpoint, sequence, contentOf(checkpoint.signed).digest)
  return found && { ...found, checkpoint: checkpoint.signed }
}

export type ReceiptCheck =
  | { holds: true; entry: Receipt['entry']; checkpoint: { iss: string; iat: number } }
  | { holds: false; fault: string }

const notSigned = { holds: false, fault: 'its checkpoint is not signed by these keys' } as const
const notInside = { holds: false, fault: 'its entry is not in the signed audit log' } as const

/** Checks a receipt from outside. */
export async function checkReceipt(verify: VerifyDocument, given: unknown): Promise<ReceiptCheck> {
  const read = receipt.safeParse(given)
  if (!read.success) return { holds: false, fault: 'this is not a receipt' }
  const { entry: shown, digest, path, checkpoint: signed } = read.data
  const inRun = ({ first, last }: { first: number; last: number }, by: Digest) =>
    rootOver(hashOf(shown, digest), { index: shown.sequence - first, size: last - first + 1, path }, by)
  if (!('tip' in read.data)) {
    const checkpoint = await openCheckpoint(verify, signed)
    if (!checkpoint) return notSigned
    if (inRun(checkpoint, checkpoint.digest) !== checkpoint.root) return notInside
    return { holds: true, entry: shown, checkpoint }
  }
  const { tip, place, tipPath } = read.data
  const root = await openRoot(verify, signed)
  if (!root) return notSigned
  const among = { index: place, size: root.chains, path: tipPath }
  if (rootOver(leafOf(tip), among, root.digest) !== root.root) return notInside
  if (chainOf(shown.sequence) !== tip.chain || inRun(tip, root.digest) !== tip.root) return notInside
  return { holds: true, entry: shown, checkpoint: root }
}
