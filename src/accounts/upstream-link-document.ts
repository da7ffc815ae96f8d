import { macOf, type GuardedRow } from '../keys/row-guard.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import type { Database } from '../storage/database.ts'

/**
 * Gives a link without a document the one of `link`. The first document that comes stays.
 * @returns false where the link has changed since it was read, or has another document now
 */
export async function learnDocument(
  seal: RowSeal,
  within: Database,
  link: GuardedRow<'upstream_links'>,
): Promise<boolean> {
  const { document_index: document, ...before } = link
  const { numUpdatedRows } = await within
    .updateTable('upstream_links')
    .set({ document_index: document, mac: macOf(seal, 'upstream_links', link) })
    .where((row) => row.and(before))
    .where('document_index', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 1n) return true
  const same = await within
    .selectFrom('upstream_links')
    .select('level')
    .where((row) => row.and(link))
    .executeTakeFirst()
  return same !== undefined
}
