import { createFaceConsents } from '../accounts/faces/consents.ts'
import { createNumberClaims } from '../accounts/faces/number-claims.ts'
import { createFaceProofs } from '../accounts/faces/proofs.ts'
import { createLegalPersons } from '../accounts/legal-persons.ts'
import { createInvitationCodes } from '../accounts/mandates/invitation-codes.ts'
import { createMandates } from '../accounts/mandates/mandates.ts'
import { createPrincipals, type Principals } from '../accounts/mandates/principals.ts'
import { createRepresentations } from '../accounts/mandates/representations.ts'
import { createSupersede } from '../accounts/superseding.ts'
import { createEmbeddedBusinessRegister } from '../proofing/embedded-business-register.ts'
import { createFaceReferences } from '../proofing/face/references.ts'

/** What is needed to act for organisations and relatives. */
export function openActing(
  parts: Omit<Parameters<typeof createMandates>[0], 'principals' | 'invitationCodes'> &
    Parameters<typeof createInvitationCodes>[0],
) {
  const businessRegister = createEmbeddedBusinessRegister(parts)
  const legalPersons = createLegalPersons({ ...parts, register: businessRegister })
  const principals: Principals = createPrincipals({ ...parts, legalPersons })
  const invitationCodes = createInvitationCodes(parts)
  return {
    businessRegister,
    legalPersons,
    principals,
    mandates: createMandates({ ...parts, principals, invitationCodes }),
    representations: createRepresentations({ ...parts, legalPersons, principals, invitationCodes }),
  }
}

/** What is known of faces, and proven by them. */
export function openFaces(
  parts: Parameters<typeof createFaceReferences>[0] &
    Omit<Parameters<typeof createFaceConsents>[0], 'references'> &
    Omit<Parameters<typeof createFaceProofs>[0], 'supersede' | 'claims'> &
    Parameters<typeof createSupersede>[0] &
    Parameters<typeof createNumberClaims>[0],
) {
  const numberClaims = createNumberClaims(parts)
  const faceReferences = createFaceReferences(parts)
  return {
    faceReferences,
    faceConsents: createFaceConsents({ ...parts, references: faceReferences }),
    numberClaims,
    faceProofs: createFaceProofs({ ...parts, claims: numberClaims, supersede: createSupersede(parts) }),
  }
}
