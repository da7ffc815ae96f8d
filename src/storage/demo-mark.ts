import { SettingsError, type Settings } from '../config/settings.ts'
import type { Database } from './database.ts'
import { noteFact, readFact } from './store-facts.ts'

/**
 * Marks a store of made-up demo data; the mark is permanent, so that no such store is used in production.
 * @throws SettingsError in production
 */
export async function markDemo(database: Database, { demo, production }: Settings): Promise<void> {
  const mark = demo ? await noteFact(database, 'demo', 'true') : await readFact(database, 'demo')
  if (mark === 'true' && production) {
    throw new SettingsError('The setting YIDENG_DATA_DIR names a store of made-up demo data, which production refuses.')
  }
}
