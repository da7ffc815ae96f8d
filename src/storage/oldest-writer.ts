import { z } from 'zod'
import { SettingsError } from '../config/setting-types.ts'
import type { Database } from './database.ts'
import { noteFact, readFact } from './store-facts.ts'

/**
 * The fact (store-facts.ts) by which a store names the versions that may write it. A migration that a version before it must not
 * write beside puts it there: its own name and its version, as JSON. Without it every version may write.
 */
const oldestWriter = 'oldest-writer'
const schema = z.object({ migration: z.string(), version: z.string() })

/** Names the first version whose audit log has chains (migration 0032). A store that names a version keeps it. */
export const nameChainWriter = (within: Database) =>
  noteFact(within, oldestWriter, JSON.stringify({ migration: '0032-audit-chains', version: '0.2.0' }))

/**
 * Ends the start of a version that is older than the store allows.
 * @param known the migrations of this version
 * @throws SettingsError in one sentence
 */
export async function refuseOlderWriter(database: Database, known: readonly string[]): Promise<void> {
  const row = await readFact(database, oldestWriter)
  if (row === undefined) return
  const { migration, version } = schema.parse(JSON.parse(row))
  if (known.includes(migration)) return
  throw new SettingsError(
    `The store was changed by Yideng ${version}, and an older version may not use it any longer: start version ${version} ` +
      'or a newer one, or restore the backup that was made before.',
  )
}
