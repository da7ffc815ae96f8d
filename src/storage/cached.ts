import { LRUCache } from 'lru-cache'
import type { Clock } from '../config/clock.ts'
import { pollMs, type Events, type Topic } from './events.ts'

/** Longest age of a value while events do not arrive (DESIGN 1.3 allows two seconds). */
const freshMs = 1000
const maxEntries = 10_000

/**
 * A lookup by id with a cache: one sign-in reads its person and its portal in each request. An event removes a changed
 * value.
 * @param changes.all true when every change is published; other values are valid for a second
 */
export function cached<T>(
  find: (id: string) => Promise<T | undefined>,
  changes: { events: Events; topic: Topic; all: boolean },
  clock: Clock,
): (id: string) => Promise<T | undefined> {
  const { events, topic, all } = changes
  // request parameters choose the ids, so unknown ones must not fill the memory
  const entries = new LRUCache<string, { found: Promise<T | undefined>; until: number }>({ max: maxEntries })
  // a lookup under way is removed as well: it may have read before the change
  events.subscribe(topic, (id) => (id === undefined ? entries.clear() : entries.delete(id)))
  return (id) => {
    const now = clock()
    const known = entries.get(id)
    if (known && known.until > now) return known.found
    const found = find(id)
    const entry = { found, until: now + (all && events.isConnected() ? pollMs : freshMs) }
    entries.set(id, entry)
    found.catch(() => entries.get(id) === entry && entries.delete(id))
    return found
  }
}

/** A short list that is read again after each change of its topic; every change is published. */
export function cachedList<T>(
  find: () => Promise<readonly T[]>,
  { events, topic }: { events: Events; topic: Topic },
  clock: Clock,
): () => Promise<readonly T[]> {
  let known: { found: Promise<readonly T[]>; until: number } | undefined
  events.subscribe(topic, () => (known = undefined))
  return () => {
    const now = clock()
    if (known && known.until > now) return known.found
    const entry = { found: find(), until: now + (events.isConnected() ? pollMs : freshMs) }
    known = entry
    entry.found.catch(() => known === entry && (known = undefined))
    return entry.found
  }
}
