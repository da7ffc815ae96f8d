import type { BlindIndex } from '../keys/blind-index.ts'

/** What a register says of an organisation. `unreachable` is an ordinary outcome: nobody acts for it meanwhile. */
export type RegisterAnswer =
  | {
      outcome: 'found'
      name: string
      /** `revoked`: licence withdrawn (吊销); `cancelled`: struck off (注销). */
      status: 'active' | 'revoked' | 'cancelled'
      /** Keyed fingerprint of the legal representative's document, as `representativeKey` makes it. */
      representativeKey: string
    }
  | { outcome: 'not_found' }
  | { outcome: 'unreachable' }

/** The authority that knows organisations. */
export interface BusinessRegister {
  /** @param uscc unified social credit code, normalised by src/accounts/identifiers/gb32100.ts */
  look(uscc: string): Promise<RegisterAnswer>
}

/** The representative of an organisation, without saying who: bound to it, so that equal people do not show. */
export function representativeKey(
  blindIndex: BlindIndex,
  about: { uscc: string; documentType: string; documentNumber: string },
): string {
  return blindIndex('register.representative', `${about.uscc}:${about.documentType}:${about.documentNumber}`)
}
