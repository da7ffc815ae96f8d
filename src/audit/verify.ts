import { sql } from 'kysely'
import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { chainSpan } from '../storage/audit-chains.ts'
import type { Database } from '../storage/database.ts'
import { archivedEnd } from './archived-end.ts'
import { chainOf, checkChain, closing, startOf, type Anchor, type ChainFault, type Entry } from './chain.ts'
import { openCheckpoint } from './old-checkpoints.ts'
import { endsOfBackups, restoresIn, restoreThatLost, type Restore } from './restores.ts'
import { endOf } from './root-reader.ts'
import { openPortable } from './roots.ts'
import { anotherHistory, checkOldCheckpoints, checkRoots, endBefore } from './verify-checkpoints.ts'

export type AuditLogCheck =
  | {
      whole: true
      entries: number
      checkpoints: number
      /** Entries after the newest checkpoint. No signature proves that they are complete. */
      unsigned: number
      /** Restores that explain why the store lacks entries which checkpoints outside it have signed. */
      restored?: { entry: number; at: number; backupAt: number; checkpoints: number }[]
    }
  | ({ whole: false } & ChainFault)

/** The result for an audit log that is wrong from the entry `sequence` on. */
export const broken = (kind: ChainFault['kind'], sequence: number, fault: string): AuditLogCheck => ({
  whole: false,
  kind,
  sequence,
  fault,
})

const archivedSchema = z.object({
  last: z.number().optional(),
  head: z.string().optional(),
  tips: z.string().optional(),
})

type ArchivedEnd = Awaited<ReturnType<typeof archivedEnd>>

/** Whether an entry records the archive that ends just before the store's first entries. */
function recordsArchive({ event, details }: Entry, { anchors, recorded }: ArchivedEnd): boolean {
  if (event !== 'audit.archived') return false
  const { last, head, tips } = archivedSchema.parse(JSON.parse(details))
  if (recorded !== undefined) return tips === recorded
  const end = anchors.get(0)
  return end?.sequence === last && end?.hash === head
}

const progressEach = 1000

async function entriesIn(database: Database): Promise<number> {
  const { many } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .executeTakeFirstOrThrow()
  return many
}

/**
 * Verifies the audit log in a store: every chain, and that they match the signed checkpoints. A checkpoint from outside the
 * store (the checkpoint file, a log collector) shows when the end was removed.
 */
export async function verifyAuditLog(options: {
  database: Database
  verify: VerifyDocument
  /** Signed checkpoints from outside the store. */
  elsewhere: string[]
  /** Opens the proofs of restores; without it, none is believed. */
  cipher?: Pick<FieldCipher, 'open'> | undefined
  /** Verifies only the newest checkpoint, whose tips cover all entries before it. A year has half a million. */
  newestOnly?: boolean
  /** The entries read, and their number. */
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<AuditLogCheck> {
  const { database, verify, elsewhere, cipher, newestOnly = false, progress } = options
  const archived = await archivedEnd(database)
  const { anchors, tips } = archived
  const restores = await restoresIn(database, cipher)
  const claimed = await claimsOf(verify, elsewhere, tips?.number ?? 0)
  if (!claimed) return broken('rewritten', 0, 'the checkpoint beside the store is not signed by a key of this store')
  const claims = claimed.filter(({ sequence, at }) => !restoreThatLost(restores, sequence, at))
  // read before the entries, because servers append at the same time
  const openEnds = await endsOfOpenChains(database)
  const total = progress ? await entriesIn(database) : 0
  let read = 0
  let isRecorded = anchors.size === 0 && !tips
  const ends = new Map<number, number>()
  const chain = await checkChain(database, (entry) => {
    read += 1
    if (read % progressEach === 0) progress?.(read, total)
    ends.set(chainOf(entry.sequence), entry.sequence)
    isRecorded ||= recordsArchive(entry, archived)
  })
  if (chain.whole) progress?.(chain.entries, chain.entries)

  const old = await checkOldCheckpoints(database, verify, { newestOnly })
  const forged = await forgedHead(database, chain.whole ? Infinity : chain.sequence)
  if (forged) return forged
  if (!chain.whole) return chain
  const unclosed = await closedWithoutEnd(database)
  if (unclosed) return unclosed
  if (old.fault) return { whole: false, ...old.fault }
  if (!isRecorded) {
    const last = Math.max(0, ...[...anchors.values()].map(({ sequence }) => sequence))
    return broken('missing', last, 'entries up to it are gone, and none records that they were archived')
  }
  const roots = await checkRoots(database, verify, { newestOnly })
  if (roots.fault) return { whole: false, ...roots.fault }
  const lost =
    (await lostRun(database)) ??
    (await lostClaim(database, [...claims, ...openEnds, ...endsOfBackups(restores)], anchors))
  if (lost) return { whole: false, ...lost }
  const unsigned = await unsignedAfter(database, ends, claims)
  const restored = explained(restores, claimed)
  return {
    whole: true,
    entries: chain.entries,
    checkpoints: old.checkpoints + roots.checkpoints,
    unsigned,
    ...(restored.length > 0 ? { restored } : {}),
  }
}

/** The restores that explain claims, with the number of checkpoints that each explains. */
const explained = (restores: readonly Restore[], claims: readonly Claim[]) =>
  restores.flatMap(({ entry, at, backupAt }) => {
    const lost = claims.filter((claim) => restoreThatLost(restores, claim.sequence, claim.at)?.entry === entry)
    const checkpoints = new Set(lost.map(({ checkpoint }) => checkpoint)).size
    return checkpoints > 0 ? [{ entry, at, backupAt, checkpoints }] : []
  })

/** An end of a chain that a checkpoint outside the store has signed. */
interface Claim extends Anchor {
  /** Seconds since 1970 UTC. */
  at: number
  /** The place of its checkpoint among those given. */
  checkpoint: number
}

/**
 * The ends of chains that checkpoints outside the store have signed; undefined where one is not of this store. Those up to the
 * archived one speak for entries that are in archives.
 */
async function claimsOf(
  verify: VerifyDocument,
  elsewhere: readonly string[],
  archived: number,
): Promise<Claim[] | undefined> {
  const claims: Claim[] = []
  for (const [checkpoint, text] of elsewhere.entries()) {
    const opened = await openPortable(verify, text)
    const older = opened ? undefined : await openCheckpoint(verify, text)
    if (opened) {
      const tips = opened.root.number > archived ? opened.tips : []
      claims.push(...tips.map((tip) => ({ ...endOf(tip), at: opened.root.iat, checkpoint })))
    } else if (older) claims.push({ sequence: older.last, hash: older.head, at: older.iat, checkpoint })
    else return undefined
  }
  return claims
}

const endsOfOpenChains = (database: Database): Promise<Anchor[]> =>
  database
    .selectFrom('audit_chains')
    .select(['sequence', 'hash'])
    .where('signed_by', 'is', null)
    .where(sql<number>`sequence % ${sql.lit(chainSpan)}`, '>', 0)
    .execute()

/** A chain that is said to be closed, without the entry that closes it. */
async function closedWithoutEnd(database: Database): Promise<AuditLogCheck | undefined> {
  const row = await database
    .selectFrom('audit_chains as c')
    .innerJoin('audit_events as e', 'e.sequence', 'c.sequence')
    .select('c.sequence')
    .where('c.closed_at', '>', 0)
    .where('e.event', '<>', closing)
    .orderBy('c.id')
    .limit(1)
    .executeTakeFirst()
  return row && broken('changed', row.sequence, 'its chain is said to end here, but it does not say so')
}

/** A run whose last entry has another hash than the signed one. */
async function forgedHead(database: Database, before: number): Promise<AuditLogCheck | undefined> {
  const row = await database
    .selectFrom('audit_runs as r')
    .innerJoin('audit_events as e', 'e.sequence', 'r.last_sequence')
    .select('r.last_sequence')
    .whereRef('e.hash', '<>', 'r.head')
    .orderBy('r.last_sequence')
    .limit(1)
    .executeTakeFirst()
  return row && row.last_sequence < before ? broken('rewritten', row.last_sequence, anotherHistory) : undefined
}

/** A signed run whose last entry is gone, except where an archive has it. */
async function lostRun(database: Database): Promise<ChainFault | undefined> {
  const { tips } = await archivedEnd(database)
  const row = await database
    .selectFrom('audit_runs as r')
    .leftJoin('audit_events as e', 'e.sequence', 'r.last_sequence')
    .select('r.last_sequence')
    .where('e.sequence', 'is', null)
    .where('r.root_number', '>', tips?.number ?? 0)
    .orderBy('r.last_sequence')
    .limit(1)
    .executeTakeFirst()
  return row && endBefore(database, row.last_sequence)
}

/** An end of a chain that the store does not have. */
async function lostClaim(
  database: Database,
  claims: readonly Anchor[],
  anchors: ReadonlyMap<number, Anchor>,
): Promise<ChainFault | undefined> {
  for (const { sequence, hash } of claims) {
    const anchor = anchors.get(chainOf(sequence))
    if (anchor && sequence <= anchor.sequence) continue
    const entry = await database
      .selectFrom('audit_events')
      .select('hash')
      .where('sequence', '=', sequence)
      .executeTakeFirst()
    if (entry && entry.hash !== hash) return { kind: 'rewritten', sequence, fault: anotherHistory }
    if (!entry) return endBefore(database, sequence)
  }
  return undefined
}

async function unsignedAfter(
  database: Database,
  ends: ReadonlyMap<number, number>,
  claims: readonly Anchor[],
): Promise<number> {
  let unsigned = 0
  for (const [chain, end] of ends) {
    const [start, next] = [startOf(chain).sequence, startOf(chain + 1).sequence]
    const { last } = await database
      .selectFrom('audit_runs')
      .select(({ fn }) => fn.max('last_sequence').as('last'))
      .where('last_sequence', '>', start)
      .where('last_sequence', '<', next)
      .executeTakeFirstOrThrow()
    const { old } = await database
      .selectFrom('audit_checkpoints')
      .select(({ fn }) => fn.max('last_sequence').as('old'))
      .where('last_sequence', '>', start)
      .where('last_sequence', '<', next)
      .executeTakeFirstOrThrow()
    const claimed = claims.filter(({ sequence }) => sequence > start && sequence < next).map(({ sequence }) => sequence)
    // a server may have signed after the last entry was read
    unsigned += Math.max(0, end - Math.max(start, last ?? 0, old ?? 0, ...claimed))
  }
  return unsigned
}
