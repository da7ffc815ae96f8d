import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { machinesBehind, otherMachines } from '../../keys/machines.ts'
import type { Services } from '../../services.ts'
import type { Finding } from './finding.ts'

/** Names the other machines that run on this store and lack keys under which it keeps values. */
export async function machines({ database, settings }: Services): Promise<Finding[]> {
  if (!settings.databaseUrl) return []
  const what = 'machines'
  const others = await otherMachines(database, settings.keysDir)
  if (others.length === 0) return []
  const behind = machinesBehind(others, await readKeysInStore(database))
  if (behind.length === 0) {
    const finding = `others on this store, with the same data keys: ${others.map(({ name }) => name).join(', ')}`
    return [{ state: 'ok', what, finding }]
  }
  return behind.map(({ name, lacks }) => ({
    state: 'fail',
    what,
    finding: `${name} lacks ${lacks.join(', ')} and answers nobody`,
    todo: `copy keys/data.json of a machine that works to ${name}`,
  }))
}
