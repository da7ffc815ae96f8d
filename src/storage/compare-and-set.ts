import type { Artifacts } from './artifacts.ts'

/** Each lost attempt means that another writer succeeded, so more than this is an attack or a fault. */
const maxAttempts = 100

/** Other writers changed the same entry during all attempts. */
export class ContentionError extends Error {
  constructor(entry: string) {
    super(`too many writers change ${entry} at once`)
    this.name = 'ContentionError'
  }
}

/**
 * Repeats an optimistic change while other writers are faster.
 * @param attempt reads, decides and writes by compare-and-set. It returns undefined when another writer was faster.
 * @returns undefined when all attempts failed
 */
export async function retryChange<Result>(attempt: () => Promise<Result | undefined>): Promise<Result | undefined> {
  for (let attempts = 0; attempts < maxAttempts; attempts += 1) {
    const result = await attempt()
    if (result !== undefined) return result
  }
  return undefined
}

/** What a change of an artifact decides: without `value`, nothing is written. */
export interface ArtifactChange<Result> {
  value?: string | undefined
  result: Result
}

/**
 * Changes one artifact by compare-and-set. `change` runs again with the current value when another writer was faster.
 * @param entry.ttl seconds. Without it, an existing artifact keeps its time to live.
 * @param entry.before value that the caller has read already.
 * @param change gets undefined for a missing artifact, and may create it if `entry.ttl` is given.
 * @throws ContentionError
 */
export async function updateArtifact<Result>(
  artifacts: Pick<Artifacts, 'get' | 'add' | 'compareAndSet'>,
  entry: { kind: string; id: string; ttl?: number; before?: string },
  change: (before: string | undefined) => ArtifactChange<Result>,
): Promise<Result> {
  const { kind, id, ttl } = entry
  let known = entry.before
  const done = await retryChange(async () => {
    const before = known ?? (await artifacts.get(kind, id))
    known = undefined
    const { value, result } = change(before)
    if (value === undefined) return { result }
    if (before !== undefined)
      return (await artifacts.compareAndSet(kind, id, before, value, ttl)) ? { result } : undefined
    if (ttl === undefined) throw new Error(`a new artifact of the kind ${kind} needs a time to live`)
    return (await artifacts.add(kind, id, value, { ttl })) ? { result } : undefined
  })
  if (!done) throw new ContentionError(kind)
  return done.result
}

/**
 * Replaces an artifact that the caller has read. The last write wins, but a removed artifact stays removed.
 * @param entry.ttl seconds
 * @returns false when it was removed
 * @throws ContentionError
 */
export const replaceArtifact = (
  artifacts: Pick<Artifacts, 'get' | 'add' | 'compareAndSet'>,
  { value, ...entry }: { kind: string; id: string; before: string; value: string; ttl: number },
): Promise<boolean> =>
  updateArtifact(artifacts, entry, (now) => (now === undefined ? { result: false } : { value, result: true }))
