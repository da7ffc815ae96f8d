import { machinesWithout, otherMachines } from '../../keys/machines.ts'
import type { Services } from '../../services.ts'
import { failed, type Outcome } from '../outcome.ts'

type Deps = Pick<Services, 'database' | 'dataKeys' | 'settings'>

/** A look at the reports each second, for 15 minutes. */
const lookMs = 1000
const mostLooks = 900

/**
 * Refuses the first use of a key while a running machine lacks it: that machine could not find or read accounts.
 * @param id the key that waits; undefined where it is not made yet
 * @param wait waits for them, up to 15 minutes
 */
export async function machinesLack(
  services: Deps,
  kind: 'data' | 'index',
  { id, wait }: { id: string | undefined; wait: boolean },
): Promise<Outcome | undefined> {
  const { database, dataKeys, settings } = services
  const others = await otherMachines(database, settings.keysDir)
  if (others.length === 0) return undefined
  if (id === undefined) {
    const names = others.map(({ name }) => name).join(', ')
    return failed(
      `Other machines run on this store: ${names}. First: npx yideng keys rotate --kind ${kind} --prepare, ` +
        'then copy keys/data.json to each of them, then this command again.',
    )
  }
  for (let looks = 1; ; looks += 1) {
    const lacking = machinesWithout(await otherMachines(database, settings.keysDir), dataKeys, id)
    if (lacking.length === 0) return undefined
    if (!wait || looks >= mostLooks)
      return failed(
        `${lacking.join(', ')} lacks ${id}: copy keys/data.json of this machine there, then this command again ` +
          '(a report comes within half a minute; --wait waits for it).',
      )
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

/** Refuses to delete old keys while a running machine lacks the key in use: it would still seal under an old one. */
export async function machinesStillNeed(services: Deps, current: string): Promise<Outcome | undefined> {
  const { database, dataKeys, settings } = services
  const lacking = machinesWithout(await otherMachines(database, settings.keysDir), dataKeys, current)
  if (lacking.length === 0) return undefined
  return failed(`${lacking.join(', ')} lacks ${current} and needs the old keys: copy keys/data.json there first.`)
}
