import { accessSync } from 'node:fs'
import { SettingsError, type Settings } from '../config/settings.ts'
import { migrationsRun, openDatabase } from './database.ts'
import { databaseFile } from './stores.ts'

const todo = 'Start the server once, or name the settings of the service: --environment FILE.'

/**
 * For a command: one that made a store would work on a system without people.
 * @throws SettingsError where no server has started on the store of these settings
 */
export async function needStore(settings: Pick<Settings, 'databaseUrl' | 'dataDir'>): Promise<void> {
  const file = databaseFile(settings)
  if (settings.databaseUrl ? !(await isEmpty(settings.databaseUrl)) : !isMissing(file)) return
  const found = settings.databaseUrl
    ? 'The database of YIDENG_DATABASE_URL is empty.'
    : `The setting YIDENG_DATA_DIR leads to no store: ${file} does not exist.`
  throw new SettingsError([found, todo].join(' '))
}

async function isEmpty(address: string): Promise<boolean> {
  const database = openDatabase(address)
  try {
    return (await migrationsRun(database)).length === 0
  } finally {
    await database.destroy()
  }
}

/** False also for a file in a folder that this user may not search: opening it reports the reason. */
function isMissing(file: string): boolean {
  try {
    accessSync(file)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
