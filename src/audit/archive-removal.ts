import { dropArchivedMonths, type ArchivedRange } from '../storage/audit-months.ts'
import { isPostgres, type Database } from '../storage/database.ts'
import { archivedEnd } from './archived-end.ts'
import { startOf } from './chain.ts'

const rowsPerDelete = 2000

/** The numbers of archived entries that may still be in the store. */
async function archivedRanges(database: Database): Promise<ArchivedRange[]> {
  const { anchors, tips } = await archivedEnd(database)
  const open = [...anchors].map(([chain, { sequence }]) => ({ first: startOf(chain).sequence + 1, last: sequence }))
  const closed = await database
    .selectFrom('audit_chains')
    .select(['id', 'sequence'])
    .where('signed_by', '<=', tips?.number ?? 0)
    .execute()
  return [...open, ...closed.map(({ id, sequence }) => ({ first: startOf(id).sequence + 1, last: sequence }))]
}

/** Deletes archived entries: whole partitions where there are some, else few rows at a time, so that servers never wait long. */
export async function removeArchived(database: Database, now: number): Promise<void> {
  const ranges = await archivedRanges(database)
  if (ranges.length === 0) return
  if (isPostgres(database)) await dropArchivedMonths(database, ranges, now)
  for (const { first, last } of ranges) {
    for (;;) {
      const { oldest } = await database
        .selectFrom('audit_events')
        .select(({ fn }) => fn.min('sequence').as('oldest'))
        .where('sequence', '>=', first)
        .where('sequence', '<=', last)
        .executeTakeFirstOrThrow()
      if (oldest === null) break
      const until = Math.min(last, oldest + rowsPerDelete)
      await database.deleteFrom('audit_events').where('sequence', '>=', oldest).where('sequence', '<=', until).execute()
    }
  }
  await removeCheckpoints(database)
}

/** The checkpoint at the end of the archives stays, with its tips: the next one follows it. */
async function removeCheckpoints(database: Database): Promise<void> {
  const { anchors, tips } = await archivedEnd(database)
  const oldest = anchors.get(0)?.sequence ?? (tips ? startOf(1).sequence : 0)
  await database.deleteFrom('audit_checkpoints').where('last_sequence', '<=', oldest).execute()
  if (!tips) return
  await database.deleteFrom('audit_roots').where('number', '<', tips.number).execute()
  const kept = new Set(tips.tips.filter(({ final }) => !final).map(({ last }) => last))
  for (;;) {
    const runs = await database
      .selectFrom('audit_runs')
      .select('last_sequence')
      .where('root_number', '<=', tips.number)
      .orderBy('last_sequence')
      .limit(rowsPerDelete + kept.size)
      .execute()
    const gone = runs.map(({ last_sequence: last }) => last).filter((last) => !kept.has(last))
    if (gone.length === 0) break
    for (let at = 0; at < gone.length; at += 500)
      await database
        .deleteFrom('audit_runs')
        .where('last_sequence', 'in', gone.slice(at, at + 500))
        .execute()
  }
  // the highest number stays, because the next chain counts on from it
  await database
    .deleteFrom('audit_chains')
    .where('signed_by', '<=', tips.number)
    .where('id', '<', (highest) => highest.selectFrom('audit_chains').select(({ fn }) => fn.max('id').as('id')))
    .execute()
}
