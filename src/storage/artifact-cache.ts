import type { DatabaseSync } from 'node:sqlite'

export interface CachedArtifact {
  kind: string
  id: string
  value: string
  /** Milliseconds since 1970 UTC. */
  expiresAt: number
  alias: string | null
}

/** Recent artifacts of this process. It empties once another process has written to the same file. */
export interface ArtifactCache {
  get(kind: string, id: string): CachedArtifact | undefined
  getByAlias(kind: string, alias: string): CachedArtifact | undefined
  keep(artifact: CachedArtifact): void
  drop(kind: string, id: string): void
  clear(): void
  /** The next read asks SQLite again, however recent the last check was. */
  renew(): void
}

/**
 * Maximum for each kind. A code or token is read again within moments, and a session or grant within a few requests.
 */
const maxEntries = 1000

interface Cache {
  byId: Map<string, CachedArtifact>
  byAlias: Map<string, CachedArtifact>
}

/**
 * SQLite shows whether the cache is valid: `data_version` changes with each commit of another connection, and never
 * with our own. So any number of processes may share the file, and a single one hardly reads it.
 */
export function createArtifactCache(sqlite: DatabaseSync): ArtifactCache {
  const version = sqlite.prepare('PRAGMA data_version')
  const kinds = new Map<string, Cache>()
  let seen: unknown
  let checked = false

  const clear = () => kinds.clear()

  /** Asks SQLite once in a turn of the event loop, and again after `renew`. */
  function check(): void {
    if (checked) return
    checked = true
    setImmediate(() => (checked = false))
    const now = version.get()?.['data_version']
    if (now !== seen) clear()
    seen = now
  }

  function drop(kind: string, id: string): void {
    const cache = kinds.get(kind)
    const known = cache?.byId.get(id)
    if (!cache || !known) return
    cache.byId.delete(id)
    if (known.alias !== null) cache.byAlias.delete(known.alias)
  }

  return {
    get(kind, id) {
      check()
      return kinds.get(kind)?.byId.get(id)
    },
    getByAlias(kind, alias) {
      check()
      return kinds.get(kind)?.byAlias.get(alias)
    },
    drop,
    clear,
    renew: () => {
      checked = false
    },
    keep(artifact) {
      const { kind, id, alias } = artifact
      check()
      drop(kind, id)
      let cache = kinds.get(kind)
      if (!cache) {
        cache = { byId: new Map(), byAlias: new Map() }
        kinds.set(kind, cache)
      }
      cache.byId.set(id, artifact)
      if (alias !== null) cache.byAlias.set(alias, artifact)
      if (cache.byId.size <= maxEntries) return
      const [oldest] = cache.byId.values()
      if (oldest) drop(kind, oldest.id)
    },
  }
}
