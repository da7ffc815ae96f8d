import { judgeLook, type Seen } from '../../../proofing/face/look.ts'
import { thresholds } from '../../../proofing/face/thresholds.ts'
import type { RouterContext } from '../../method.ts'
import { findOwn } from './check-store.ts'
import type { Situation } from './face-routes.ts'
import type { CheckDeps } from './judge-check.ts'
import { receiveFrames } from './upload.ts'

/** `unknown`: no look was taken, so the page says nothing about the face. `late`: the capture is over. */
export type Told = Seen | 'unknown' | 'late'

/** A still of 320 pixels takes about 10 kB. */
const mostBytes = 64 * 1024

/**
 * Looks at one still of a running capture, so that the page can say what to better. It compares with no person, counts as no
 * try and keeps nothing. Captures come first: a look never waits for the engine.
 */
export async function lookAt(deps: CheckDeps, ctx: RouterContext, situation: Situation, check: string): Promise<Told> {
  const { artifacts, limits, facePool, faceConsents } = deps
  const { person, purpose, who, holder } = situation
  if (!(await findOwn(artifacts, check, situation))) return 'late'
  const agreed = purpose === 'login' || (person !== undefined && (await faceConsents.given(person.id)))
  if (!agreed || !(await limits.look(holder))) return 'unknown'
  const look = await limits.alone(`look ${who}`, async () => {
    const [still] = (await receiveFrames(ctx, mostBytes)) ?? []
    return still && facePool.look(still.jpeg).catch(() => undefined)
  })
  return look ? judgeLook(look, thresholds) : 'unknown'
}
