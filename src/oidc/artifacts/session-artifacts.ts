import { Provider, type AdapterPayload } from 'oidc-provider'
import type { SessionRows } from '../../sessions/rows.ts'
import type { Artifacts, PutOptions } from '../../storage/artifacts.ts'
import { numbersOf, type CachedArtifact } from './request-cache.ts'
import { storedIdOf, withoutSecrets } from './stored-ids.ts'

/** A session's use is written once in this time, so its idle time may end this much earlier. */
const touchSeconds = 60

const movedFrom = Symbol('stored id of the session before this request')

/** A session gets a new id at each sign-in. oidc-provider destroys the old one before it writes the new one. */
interface Moving {
  [movedFrom]?: string
  oidc?: { session?: { uid: string; jti: string } }
}

export interface SessionArtifactDeps {
  artifacts: Artifacts
  sessions: SessionRows
}

/** True for a session that was only used, less than a minute after the last write. Such a write is skipped. */
export async function isOnlyTouched(payload: AdapterPayload, read: CachedArtifact | undefined): Promise<boolean> {
  const stored = await read?.stored
  if (!read || stored === undefined) return false
  const { exp, iat } = numbersOf(read, stored)
  if ((payload.exp ?? 0) - (exp ?? 0) >= touchSeconds) return false
  return JSON.stringify(withoutSecrets({ ...payload, exp, iat })) === stored
}

/** Remembers a session that gets another id in this request. Removes every other session. */
export async function destroySession(
  { artifacts, sessions }: SessionArtifactDeps,
  id: string,
  read: CachedArtifact | undefined,
): Promise<void> {
  const moving = Provider.ctx as Moving | undefined
  const session = moving?.oidc?.session
  if (moving && session && session.jti !== id) {
    // a session that began in this request is not stored yet
    if (read) moving[movedFrom] = storedIdOf(id)
    return
  }
  await artifacts.remove('Session', storedIdOf(id))
  if (session) await sessions.remove(session.uid)
}

/**
 * Writes the new id of a session that `destroySession` remembered.
 * @returns undefined when no session moves in this request; false when the old one has ended
 */
export function moveSession(
  { sessions }: SessionArtifactDeps,
  storedId: string,
  value: string,
  put: PutOptions,
): Promise<boolean> | undefined {
  const moving = Provider.ctx as Moving | undefined
  const from = moving?.[movedFrom]
  if (!moving || from === undefined) return undefined
  delete moving[movedFrom]
  return sessions.move(from, storedId, value, put)
}
