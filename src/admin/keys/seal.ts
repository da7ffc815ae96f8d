import { noteSealed } from '../../keys/data-key-changes.ts'
import { rightsTables } from '../../keys/row-guard.ts'
import { overlapMs, sealRows } from '../../keys/seal-rows.ts'
import { iso, type Outcome } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import type { Services } from '../../services.ts'

type Sealing = Pick<Services, 'database' | 'seal' | 'dataKeys' | 'settings' | 'clock'>

/**
 * Seals the rows of older versions, and stores the time from which every row must have a seal. It runs at every start until that
 * time, because servers of the older version may still add some.
 */
export async function sealOlderRows(services: Sealing): Promise<void> {
  const { database, seal, dataKeys } = services
  await sealOlder(services, 'sealed_from', dataKeys.sealedFrom(), () => sealRows(database, seal, ['authenticators']))
  await sealOlder(services, 'rows_sealed_from', dataKeys.rowsSealedFrom(), () => sealRows(database, seal, rightsTables))
}

async function sealOlder(
  { dataKeys, settings, clock }: Sealing,
  what: 'sealed_from' | 'rows_sealed_from',
  from: number | undefined,
  sealAll: () => Promise<number>,
): Promise<void> {
  if (from !== undefined && clock() >= from) return
  await sealAll()
  if (from !== undefined) return
  noteSealed(settings.keysDir, what, iso(clock() + overlapMs))
  dataKeys.refresh()
}

/** Seals all rows without a valid seal, such as those of a backup from an older version. The administrator vouches for them. */
export async function sealNow(context: CommandContext): Promise<Outcome> {
  const { database, seal, audit } = await context.services()
  const rows = await sealRows(database, seal)
  if (rows > 0) await audit.record({ event: 'keys.sealed', actor: context.actor, details: { rows } })
  return { ok: true, document: { sealed: rows } }
}
