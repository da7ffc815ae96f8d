import type { Settings } from '../../config/settings.ts'
import type { FacePurpose, FaceVerifier } from './verifier.ts'

/** The verifier of each purpose, where there is one that may serve here. */
export type FaceVerifiers = (purpose: FacePurpose) => FaceVerifier | undefined

/** `none`, one that is not set up, and one this production does not accept by name are all the same: there is none. */
export function chooseVerifiers(
  { verifiers, accepted }: Settings['face'],
  available: readonly FaceVerifier[],
): FaceVerifiers {
  return (purpose) => {
    const wanted = verifiers[purpose]
    const serves = wanted !== 'none' && accepted.includes(wanted)
    return serves ? available.find(({ name }) => name === wanted) : undefined
  }
}
