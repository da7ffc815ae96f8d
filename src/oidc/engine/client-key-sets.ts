import type { Client as OidcClient } from 'oidc-provider'
import { epochTime } from './internals.ts'

/** The key set of a portal (RFC 7517), as oidc-provider keeps it. */
interface KeySet {
  /** Seconds since 1970: until then oidc-provider does not fetch it again. */
  freshUntil?: number
  refresh(): Promise<void>
  selectForVerify(options: object): object[]
}

/** Seconds between two fetches, so that an unknown key costs one (OpenID Connect Core 10.1.1). */
const fetchSeconds = 60
/** After a failure, seconds until the next fetch. */
const failedSeconds = 5
/** Longest belief in a key set, in seconds, although Cache-Control or Expires says more. */
const believedSeconds = 600

export type KeySetFailed = (clientId: string, error: unknown) => void

const limited = new WeakSet<KeySet>()

/**
 * oidc-provider fetches a key set only after a failed signature. So a key that the portal removed counts for ever. While
 * Cache-Control calls the set fresh, a new key is unknown.
 * Here a set counts for its own time, at most ten minutes. An unknown key costs one fetch a minute.
 */
export function limitKeySet(client: OidcClient, failed: KeySetFailed): void {
  if (!client.jwksUri) return
  const { asymmetricKeyStore: set } = client as unknown as { asymmetricKeyStore: KeySet }
  if (limited.has(set)) return
  limited.add(set)
  const refresh = set.refresh.bind(set)
  const select = set.selectForVerify.bind(set)
  let believedUntil = 0
  let fetching: Promise<void> | undefined

  async function fetchNow(): Promise<void> {
    try {
      await refresh()
      believedUntil = Math.min(set.freshUntil ?? 0, epochTime() + believedSeconds)
      set.freshUntil = epochTime() + fetchSeconds
    } catch (error) {
      set.freshUntil = epochTime() + failedSeconds
      failed(client.clientId, error)
      throw error
    }
  }

  set.refresh = () => {
    if ((set.freshUntil ?? 0) > epochTime()) return Promise.resolve()
    fetching ??= fetchNow().finally(() => (fetching = undefined))
    return fetching
  }
  // no key: then oidc-provider fetches the set, unless it is fresh
  set.selectForVerify = (options) => (believedUntil > epochTime() ? select(options) : [])
}
