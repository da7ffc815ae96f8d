import type { DatabaseSync } from 'node:sqlite'

export interface CachedArtifact {
  kind: string
  id: string
  value: string
  /** Milliseconds since 1970 UTC. */
  expiresAt: number
  alias: string | null
}

/** What this process has read or written lately; nothing of it once another process has written to the same file. */
export interface ArtifactCache {
  get(kind: string, id: string): CachedArtifact | undefined
  getByAlias(kind: string, alias: string): CachedArtifact | undefined
  keep(artifact: CachedArtifact): void
  drop(kind: string, id: string): void
  clear(): void
  /** The next look asks SQLite, whenever it was asked last. */
  renew(): void
}

const mostKept = 20_000

/**
 * SQLite itself tells whether the cache still holds: `data_version` changes with every commit of another connection, and
 * with none of our own. So any number of processes may share the file, and one alone hardly reads it.
 */
export function createArtifactCache(sqlite: DatabaseSync): ArtifactCache {
  const version = sqlite.prepare('PRAGMA data_version')
  const byId = new Map<string, CachedArtifact>()
  const byAlias = new Map<string, CachedArtifact>()
  let seen: unknown
  let checked = false

  const clear = () => {
    byId.clear()
    byAlias.clear()
  }

  /** Asks SQLite once in a turn of the event loop, and once more when requests have come (`renew`). */
  function check(): void {
    if (checked) return
    checked = true
    setImmediate(() => (checked = false))
    const now = version.get()?.['data_version']
    if (now !== seen) clear()
    seen = now
  }

  function look(map: Map<string, CachedArtifact>, key: string): CachedArtifact | undefined {
    check()
    return map.get(key)
  }

  function drop(kind: string, id: string): void {
    const key = `${kind}:${id}`
    const known = byId.get(key)
    if (!known) return
    byId.delete(key)
    if (known.alias !== null) byAlias.delete(`${kind}@${known.alias}`)
  }

  return {
    get: (kind, id) => look(byId, `${kind}:${id}`),
    getByAlias: (kind, alias) => look(byAlias, `${kind}@${alias}`),
    drop,
    clear,
    renew: () => {
      checked = false
    },
    keep(artifact) {
      const { kind, id, alias } = artifact
      check()
      drop(kind, id)
      byId.set(`${kind}:${id}`, artifact)
      if (alias !== null) byAlias.set(`${kind}@${alias}`, artifact)
      if (byId.size <= mostKept) return
      const [oldest] = byId.values()
      if (oldest) drop(oldest.kind, oldest.id)
    },
  }
}
