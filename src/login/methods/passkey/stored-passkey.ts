import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'

/** A stored passkey (WebAuthn Level 3, 4: credential record). Nothing here is secret; the name is sealed. */
const schema = z.object({
  credentialId: z.string(),
  /** COSE key, base64url. */
  publicKey: z.string(),
  /** Signature counter; always zero where the authenticator has none. */
  counter: z.number(),
  transports: z.array(z.string()),
  aaguid: z.string(),
  /** May be synchronised between devices; never changes. */
  backupEligible: z.boolean(),
  /** Is synchronised now. */
  backedUp: z.boolean(),
  /** The person's own name for it, sealed; empty for none. */
  name: z.string(),
  /** Keyed fingerprint of the browser it was made in (accounts/devices.ts): a verified face there may bind it. */
  device: z.string().optional(),
  /** Its maker's certificate led to an accepted root when it was made: the key is in hardware (attestation.ts). */
  attested: z.boolean().default(false),
})

export type StoredPasskey = z.infer<typeof schema>

export const readStored = ({ data }: Authenticator): StoredPasskey => schema.parse(JSON.parse(data))
export const writeStored = (passkey: StoredPasskey): string => JSON.stringify(passkey)

/** The aad of a passkey's own name (see FieldCipher). */
export const nameAad = (authenticatorId: string) => `authenticators.data:${authenticatorId}`

/**
 * RFC 8176: `hwk` only for a key that is proven to be in hardware and stays there. Without attestation it is `swk`, because the
 * claim would be the authenticator's own. `user`: the person was present and verified.
 */
export const amrOf = ({ attested, backupEligible }: StoredPasskey): string[] => [
  attested && !backupEligible ? 'hwk' : 'swk',
  'user',
]
