import { overlapMs, sealAuthenticators } from '../../accounts/seal-authenticators.ts'
import { noteSealed } from '../../keys/data-key-changes.ts'
import { iso, type Outcome } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import type { Services } from '../../services.ts'

/**
 * Seals the authenticators of older versions, and stores the time from which every authenticator must have a seal.
 * It runs at every start until that time, because servers of the older version may still add some.
 */
export async function sealOlderAuthenticators({ database, seal, dataKeys, settings, clock }: Services): Promise<void> {
  const from = dataKeys.sealedFrom()
  if (from !== undefined && clock() >= from) return
  await sealAuthenticators(database, seal)
  if (from !== undefined) return
  noteSealed(settings.keysDir, iso(clock() + overlapMs))
  dataKeys.refresh()
}

/** Seals the rows of a backup from a version without seals. The administrator vouches for them. */
export async function sealNow(context: CommandContext): Promise<Outcome> {
  const { database, seal, audit } = await context.services()
  const rows = await sealAuthenticators(database, seal)
  if (rows > 0) await audit.record({ event: 'keys.sealed', actor: context.actor, details: { rows } })
  return { ok: true, document: { sealed: rows } }
}
