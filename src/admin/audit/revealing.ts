import type { Entry } from '../../audit/chain.ts'
import type { CommandContext } from '../command-context.ts'

/** Opens restricted parts; says so in the trail first. */
export async function revealing(
  context: CommandContext,
  event: 'audit.revealed' | 'audit.exported',
  details: Record<string, string | boolean | undefined>,
) {
  const { audit, dataKeys } = await context.services()
  const { restrictedAad } = await import('../../audit/chain.ts')
  await audit.record({ event, actor: context.actor, details })
  return ({ restricted, sequence }: Entry): unknown =>
    restricted === null ? null : JSON.parse(dataKeys.auditCipher.open(restricted, restrictedAad(sequence)))
}
