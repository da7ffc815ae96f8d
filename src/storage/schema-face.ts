import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'

export interface FaceTables {
  /** Templates of the population register's photographs, for the local engine. */
  population_faces: {
    document_type: string
    /** As in `natural_persons`, so that what is a person's can be erased with their account. */
    document_index: BlindIndex
    model: string
    template: Sealed
    imported_at: Time
  }
  /** Separate consent to face verification; a guardian's for who is under 14. */
  face_consents: { person_id: string; notice_version: string; guardian_id: string | null; given_at: Time }
  /** Authenticators that a verified face vouches for. */
  face_bindings: { authenticator_id: string; person_id: string; bound_at: Time }
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
}
