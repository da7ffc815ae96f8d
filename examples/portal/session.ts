import { randomBytes } from 'node:crypto'

/** What a portal keeps of a person who is signed in. */
export interface SignedIn {
  /** Of the ID token: who it is and how they signed in. */
  claims: Record<string, unknown> & { sub: string }
  /** The session at Yideng: back-channel logout names it. */
  sid: string | undefined
  /** Needed to sign out. */
  idToken: string
  /** For the API, where the portal asked for one. */
  accessToken: { value: string; until: number } | undefined
}

export const randomId = () => randomBytes(32).toString('base64url')

/** Values kept in memory for so many seconds. A portal of several processes keeps them in Redis or a database. */
export class Kept<T> {
  readonly #entries = new Map<string, { value: T; until: number }>()
  readonly #seconds: number
  readonly #most: number

  constructor({ seconds, most = 10_000 }: { seconds: number; most?: number }) {
    this.#seconds = seconds
    this.#most = most
  }

  put(key: string, value: T): void {
    const now = Date.now()
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: now + this.#seconds * 1000 })
    // all live equally long, so a Map has them in the order in which they end
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= this.#most) break
      this.#entries.delete(oldest)
    }
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.until > Date.now() ? entry.value : undefined
  }

  /** Gives a value for the first and last time. */
  take(key: string): T | undefined {
    const value = this.get(key)
    this.#entries.delete(key)
    return value
  }

  removeWhere(condition: (value: T) => boolean): void {
    for (const [key, { value }] of this.#entries) if (condition(value)) this.#entries.delete(key)
  }
}

/** Who is signed in, by the random value of a cookie; ends after half an hour without a visit. */
export function createSessions() {
  const sessions = new Kept<SignedIn>({ seconds: 30 * 60 })
  return {
    /** Always under a new id: one that was there before the sign-in may be known to somebody else. */
    open(person: SignedIn): string {
      const id = randomId()
      sessions.put(id, person)
      return id
    },
    find(id: string): SignedIn | undefined {
      const person = sessions.get(id)
      if (person) sessions.put(id, person)
      return person
    },
    close: (id: string) => sessions.take(id),
    /** Ends one session by its `sid`, or without it all of that person (OIDC Back-Channel Logout 1.0 section 2.7). */
    closeWhere({ sid, sub }: { sid?: string; sub?: string }): void {
      sessions.removeWhere((person) => (sid === undefined ? person.claims.sub === sub : person.sid === sid))
    },
  }
}
