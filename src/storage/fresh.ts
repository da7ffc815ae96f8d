import type { Clock } from '../config/clock.ts'

/** A change by the command line is seen within this time (DESIGN 1.3 allows two seconds). */
const freshMs = 1000
const mostKept = 10_000

/**
 * A lookup by id that asks the store at most once a second for the same id. One sign-in asks for its person and its portal
 * in each of its requests.
 */
export function freshFor<T>(
  find: (id: string) => Promise<T | undefined>,
  clock: Clock,
): (id: string) => Promise<T | undefined> {
  const kept = new Map<string, { found: Promise<T | undefined>; until: number }>()
  return (id) => {
    const now = clock()
    const known = kept.get(id)
    if (known && known.until > now) return known.found
    // ids come from requests: what is not there must not fill the memory
    if (kept.size >= mostKept) kept.clear()
    const found = find(id)
    kept.set(id, { found, until: now + freshMs })
    found.catch(() => kept.delete(id))
    return found
  }
}
