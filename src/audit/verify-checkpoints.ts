import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { archivedEnd, type Tip } from './archived-end.ts'
import { chainOf, startOf, type ChainFault } from './chain.ts'
import { openCheckpoint } from './old-checkpoints.ts'
import { createRootReader, noRoots, notOfThisStore, type RootsBegin } from './root-reader.ts'
import { digestOfSigned, isRootOver, newestRoot, openRoot, signedBefore, tipOfRun, tipsAt } from './roots.ts'

const pageSize = 1000

export type CheckpointsCheck = { fault: ChainFault } | { fault?: undefined; checkpoints: number }

const rewritten = (sequence: number, fault: string): { fault: ChainFault } => ({
  fault: { kind: 'rewritten', sequence, fault },
})
const missing = (sequence: number, fault: string): { fault: ChainFault } => ({
  fault: { kind: 'missing', sequence, fault },
})

/** Checks the signatures of checkpoints of versions with one chain, in their order. */
export async function checkOldCheckpoints(
  database: Database,
  verify: VerifyDocument,
  { newestOnly }: { newestOnly: boolean },
): Promise<CheckpointsCheck> {
  const anchor = (await archivedEnd(database)).anchors.get(0)?.sequence ?? 0
  const query = database
    .selectFrom('audit_checkpoints as c')
    .leftJoin('audit_events as e', 'e.sequence', 'c.last_sequence')
    .select(['c.first_sequence', 'c.last_sequence', 'c.signed', 'e.hash'])
  let checkpoints = 0
  for (let after = anchor; ;) {
    const page = newestOnly
      ? await query.where('last_sequence', '>', anchor).orderBy('last_sequence', 'desc').limit(1).execute()
      : await query.where('last_sequence', '>', after).orderBy('last_sequence').limit(pageSize).execute()
    for (const { first_sequence: first, last_sequence: last, signed, hash } of page) {
      const checkpoint = await openCheckpoint(verify, signed)
      if (checkpoint?.first !== first || checkpoint.last !== last) return rewritten(last, notOfThisStore)
      if (hash === null) return { fault: await endBefore(database, last) }
      if (hash !== checkpoint.head) return rewritten(last, anotherHistory)
      checkpoints += 1
    }
    if (newestOnly || page.length < pageSize) return { checkpoints }
    after = page.at(-1)?.last_sequence ?? after
  }
}

export const anotherHistory = 'another history was signed in its checkpoint'

/** The fault of a chain that ends before a signed entry. */
export async function endBefore(database: Database, signed: number): Promise<ChainFault> {
  const chain = chainOf(signed)
  const { end } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('sequence').as('end'))
    .where('sequence', '>', startOf(chain).sequence)
    .where('sequence', '<', startOf(chain + 1).sequence)
    .executeTakeFirstOrThrow()
  const archived = (await archivedEnd(database)).anchors.get(chain)?.sequence
  const sequence = (end ?? archived ?? startOf(chain).sequence) + 1
  return { kind: 'truncated', sequence, fault: `its chain ends before it, but a checkpoint was signed at ${signed}` }
}

/**
 * Checks the checkpoints over all chains (root-reader.ts), and that no run is without its checkpoint.
 */
export async function checkRoots(
  database: Database,
  verify: VerifyDocument,
  { newestOnly }: { newestOnly: boolean },
): Promise<CheckpointsCheck> {
  if (newestOnly) return checkNewestRoot(database, verify)
  const { tips: archived } = await archivedEnd(database)
  const begin: RootsBegin = archived
    ? { ...archived, previous: await digestOfNumber(database, archived.number) }
    : noRoots(await signedBefore(database))
  const reader = createRootReader(verify, begin)
  for (;;) {
    const rows = await database
      .selectFrom('audit_roots')
      .selectAll()
      .where('number', '>', reader.number())
      .orderBy('number')
      .limit(pageSize)
      .execute()
    const runs = await runsOf(database, reader.number(), rows.at(-1)?.number ?? reader.number())
    for (const row of rows) {
      const fault = await reader.read(row.signed, runs.get(row.number) ?? [], row.number)
      if (fault) return { fault }
    }
    if (rows.length < pageSize) break
  }
  const stray = await database
    .selectFrom('audit_runs as r')
    .leftJoin('audit_roots as n', 'n.number', 'r.root_number')
    .select('r.last_sequence')
    .where('n.number', 'is', null)
    .where('r.root_number', '>', begin.number)
    .limit(1)
    .executeTakeFirst()
  if (stray) return missing(stray.last_sequence, 'its checkpoint is missing')
  return { checkpoints: reader.number() - begin.number }
}

async function digestOfNumber(database: Database, number: number): Promise<string | undefined> {
  const row = await database.selectFrom('audit_roots').select('signed').where('number', '=', number).executeTakeFirst()
  return row && digestOfSigned(row.signed)
}

export async function runsOf(database: Database, after: number, until: number): Promise<Map<number, Tip[]>> {
  const rows = await database
    .selectFrom('audit_runs')
    .selectAll()
    .where('root_number', '>', after)
    .where('root_number', '<=', until)
    .orderBy('last_sequence')
    .execute()
  const runs = new Map<number, Tip[]>()
  for (const row of rows) {
    const own = runs.get(row.root_number) ?? []
    own.push(tipOfRun(row))
    runs.set(row.root_number, own)
  }
  return runs
}

/** The newest checkpoint speaks for all entries before it. A year has half a million. */
async function checkNewestRoot(database: Database, verify: VerifyDocument): Promise<CheckpointsCheck> {
  const row = await newestRoot(database)
  if (!row) return { checkpoints: 0 }
  const { tips: archived } = await archivedEnd(database)
  const tips = archived?.number === row.number ? archived.tips : await tipsAt(database, row.number)
  const root = await openRoot(verify, row.signed)
  const last = Math.max(0, ...tips.map((tip) => tip.last))
  if (root?.number !== row.number) return rewritten(last, notOfThisStore)
  if (!isRootOver(root, tips)) return rewritten(last, 'its checkpoint signs other ends of chains')
  return { checkpoints: 1 }
}
