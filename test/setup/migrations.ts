import { readdirSync } from 'node:fs'

/** Every migration there is, in order, by the names of the files. */
export const migrationNames = readdirSync(new URL('../../src/storage/migrations', import.meta.url))
  .map((file) => file.replace('.ts', ''))
  .sort()
