import type { DatabaseSync } from 'node:sqlite'
import { whenIdle } from './when-idle.ts'

/** Longest wait of a write for others to share its commit. */
const gatherMs = 8

interface QueuedWrite {
  run(): void
  settle(): void
  reject(error: unknown): void
}

/** Writes that come close together share a transaction. */
export interface WriteBatch {
  /** The promise settles after the commit. */
  add<T>(run: () => T): Promise<T>
  /** Commits what is queued now. */
  flush(): void
}

/**
 * @param options.committed gets the milliseconds of each commit, with the wait for other processes.
 * @param options.rolledBack called before the writes of a failed transaction reject.
 */
export function createWriteBatch(
  sqlite: DatabaseSync,
  options: { committed?: ((ms: number) => void) | undefined; rolledBack(): void },
): WriteBatch {
  const begin = sqlite.prepare('BEGIN IMMEDIATE')
  const commit = sqlite.prepare('COMMIT')
  let queue: QueuedWrite[] = []

  function flush(): void {
    const writes = queue
    queue = []
    if (writes.length === 0) return
    const began = performance.now()
    try {
      begin.run()
      for (const { run } of writes) run()
      commit.run()
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      options.rolledBack()
      for (const { reject } of writes) reject(error)
      return
    }
    options.committed?.(performance.now() - began)
    for (const { settle } of writes) settle()
  }

  return {
    add<T>(run: () => T): Promise<T> {
      if (queue.length === 0) whenIdle(gatherMs, flush)
      return new Promise((resolve, reject) => {
        let result: T
        const settle = () => resolve(result)
        queue.push({ run: () => (result = run()), settle, reject })
      })
    },
    flush,
  }
}
