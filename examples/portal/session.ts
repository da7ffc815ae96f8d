import { randomBytes } from 'node:crypto'

/** Data of a signed-in person at a portal. */
export interface SignedIn {
  /** Claims of the ID token about the person and the sign-in. */
  claims: Record<string, unknown> & { sub: string }
  /** The session id at Yideng, for back-channel logout. */
  sid: string | undefined
  /** Needed to sign out. */
  idToken: string
  /** Access token for the API, if the portal requested one. */
  accessToken: { value: string; until: number } | undefined
}

export const randomId = () => randomBytes(32).toString('base64url')

/** Values in memory with a lifetime in seconds. A portal with several processes needs Redis or a database instead. */
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
    // All values have the same lifetime, so a Map holds them in order of expiry.
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= this.#most) break
      this.#entries.delete(oldest)
    }
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.until > Date.now() ? entry.value : undefined
  }

  /** Returns and removes a value. */
  take(key: string): T | undefined {
    const value = this.get(key)
    this.#entries.delete(key)
    return value
  }

  removeWhere(condition: (value: T) => boolean): void {
    for (const [key, { value }] of this.#entries) if (condition(value)) this.#entries.delete(key)
  }
}

/** Sessions by the random value of a cookie; they expire after half an hour without a request. */
export function createSessions() {
  const sessions = new Kept<SignedIn>({ seconds: 30 * 60 })
  return {
    /** Always uses a new id, because an attacker may know an id from before the sign-in. */
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
    /** Ends the session `sid`; without `sid` all of the person (OIDC Back-Channel Logout 1.0 section 2.7). */
    closeWhere({ sid, sub }: { sid?: string; sub?: string }): void {
      sessions.removeWhere((person) => (sid === undefined ? person.claims.sub === sub : person.sid === sid))
    },
  }
}
