import type { RowSeal } from '../keys/row-seal.ts'
import type { Database } from '../storage/database.ts'
import { sealOfLink, type SealedLink } from './upstream-link-seal.ts'

/**
 * Gives a link without a document the one of `link`. The first document that comes stays.
 * @returns false where the link has changed since it was read, or has another document now
 */
export async function learnDocument(seal: RowSeal, within: Database, link: SealedLink): Promise<boolean> {
  const { document_index: document, ...before } = link
  const { numUpdatedRows } = await within
    .updateTable('upstream_links')
    .set({ document_index: document, mac: sealOfLink(seal, link) })
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
