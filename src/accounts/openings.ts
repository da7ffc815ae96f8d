import { createFaceConsents } from './faces/consents.ts'
import { createNumberClaims } from './faces/number-claims.ts'
import { createFaceProofs } from './faces/proofs.ts'
import { createLegalPersons } from './legal-persons.ts'
import { createInvitationCodes } from './mandates/invitation-codes.ts'
import { createMandates } from './mandates/mandates.ts'
import { createPrincipals, type Principals } from './mandates/principals.ts'
import { createRepresentations } from './mandates/representations.ts'
import { createSupersede } from './superseding.ts'
import { createEmbeddedBusinessRegister } from '../proofing/embedded-business-register.ts'
import { createFaceReferences } from '../proofing/face/references.ts'

/** Opens the services for acting on behalf of organisations and relatives. */
export function openActing(
  deps: Omit<Parameters<typeof createMandates>[0], 'principals' | 'invitationCodes'> &
    Parameters<typeof createInvitationCodes>[0],
) {
  const businessRegister = createEmbeddedBusinessRegister(deps)
  const legalPersons = createLegalPersons({ ...deps, register: businessRegister })
  const principals: Principals = createPrincipals({ ...deps, legalPersons })
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
  deps: Parameters<typeof createFaceReferences>[0] &
    Omit<Parameters<typeof createFaceConsents>[0], 'references'> &
    Omit<Parameters<typeof createFaceProofs>[0], 'supersede' | 'claims'> &
    Parameters<typeof createSupersede>[0] &
    Parameters<typeof createNumberClaims>[0],
) {
  const numberClaims = createNumberClaims(deps)
  const faceReferences = createFaceReferences(deps)
  return {
    faceReferences,
    faceConsents: createFaceConsents({ ...deps, references: faceReferences }),
    numberClaims,
    faceProofs: createFaceProofs({ ...deps, claims: numberClaims, supersede: createSupersede(deps) }),
  }
}
