import type { NaturalPersonsDeps } from './natural-person.ts'

/** Marks that the person was asked once to show a possession. @returns false where they were before */
export async function markPossessionAsked(
  { database, clock }: Pick<NaturalPersonsDeps, 'database' | 'clock'>,
  id: string,
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('natural_persons')
    .set({ possession_asked_at: clock() })
    .where('id', '=', id)
    .where('possession_asked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
