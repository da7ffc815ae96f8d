import { actions, drawActions, type Action } from './challenge.ts'
import { judge } from './judge.ts'
import type { FacePool } from './pool.ts'
import type { FaceReferences } from './references.ts'
import type { Thresholds } from './thresholds.ts'
import { ended, isUnseen, type FaceVerifier } from './face-verifier.ts'

const actionsIn = (state: string): Action[] =>
  state.split(' ').filter((word): word is Action => (actions as readonly string[]).includes(word))

/** A template far from all faces. */
const noFace = Array.from({ length: 128 }, () => 1)

/**
 * The local engine: our own capture page, pictures compared in threads of this process. Good against another person, weak
 * against prepared pictures and videos (docs/face.md).
 */
export function localVerifier(deps: { pool: FacePool; references: FaceReferences; limits: Thresholds }): FaceVerifier {
  const { pool, references, limits } = deps
  return {
    name: 'local',
    async begin({ subject, purpose }) {
      // where the person is only named the answer would reveal who has an account
      if (!isUnseen(purpose) && !(await references.find(subject)))
        return { kind: 'ended', result: ended('unavailable', 'no_reference') }
      const drawn = drawActions(limits.actions, limits.steps)
      return { kind: 'capture', actions: drawn, state: drawn.join(' ') }
    },
    async complete({ subject, purpose }, state, evidence) {
      if (evidence.kind !== 'frames') return ended('cancelled')
      if (evidence.frames.length === 0) return ended('unusable', 'broken')
      // a subject without a document has no account: it fails as a stranger does
      const strange = isUnseen(purpose) || subject.documentType === ''
      const reference = (await references.find(subject)) ?? (strange ? noFace : undefined)
      if (!reference) return ended('unavailable', 'no_reference')
      const answer = await pool.read(evidence.frames).catch(() => undefined)
      if (!answer) return ended('unavailable')
      if ('slow' in answer) return ended('busy')
      if (!('readings' in answer)) return ended('unusable', 'broken')
      return judge(answer.readings, { actions: actionsIn(state), reference, limits })
    },
  }
}
