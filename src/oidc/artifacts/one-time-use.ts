import { errors, Provider } from 'oidc-provider'
import type { Artifacts } from '../../storage/artifacts.ts'
import { updateArtifact } from '../../storage/compare-and-set.ts'
import { AlreadyUsedError } from '../engine/internals.ts'

// Artifacts that may be used once. Each change here is one atomic step of the store.

/** The answer to the second request that uses a code, a refresh token or a `request_uri`. */
export const usedBefore = (kind: string) =>
  kind === 'PushedAuthorizationRequest'
    ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
    : new errors.InvalidGrant('already consumed')

const alreadyResumed = () => new errors.SessionNotFound('this login has gone on already')

/**
 * A running login is resumed once.
 * @param read its text, as this request read it
 * @throws SessionNotFound for the second request that resumes it
 */
export async function resumeOnce(artifacts: Artifacts, storedId: string, read: string | undefined): Promise<void> {
  const taken = await artifacts.take('Interaction', storedId)
  if (taken !== undefined && taken === read) return
  // oidc-provider writes any other error into the device code (deviceUserFlowErrors), which the first request still uses
  if (Provider.ctx?.oidc.route === 'device_resume') throw new AlreadyUsedError()
  throw alreadyResumed()
}

/**
 * An answer replaces the previous answer, but never recreates a login that was resumed. The same answer once more (a double
 * click) changes nothing: a resume that runs now would otherwise find another login than it read.
 * @param ttl seconds
 * @throws SessionNotFound
 */
export async function answerRunning(artifacts: Artifacts, storedId: string, text: string, ttl: number): Promise<true> {
  const answered = await updateArtifact(artifacts, { kind: 'Interaction', id: storedId, ttl }, (before) => {
    if (before === undefined) return { result: false }
    return isSameAnswer(before, text) ? { result: true } : { value: text, result: true }
  })
  if (!answered) throw alreadyResumed()
  return true
}

/** The same person proven the same way, or the same decision. Each sign-in has its own id and second. */
function isSameAnswer(before: string, after: string): boolean {
  const [one, other] = [before, after].map((text) => {
    const { provenBy, result } = JSON.parse(text) as { provenBy?: string; result?: Record<string, object> }
    const { signIn, login, ...rest } = result ?? {}
    const same = { ...rest, login: { ...login, ts: 0 }, signIn: { ...signIn, id: '' } }
    return result && JSON.stringify([provenBy, same])
  })
  return one !== undefined && one === other
}

/**
 * One browser decides about a device code. The code stays outside the group of its grant.
 * The token endpoint looks up the grant before it issues tokens.
 * @throws AlreadyUsedError, which has its own page
 */
export async function decideOnce(
  artifacts: Artifacts,
  storedId: string,
  { read, text, ttl }: { read: string | undefined; text: string; ttl: number },
): Promise<true> {
  const first = read !== undefined && (await artifacts.compareAndSet('DeviceCode', storedId, read, text, ttl))
  if (!first) throw new AlreadyUsedError()
  return true
}
