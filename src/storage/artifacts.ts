/**
 * The store of what is kept for a while and then forgotten: sessions, codes, tokens, running logins, limits.
 * Values are text; an artifact past its time to live is never returned. Every method is atomic by itself, in every
 * process that uses the same store, and what it promised survives the death of the process.
 */
export interface Artifacts {
  get(kind: string, id: string): Promise<string | undefined>
  /** Writes or replaces. An `alias` finds it as well; a `group` lets it be listed and removed with others. */
  put(kind: string, id: string, value: string, options: PutOptions): Promise<void>
  getByAlias(kind: string, alias: string): Promise<{ id: string; value: string } | undefined>
  /** Reads and removes: of several callers exactly one gets it. */
  take(kind: string, id: string): Promise<string | undefined>
  /** Replaces the value only if it still is `expected`; keeps alias, group and, without a new `ttl`, time to live. */
  compareAndSet(kind: string, id: string, expected: string, value: string, ttl?: number): Promise<boolean>
  /** Writes only if there is none alive under that id. */
  add(kind: string, id: string, value: string, options: PutOptions): Promise<boolean>
  /** Adds to a counter that starts at zero and ends `ttl` seconds after its first count. */
  increment(kind: string, id: string, ttl: number): Promise<{ count: number; expiresAt: number }>
  remove(kind: string, id: string): Promise<void>
  listGroup(kind: string, group: string): Promise<{ id: string; value: string }[]>
  removeGroup(kind: string, group: string): Promise<void>
  /** A request has come in: whatever other processes wrote before is seen from now on, also by what is kept in memory. */
  renew(): void
  /** Frees the space of what has expired; returns how many. */
  sweep(): Promise<number>
  close(): Promise<void>
}

export interface PutOptions {
  /** Time to live in seconds. */
  ttl: number
  alias?: string | undefined
  group?: string | undefined
}
