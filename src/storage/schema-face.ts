import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'

export interface FaceTables {
  /** Templates of the population register's photographs, for the local engine. */
  population_faces: {
    document_type: string
    /** As in `natural_persons`, to erase a person's templates with the account. */
    document_index: BlindIndex
    model: string
    template: Sealed
    imported_at: Time
  }
  /** Separate consent to face verification; by a guardian for a child under 14. */
  face_consents: { person_id: string; notice_version: string; guardian_id: string | null; given_at: Time }
  /** Authenticators bound by a verified face. */
  face_bindings: { authenticator_id: string; person_id: string; bound_at: Time }
  /** Document numbers that move from holder to claimant when due (accounts/identity-proofing/number-disputes.ts). */
  number_claims: { claimant_id: string; holder_id: string; asked_by: string; asked_at: Time; due_at: Time }
}

export const faceMarks: { [T in keyof FaceTables]: { [C in keyof FaceTables[T]]: Mark } } = {
  population_faces: {
    document_type: 'open',
    document_index: 'sensitive',
    model: 'open',
    template: 'sensitive',
    imported_at: 'open',
  },
  face_consents: { person_id: 'open', notice_version: 'open', guardian_id: 'open', given_at: 'open' },
  face_bindings: { authenticator_id: 'open', person_id: 'open', bound_at: 'open' },
  number_claims: { claimant_id: 'open', holder_id: 'open', asked_by: 'open', asked_at: 'open', due_at: 'open' },
}
