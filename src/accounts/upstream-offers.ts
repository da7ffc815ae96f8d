import { dayMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import { groupsOf } from '../storage/lists.ts'

/** A person who answers "later" is asked again after this time. */
const laterMs = 30 * dayMs

/** A subject of an upstream, by its index, and a person. */
export interface LinkKey {
  upstream: string
  subjectIndex: string
  personId: string
}

const at = ({ upstream, subjectIndex, personId }: LinkKey) => ({
  upstream,
  subject_index: subjectIndex,
  person_id: personId,
})

/** Notes that the person does not want this link: it is never made by number again, and never offered. */
export async function refuseLink(within: Database, key: LinkKey, now: number): Promise<void> {
  const refused = { state: 'refused', changed_at: now } as const
  await within
    .insertInto('upstream_offers')
    .values({ ...at(key), ...refused, batch: null })
    .onConflict((conflict) => conflict.columns(['upstream', 'subject_index', 'person_id']).doUpdateSet(refused))
    .execute()
}

export async function isLinkRefused(within: Database, key: LinkKey): Promise<boolean> {
  const { upstream, subjectIndex, personId } = key
  const row = await within
    .selectFrom('upstream_offers')
    .select('state')
    .where('upstream', '=', upstream)
    .where('subject_index', '=', subjectIndex)
    .where('person_id', '=', personId)
    .executeTakeFirst()
  return row?.state === 'refused'
}

/** The link was made by a sign-in of its person: nothing of it is open or refused any more. */
export async function forgetOffer(within: Database, { upstream, subjectIndex, personId }: LinkKey): Promise<void> {
  await within
    .deleteFrom('upstream_offers')
    .where('upstream', '=', upstream)
    .where('subject_index', '=', subjectIndex)
    .where('person_id', '=', personId)
    .execute()
}

/** Asks persons about accounts of an upstream that an import has found. A person who was asked before is not asked again. */
export async function openOffers(
  within: Database,
  keys: readonly LinkKey[],
  { batch, now }: { batch: string; now: number },
): Promise<void> {
  const rows = keys.map((key) => ({ ...at(key), state: 'open' as const, batch, changed_at: now }))
  for (const some of groupsOf(rows))
    await within
      .insertInto('upstream_offers')
      .values(some)
      .onConflict((conflict) => conflict.columns(['upstream', 'subject_index', 'person_id']).doNothing())
      .execute()
}

/** The accounts that a person is asked about now, those found first before others. */
export async function offersDue(within: Database, personId: string, now: number): Promise<LinkKey[]> {
  const rows = await within
    .selectFrom('upstream_offers')
    .select(['upstream', 'subject_index', 'state', 'changed_at'])
    .where('person_id', '=', personId)
    .where('state', '<>', 'refused')
    .orderBy('changed_at')
    .orderBy('subject_index')
    .execute()
  const due = rows.filter(({ state, changed_at: since }) => state === 'open' || since <= now - laterMs)
  return due.map(({ upstream, subject_index: subjectIndex }) => ({ upstream, subjectIndex, personId }))
}

/** The answer "later"; false where another answer was faster. */
export async function putOffOffer(
  within: Database,
  { upstream, subjectIndex, personId }: LinkKey,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await within
    .updateTable('upstream_offers')
    .set({ state: 'later', changed_at: now })
    .where('upstream', '=', upstream)
    .where('subject_index', '=', subjectIndex)
    .where('person_id', '=', personId)
    .where('state', '<>', 'refused')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
