/**
 * The store of short-lived data: sessions, codes, tokens, running logins, limits. Values are text, and an expired
 * artifact is never returned. Each method is atomic across all processes on the store. A settled write survives the
 * death of the process.
 */
export interface Artifacts {
  get(kind: string, id: string): Promise<string | undefined>
  /** Writes or replaces. An `alias` is a second id; a `group` lists and removes artifacts together. */
  put(kind: string, id: string, value: string, options: PutOptions): Promise<void>
  getByAlias(kind: string, alias: string): Promise<{ id: string; value: string } | undefined>
  /** Reads and removes: exactly one of several callers gets the value. */
  take(kind: string, id: string): Promise<string | undefined>
  /**
   * Replaces the value only if it is still `expected`. Keeps alias and group, and the time to live unless `ttl` is
   * given.
   */
  compareAndSet(kind: string, id: string, expected: string, value: string, ttl?: number): Promise<boolean>
  /** Writes only if no live artifact has that id. */
  add(kind: string, id: string, value: string, options: PutOptions): Promise<boolean>
  /** Increments a counter, which expires `ttl` seconds after its first count. */
  increment(kind: string, id: string, ttl: number): Promise<{ count: number; expiresAt: number }>
  remove(kind: string, id: string): Promise<void>
  listGroup(kind: string, group: string): Promise<{ id: string; value: string }[]>
  removeGroup(kind: string, group: string): Promise<void>
  /** A request has arrived: from now on, earlier writes of other processes are visible, in spite of caches. */
  renew(): void
  /** Removes expired artifacts; returns their number. */
  sweep(): Promise<number>
  close(): Promise<void>
}

export interface PutOptions {
  /** Time to live in seconds. */
  ttl: number
  alias?: string | undefined
  group?: string | undefined
}
