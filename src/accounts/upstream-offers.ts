import type { Database } from '../storage/database.ts'

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
