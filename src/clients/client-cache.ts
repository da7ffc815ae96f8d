import type { Clock } from '../config/clock.ts'
import type { Client, Clients } from './clients.ts'

/** A change by the command line is seen within this time (DESIGN 1.3 allows two seconds). */
const freshMs = 1000
const mostKept = 10_000

/** Active portals by id, each read from the store at most once a second. */
export function createClientCache(clients: Clients, clock: Clock): (id: string) => Promise<Client | undefined> {
  const kept = new Map<string, { client: Promise<Client | undefined>; until: number }>()
  return (id) => {
    const now = clock()
    const known = kept.get(id)
    if (known && known.until > now) return known.client
    // ids come from requests: what nobody registered must not fill the memory
    if (kept.size >= mostKept) kept.clear()
    const client = clients.find(id).then((found) => (found?.status === 'active' ? found : undefined))
    kept.set(id, { client, until: now + freshMs })
    client.catch(() => kept.delete(id))
    return client
  }
}
