import { createEmbeddedBusinessRegister } from '../proofing/embedded-business-register.ts'
import { createFaceReferences, type FaceReferencesDeps } from '../proofing/face/references.ts'
import { createFaceConsents, type FaceConsentsDeps } from './identity-proofing/face-consents.ts'
import { createNumberDisputes, type NumberDisputesDeps } from './identity-proofing/number-disputes.ts'
import { createIdentityProofs } from './identity-proofing/identity-proofs.ts'
import type { IdentityProofsDeps } from './identity-proofing/record-proof.ts'
import { createLegalPersons } from './legal-persons.ts'
import type { MandatesDeps } from './mandates/acts.ts'
import { createInvitationCodes, type InvitationCodesDeps } from './mandates/invitation-codes.ts'
import { createMandates } from './mandates/mandates.ts'
import { createPrincipals } from './mandates/principals.ts'
import { createRepresentations } from './mandates/representations.ts'
import { createSupersede, type SupersedeDeps } from './superseding.ts'

/** Opens the services for acting on behalf of organisations and relatives. */
export function openActing(deps: Omit<MandatesDeps, 'principals' | 'invitationCodes'> & InvitationCodesDeps) {
  const businessRegister = createEmbeddedBusinessRegister(deps)
  const legalPersons = createLegalPersons({ ...deps, register: businessRegister })
  const principals = createPrincipals({ ...deps, legalPersons })
  const invitationCodes = createInvitationCodes(deps)
  return {
    businessRegister,
    legalPersons,
    principals,
    mandates: createMandates({ ...deps, principals, invitationCodes }),
    representations: createRepresentations({ ...deps, legalPersons, principals, invitationCodes }),
  }
}

/** Opens the services for face templates, consents and proofs. */
export function openFaces(
  deps: FaceReferencesDeps &
    Omit<FaceConsentsDeps, 'references'> &
    Omit<IdentityProofsDeps, 'supersede' | 'disputes'> &
    SupersedeDeps &
    NumberDisputesDeps,
) {
  const numberDisputes = createNumberDisputes(deps)
  const faceReferences = createFaceReferences(deps)
  return {
    faceReferences,
    faceConsents: createFaceConsents({ ...deps, references: faceReferences }),
    numberDisputes,
    identityProofs: createIdentityProofs({ ...deps, disputes: numberDisputes, supersede: createSupersede(deps) }),
  }
}
