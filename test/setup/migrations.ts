import { readdirSync } from 'node:fs'

/** Names of all migrations, in order: the names of their files. */
export const migrationNames = readdirSync(new URL('../../src/storage/migrations', import.meta.url))
  .map((file) => file.replace('.ts', ''))
  .sort()
