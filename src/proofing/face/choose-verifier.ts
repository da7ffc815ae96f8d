import type { Settings } from '../../config/settings.ts'
import type { FacePurpose, FaceVerifier } from './face-verifier.ts'

/** The verifiers of a purpose, in the order of the settings; the first that serves a browser is the one for it. */
export type VerifiersByPurpose = (purpose: FacePurpose) => readonly FaceVerifier[]

/** No verifier for `none`, for one that is not configured, or one that this production does not accept. */
export function chooseVerifiers(
  { verifiers, accepted }: Settings['face'],
  available: readonly FaceVerifier[],
): VerifiersByPurpose {
  return (purpose) =>
    verifiers[purpose]
      .filter((wanted) => accepted.includes(wanted))
      .flatMap((wanted) => available.find(({ name }) => name === wanted) ?? [])
}

/** The first of these verifiers that can verify in a browser with this user agent. */
export const servingIn = (verifiers: readonly FaceVerifier[], userAgent: string): FaceVerifier | undefined =>
  verifiers.find(({ serves }) => serves?.(userAgent) ?? true)
