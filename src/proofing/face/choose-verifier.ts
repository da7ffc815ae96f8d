import type { Settings } from '../../config/settings.ts'
import type { FacePurpose, FaceVerifier } from './face-verifier.ts'

/** The verifier of each purpose; undefined where none may be used. */
export type VerifierByPurpose = (purpose: FacePurpose) => FaceVerifier | undefined

/** No verifier for `none`, for one that is not configured, or one that this production does not accept. */
export function chooseVerifiers(
  { verifiers, accepted }: Settings['face'],
  available: readonly FaceVerifier[],
): VerifierByPurpose {
  return (purpose) => {
    const wanted = verifiers[purpose]
    const serves = wanted !== 'none' && accepted.includes(wanted)
    return serves ? available.find(({ name }) => name === wanted) : undefined
  }
}
