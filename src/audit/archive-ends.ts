import { beginOf, monthAfter, monthOf } from '../config/months.ts'
import { dayMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import { archivedEnd, type ArchiveTips } from './archived-end.ts'
import type { ArchiveBegin } from './archive-files.ts'
import { chainOf, startOf, type Anchor } from './chain.ts'
import { digestOfSigned, signedBefore, tipsAt } from './roots.ts'

/** Chains that may still have entries in the store. */
async function chainsAfter(database: Database, archived: number): Promise<number[]> {
  const rows = await database
    .selectFrom('audit_chains')
    .select('id')
    .where((where) => where.or([where('signed_by', 'is', null), where('signed_by', '>', archived)]))
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

/**
 * The oldest month before `before` that has entries, where it is signed to its end. With it comes the first checkpoint over the
 * whole month, whose runs can have entries of the next month.
 */
export async function nextMonth(
  database: Database,
  before: string,
): Promise<{ month: string; number: number } | undefined> {
  const { oldest } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.min('at').as('oldest'))
    .executeTakeFirstOrThrow()
  if (oldest === null) return undefined
  const { done } = await database
    .selectFrom('audit_archives')
    .select(({ fn }) => fn.max('month').as('done'))
    .executeTakeFirstOrThrow()
  const chains = await chainsAfter(database, (await archivedEnd(database)).tips?.number ?? 0)
  const [first, notBefore] = [monthOf(oldest), done ? monthAfter(done) : '']
  for (let month = first > notBefore ? first : notBefore; month < before; month = monthAfter(month)) {
    const lasts = await Promise.all(chains.map((chain) => lastOfMonth(database, chain, month)))
    const needed = lasts.filter((last) => last !== undefined)
    if (needed.length === 0) continue
    const numbers = await Promise.all(needed.map((last) => checkpointOver(database, last)))
    const signed = numbers.filter((number) => number !== undefined)
    return signed.length === numbers.length ? { month, number: Math.max(...signed) } : undefined
  }
  return undefined
}

/** The last entry of a chain in a month. */
async function lastOfMonth(database: Database, chain: number, month: string): Promise<number | undefined> {
  const end = beginOf(monthAfter(month))
  const entries = database
    .selectFrom('audit_events')
    .where('sequence', '>', startOf(chain).sequence)
    .where('sequence', '<', startOf(chain + 1).sequence)
  // Clocks of machines differ, so entries of a month can follow the first entries of the next month.
  const { next } = await entries
    .select(({ fn }) => fn.min('sequence').as('next'))
    .where('at', '>=', end + dayMs)
    .executeTakeFirstOrThrow()
  const { last } = await entries
    .select(({ fn }) => fn.max('sequence').as('last'))
    .where('at', '<', end)
    .where('sequence', '<', next ?? Number.MAX_SAFE_INTEGER)
    .executeTakeFirstOrThrow()
  return last ?? undefined
}

/** The number of the first checkpoint over all chains that has signed an entry; undefined before it. */
async function checkpointOver(database: Database, sequence: number): Promise<number | undefined> {
  const run = await database
    .selectFrom('audit_runs')
    .select('root_number')
    .where('last_sequence', '>=', sequence)
    .where('last_sequence', '<', startOf(chainOf(sequence) + 1).sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst()
  if (run || chainOf(sequence) > 0 || sequence > (await signedBefore(database))) return run?.root_number
  // an entry of the time of one chain: the next checkpoint over all chains ends its archive
  const next = await database
    .selectFrom('audit_roots')
    .select('number')
    .where('number', '>', (await archivedEnd(database)).tips?.number ?? 0)
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
  return next?.number
}

export interface ArchiveEnd extends ArchiveTips {
  begin: ArchiveBegin
  /** The chains of the archive: their last entry, and the one before their first. */
  ends: (Anchor & { after: number })[]
}

/** What an archive that ends with a checkpoint holds. */
export async function endAt(database: Database, number: number): Promise<ArchiveEnd> {
  const { tips: before, anchors: old } = await archivedEnd(database)
  const tips = await tipsAt(database, number)
  const signed = await signedBefore(database)
  const ends: ArchiveEnd['ends'] = []
  for (const chain of await chainsAfter(database, before?.number ?? 0)) {
    const run = await database
      .selectFrom('audit_runs')
      .select(['last_sequence', 'head'])
      .where('last_sequence', '>', startOf(chain).sequence)
      .where('last_sequence', '<', startOf(chain + 1).sequence)
      .where('root_number', '<=', number)
      .orderBy('last_sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
    const end = run
      ? { sequence: run.last_sequence, hash: run.head }
      : chain === 0 && signed > 0
        ? await entryAt(database, signed)
        : undefined
    const after = old.get(chain)?.sequence ?? startOf(chain).sequence
    if (end && end.sequence > after) ends.push({ ...end, after })
  }
  const open = new Map([...old].map(([chain, anchor]) => [chain, { chain, ...anchor }]))
  for (const { sequence, hash } of ends) open.set(chainOf(sequence), { chain: chainOf(sequence), sequence, hash })
  const live = new Set(tips.filter(({ final }) => !final).map(({ chain }) => chain))
  const hasRun = (chain: number) =>
    ends.some((end) => chainOf(end.sequence) === chain && end.sequence > (chain === 0 ? signed : 0))
  const anchors = [...open.values()].filter(({ chain }) => live.has(chain) || (chain === 0 && !hasRun(0)))
  return { number, tips, anchors, ends, begin: await beginningOf(database, before, old) }
}

async function entryAt(database: Database, sequence: number): Promise<Anchor | undefined> {
  return database
    .selectFrom('audit_events')
    .select(['sequence', 'hash'])
    .where('sequence', '=', sequence)
    .executeTakeFirst()
}

async function beginningOf(
  database: Database,
  before: ArchiveTips | undefined,
  old: ReadonlyMap<number, Anchor>,
): Promise<ArchiveBegin> {
  const anchors = [...old].map(([chain, anchor]) => ({ chain, ...anchor }))
  if (!before) return { number: 0, tips: [], anchors, signed: old.get(0)?.sequence ?? 0 }
  const row = await database
    .selectFrom('audit_roots')
    .select('signed')
    .where('number', '=', before.number)
    .executeTakeFirst()
  return { ...before, signed: old.get(0)?.sequence ?? 0, previous: row && digestOfSigned(row.signed) }
}
