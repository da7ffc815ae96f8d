import type { Artifacts } from '../../storage/artifacts.ts'
import { updateArtifact } from '../../storage/compare-and-set.ts'
import { storedIdOf } from './stored-ids.ts'

/** Prolongs a running login whose question is still open; one that was answered or resumed stays as it is. In seconds. */
export async function prolongLogin(
  artifacts: Pick<Artifacts, 'get' | 'add' | 'compareAndSet'>,
  uid: string,
  { seconds, now }: { seconds: number; now: number },
): Promise<void> {
  await updateArtifact(artifacts, { kind: 'Interaction', id: storedIdOf(uid), ttl: seconds }, (before) => {
    if (before === undefined) return { result: undefined }
    const login = JSON.parse(before) as { result?: unknown; exp?: number }
    if (login.result !== undefined) return { result: undefined }
    return { value: JSON.stringify({ ...login, exp: now + seconds }), result: undefined }
  })
}
