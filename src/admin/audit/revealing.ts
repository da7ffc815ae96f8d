import type { Entry } from '../../audit/chain.ts'
import type { Desk } from '../desk.ts'

/** Opens restricted parts; says so in the trail first. */
export async function revealing(
  desk: Desk,
  event: 'audit.revealed' | 'audit.exported',
  details: Record<string, string | boolean | undefined>,
) {
  const { audit, dataKeys } = await desk.house()
  const { restrictedPlace } = await import('../../audit/chain.ts')
  await audit.record({ event, actor: desk.actor, details })
  return ({ restricted, sequence }: Entry): unknown =>
    restricted === null ? null : JSON.parse(dataKeys.auditCipher.open(restricted, restrictedPlace(sequence)))
}
