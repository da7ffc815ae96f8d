import { isSealed, macOf } from '../keys/row-guard.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import type { DatabaseTransaction } from '../storage/database.ts'
import { holdMs, undoMs } from './upstream-links.ts'

/**
 * Moves the links of an account that its person merges into another one. They were made at level 2, and vouch for that level there too. They
 * are held and may be undone as links by number: a stranger may have talked the person into the merge. The move is when this person got
 * them: a recovery pauses them as it pauses other young links.
 */
export async function moveLinks(
  { seal }: { seal: RowSeal },
  transaction: DatabaseTransaction,
  { from, into, now }: { from: string; into: string; now: number },
): Promise<void> {
  await transaction
    .deleteFrom('upstream_offers')
    .where('person_id', '=', into)
    .where((row) =>
      row.exists(
        row
          .selectFrom('upstream_links')
          .select('upstream_links.person_id')
          .where('upstream_links.person_id', '=', from)
          .whereRef('upstream_links.upstream', '=', 'upstream_offers.upstream')
          .whereRef('upstream_links.subject_index', '=', 'upstream_offers.subject_index'),
      ),
    )
    .execute()
  const moved = {
    person_id: into,
    opened: 0,
    level: 2,
    way: 'merge',
    linked_at: now,
    undo_until: now + undoMs,
    held_until: now + holdMs,
  } as const
  const links = await transaction.selectFrom('upstream_links').selectAll().where('person_id', '=', from).execute()
  // a row without a right seal gets none here
  for (const link of links.filter((one) => isSealed(seal, 'upstream_links', one)))
    await transaction
      .updateTable('upstream_links')
      .set({ ...moved, mac: macOf(seal, 'upstream_links', { ...link, ...moved }) })
      .where('upstream', '=', link.upstream)
      .where('subject_index', '=', link.subject_index)
      .execute()
  await transaction.deleteFrom('upstream_links').where('person_id', '=', from).execute()
}
