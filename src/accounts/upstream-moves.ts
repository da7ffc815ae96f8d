import type { DatabaseTransaction } from '../storage/database.ts'
import { holdMs, undoMs } from './upstream-links.ts'

/**
 * Moves the links of an account that its person merges into another one. They were made at level 2, and vouch for that level there too. They
 * are held and may be undone as links by number: a stranger may have talked the person into the merge.
 */
export async function moveLinks(
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
  await transaction
    .updateTable('upstream_links')
    .set({ person_id: into, opened: 0, level: 2, way: 'merge', undo_until: now + undoMs, held_until: now + holdMs })
    .where('person_id', '=', from)
    .execute()
}
