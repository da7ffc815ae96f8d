import { restrictedAad, type Entry } from '../../audit/chain.ts'
import type { CommandContext } from '../command-context.ts'

/** Opens the restricted parts of entries. The audit log gets an entry about it first. */
export async function revealing(
  context: CommandContext,
  event: 'audit.revealed' | 'audit.exported',
  details: Record<string, string | boolean | undefined>,
) {
  const { audit, dataKeys } = await context.services()
  await audit.record({ event, actor: context.actor, details })
  return ({ restricted, sequence }: Entry): unknown =>
    restricted === null ? null : JSON.parse(dataKeys.auditCipher.open(restricted, restrictedAad(sequence)))
}
