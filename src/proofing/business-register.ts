import type { BlindIndex } from '../keys/blind-index.ts'

/** Answer of the register. `unreachable` is a normal outcome: no person acts for the organisation during that time. */
export type RegisterAnswer =
  | {
      outcome: 'found'
      name: string
      /** `revoked`: licence withdrawn (吊销); `cancelled`: struck off (注销). */
      status: 'active' | 'revoked' | 'cancelled'
      /** Keyed fingerprint of the document of the legal representative (`representativeKey`). */
      representativeKey: string
    }
  | { outcome: 'not_found' }
  | { outcome: 'unreachable' }

/** The register of organisations (法人库). */
export interface BusinessRegister {
  /** @param uscc unified social credit code, normalised by src/accounts/identifiers/gb32100.ts */
  look(uscc: string): Promise<RegisterAnswer>
}

/** Keyed fingerprint of a representative. Bound to the organisation, so that equal people are not visible. */
export function representativeKey(
  blindIndex: BlindIndex,
  about: { uscc: string; documentType: string; documentNumber: string },
): string {
  return blindIndex('register.representative', `${about.uscc}:${about.documentType}:${about.documentNumber}`)
}
