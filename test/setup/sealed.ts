import { sealRows } from '../../src/keys/seal-rows.ts'
import type { Services } from '../../src/services.ts'

/** Seals portals, administrators and mandates that a test wrote itself, as older versions may have written them. */
export const sealedAsGenuine = ({ database, seal }: Pick<Services, 'database' | 'seal'>): Promise<number> =>
  sealRows(database, seal)
