import { Provider, type AdapterPayload } from 'oidc-provider'
import { revoke } from '../engine/internals.ts'
import type { SuccessorOf } from '../engine/refresh-rotation.ts'
import type { Clock } from '../../config/clock.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { usedBefore } from './one-time-use.ts'
import { numbersOf, requestCache, type CachedArtifact } from './request-cache.ts'
import { storedIdOf } from './stored-ids.ts'

export interface ConsumeDeps {
  artifacts: Artifacts
  clock: Clock
  refreshGraceSeconds: number
  successorOf: SuccessorOf
}

interface Artifact {
  kind: string
  id: string
}

/**
 * A client that lost the answer may repeat its refresh token within the grace after the rotation.
 * It may not once its successor was used: then the client did get the answer.
 * @param consumed seconds since 1970 UTC
 */
export async function mayRepeat(deps: ConsumeDeps, { kind, id }: Artifact, consumed: unknown): Promise<boolean> {
  if (kind !== 'RefreshToken' || typeof consumed !== 'number') return false
  if (deps.clock() / 1000 - consumed > deps.refreshGraceSeconds) return false
  const successor = await deps.artifacts.get(kind, storedIdOf(deps.successorOf(id)))
  return successor === undefined || (JSON.parse(successor) as AdapterPayload).consumed === undefined
}

/** @throws InvalidGrant or InvalidRequestUri for an artifact that was used before */
export async function consumeArtifact(deps: ConsumeDeps, artifact: Artifact, read: CachedArtifact): Promise<void> {
  const { artifacts, clock } = deps
  const { kind, id } = artifact
  const stored = await read.stored
  if (stored === undefined) throw usedBefore(kind)
  const { consumed, grantId } = numbersOf(read, stored)
  if (consumed !== undefined && (await mayRepeat(deps, artifact, consumed))) return
  const text = `${stored.slice(0, -1)},"consumed":${Math.floor(clock() / 1000)}}`
  const storedId = read.storedId ?? storedIdOf(id)
  const first = consumed === undefined && (await artifacts.compareAndSet(kind, storedId, stored, text))
  requestCache().delete(`${kind}:${id}`)
  if (!first) await consumedByOther(deps, artifact, grantId)
}

/**
 * Another request consumed it between our read and our write. All tokens of the grant end (RFC 6749 section 4.1.2).
 * The grant ends too, so tokens that the other request writes later have no effect. A repeatable refresh token is excepted.
 */
async function consumedByOther(deps: ConsumeDeps, artifact: Artifact, grantId: string | undefined): Promise<void> {
  const text = await deps.artifacts.get(artifact.kind, storedIdOf(artifact.id))
  const consumed = text === undefined ? undefined : (JSON.parse(text) as AdapterPayload).consumed
  if (await mayRepeat(deps, artifact, consumed)) return
  if (text !== undefined && Provider.ctx) await revoke(Provider.ctx, grantId)
  throw usedBefore(artifact.kind)
}
