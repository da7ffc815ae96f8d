import { errors, Provider } from 'oidc-provider'
import { AlreadyUsedError } from './engine/internals.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { replaceArtifact } from '../storage/compare-and-set.ts'

// How artifacts of oidc-provider that count once are changed: each step is one atomic step of the store.

/** What a request gets that comes second with a code, a refresh token or a `request_uri`. */
export const usedBefore = (kind: string) =>
  kind === 'PushedAuthorizationRequest'
    ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
    : new errors.InvalidGrant('already consumed')

const goneOn = () => new errors.SessionNotFound('this login has gone on already')

/**
 * A running login goes on once.
 * @param read as this request has read it
 * @throws SessionNotFound for the second of several that resume it
 */
export async function resumeOnce(artifacts: Artifacts, place: string, read: string | undefined): Promise<void> {
  const taken = await artifacts.take('Interaction', place)
  if (taken !== undefined && taken === read) return
  // oidc-provider writes any other error into the device code (deviceUserFlowErrors), with which the first one goes on
  if (Provider.ctx?.oidc.route === 'device_resume') throw new AlreadyUsedError()
  throw goneOn()
}

/**
 * An answer replaces the one before, but is never written over a login that has gone on.
 * @param ttl in seconds
 * @throws SessionNotFound
 */
export async function answerRunning(artifacts: Artifacts, place: string, text: string, ttl: number): Promise<true> {
  const kind = 'Interaction'
  const before = await artifacts.get(kind, place)
  const answer = { kind, id: place, value: text, ttl }
  if (before === undefined || !(await replaceArtifact(artifacts, { ...answer, before }))) throw goneOn()
  return true
}

/**
 * A device code is decided by one browser. It stays outside the group of its grant: the token endpoint asks for the grant
 * before it gives tokens.
 * @throws AlreadyUsedError, whose page says so
 */
export async function decideOnce(
  artifacts: Artifacts,
  place: string,
  { read, text, ttl }: { read: string | undefined; text: string; ttl: number },
): Promise<true> {
  const first = read !== undefined && (await artifacts.compareAndSet('DeviceCode', place, read, text, ttl))
  if (!first) throw new AlreadyUsedError()
  return true
}
