import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { chainSpan } from '../storage/audit-chains.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { dataKeyFile, openDataKeys } from '../keys/data-keys.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { AuditEventName } from './audit-events.ts'
import { chainOf, restrictedAad, type Anchor } from './chain.ts'

/** The entry that `yideng restore` appends to what it restored. */
export const restoring: AuditEventName = 'store.restored'

const schema = z.object({
  /** When the store was restored, and the newest entry of the backup; milliseconds since 1970 UTC. */
  at: z.number(),
  backupAt: z.number(),
  /** The newest chain of the backup; later ones began after it. */
  lastChain: z.number(),
  /** The ends of its chains that went on; a chain that is not here had ended. */
  ends: z.array(z.object({ sequence: z.number(), hash: z.string() })),
})
const restricted = z.object({ restore: z.string() })

/** A restore that the audit log proves. */
export interface Restore extends z.infer<typeof schema> {
  entry: number
}

/**
 * The point in time of a restore, as the restricted part of its entry. That is sealed under the audit key and bound to the entry: write
 * access to the store is not enough to make one, or to move one (decision 0265).
 * @param restored the store before anything is appended
 * @param point `at` is a whole second: checkpoints have the time in seconds (RFC 7519 `iat`), and each is before it or after it
 */
export async function restorePointOf(
  restored: Database | DatabaseTransaction,
  { at, backupAt }: { at: number; backupAt: number },
): Promise<{ restore: string }> {
  const chains = await restored.selectFrom('audit_chains').select(['id', 'sequence', 'hash', 'signed_by']).execute()
  const point: z.infer<typeof schema> = {
    at,
    backupAt,
    lastChain: Math.max(0, ...chains.map(({ id }) => id)),
    ends: chains.filter(({ signed_by: signed }) => signed === null).map(({ sequence, hash }) => ({ sequence, hash })),
  }
  return { restore: JSON.stringify(point) }
}

/** The keys of this machine that open restricted parts; undefined where there are none. */
export const auditCipherIn = (keysDir: string): FieldCipher | undefined =>
  existsSync(join(keysDir, dataKeyFile)) ? openDataKeys(keysDir).auditCipher : undefined

/** The restores of a store, oldest first. An entry without a valid seal proves nothing. */
export async function restoresIn(
  database: Database,
  cipher: Pick<FieldCipher, 'open'> | undefined,
): Promise<readonly Restore[]> {
  if (!cipher) return []
  const rows = await database
    .selectFrom('audit_events')
    .select(['sequence', 'restricted'])
    .where('event', '=', restoring)
    .where('restricted', 'is not', null)
    .execute()
  return rows
    .flatMap(({ sequence, restricted: sealed }): Restore[] => {
      const point = pointIn(cipher, sequence, sealed ?? '')
      return point ? [{ entry: sequence, ...point }] : []
    })
    .toSorted((one, other) => one.at - other.at)
}

function pointIn(cipher: Pick<FieldCipher, 'open'>, sequence: number, sealed: string) {
  try {
    const { restore } = restricted.parse(JSON.parse(cipher.open(sealed, restrictedAad(sequence))))
    return schema.parse(JSON.parse(restore))
  } catch {
    // The cipher throws for a text that it did not seal for this entry.
    return undefined
  }
}

/**
 * The restore that explains why a store lacks an entry that a checkpoint has signed: the entry came after the backup, and the
 * checkpoint before the restore. A checkpoint after the restore is about the restored log, which has all that it signed.
 * @param signedAt seconds since 1970 UTC
 */
export const restoreThatLost = (
  restores: readonly Restore[],
  sequence: number,
  signedAt: number,
): Restore | undefined =>
  restores.find(({ at, lastChain, ends }) => {
    if (signedAt * 1000 >= at) return false
    const chain = chainOf(sequence)
    if (chain > lastChain) return true
    const end = ends.find((one) => chainOf(one.sequence) === chain)
    return end !== undefined && sequence > end.sequence
  })

/** The ends of the backups that must be in the store: a chain without entries has none. */
export const endsOfBackups = (restores: readonly Restore[]): Anchor[] =>
  restores.flatMap(({ ends }) => ends.filter(({ sequence }) => sequence % chainSpan > 0))
