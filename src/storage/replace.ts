import type { Artifacts } from './artifacts.ts'

/**
 * Writes an artifact over the one that was read before. The last write wins, but nothing is written over an artifact that is
 * gone meanwhile: what was ended stays ended.
 * @param change.ttl seconds
 * @returns false when it is gone
 */
export async function replaceArtifact(
  artifacts: Artifacts,
  change: { kind: string; id: string; before: string; value: string; ttl: number },
): Promise<boolean> {
  const { kind, id, before, value, ttl } = change
  for (let seen: string | undefined = before; seen !== undefined; seen = await artifacts.get(kind, id)) {
    if (await artifacts.compareAndSet(kind, id, seen, value, ttl)) return true
  }
  return false
}
