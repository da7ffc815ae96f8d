import { hourMs } from '../config/time.ts'
import type { DataKeys } from '../keys/data-keys.ts'
import { readKeysInStore } from '../keys/keys-in-store.ts'
import { reseal } from '../keys/reseal.ts'
import type { Database } from '../storage/database.ts'
import { changeFact, readFact } from '../storage/store-facts.ts'
import type { Clock } from '../config/clock.ts'
import type { Job } from './runner.ts'

/** When a process last sealed the values of old keys again, in milliseconds since 1970 UTC. */
const fact = 'stragglers-at'

interface StragglerDeps {
  database: Database
  dataKeys: Pick<DataKeys, 'ids' | 'cipher'>
  clock: Clock
}

/**
 * Seals again what a machine sealed under an old key after a rotation, because its file was copied late. Then `keys retire` meets none.
 * One process of all does so each hour, while there are old keys. @returns how many values
 * @internal
 */
export async function resealStragglers({ database, dataKeys, clock }: StragglerDeps): Promise<number> {
  const { current, old } = dataKeys.ids()
  // the command that rotates does it itself until the store names the new key
  if (old.length === 0 || (await readKeysInStore(database)).data !== current) return 0
  const before = await readFact(database, fact)
  if (clock() < Number(before ?? 0) + hourMs) return 0
  if (!(await changeFact(database, fact, before, String(clock())))) return 0
  const { done } = await reseal({ database, cipher: dataKeys.cipher, oldKeys: old })
  return done
}

/** @param log a line only where there was something to do */
export const stragglingSeals = (
  deps: StragglerDeps & { log: { info(details: object, message: string): void } },
): Job => ({
  name: 'values under old keys',
  everyMs: 5 * 60_000,
  async run() {
    const sealed = await resealStragglers(deps)
    if (sealed > 0) deps.log.info({ sealed }, 'values of an old data key were sealed again')
  },
})
