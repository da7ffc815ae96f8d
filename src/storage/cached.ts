import { LRUCache } from 'lru-cache'
import type { Clock } from '../config/clock.ts'
import { nowAndThenMs, type Events, type Topic } from './events.ts'

/** Where changes are not heard of, one is seen within this time (DESIGN 1.3 allows two seconds). */
const freshMs = 1000
const mostKept = 10_000

/**
 * A lookup by id that does not ask the store again for the same id while it is known to hold: one sign-in asks for its
 * person and its portal in each of its requests. What was changed is forgotten as soon as that is heard of.
 * @param changes.all true where every change is told; others are seen within a second
 */
export function cached<T>(
  find: (id: string) => Promise<T | undefined>,
  changes: { events: Events; topic: Topic; all: boolean },
  clock: Clock,
): (id: string) => Promise<T | undefined> {
  const { events, topic, all } = changes
  // request parameters choose the ids, so unknown ones must not fill the memory
  const kept = new LRUCache<string, { found: Promise<T | undefined>; until: number }>({ max: mostKept })
  // one being looked for now is forgotten as well: it may have been read before the change
  events.subscribe(topic, (id) => (id === undefined ? kept.clear() : kept.delete(id)))
  return (id) => {
    const now = clock()
    const known = kept.get(id)
    if (known && known.until > now) return known.found
    const found = find(id)
    const entry = { found, until: now + (all && events.isConnected() ? nowAndThenMs : freshMs) }
    kept.set(id, entry)
    found.catch(() => kept.get(id) === entry && kept.delete(id))
    return found
  }
}
