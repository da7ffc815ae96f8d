import type { Actor } from '../accounts/natural-persons.ts'

/** The person who signs, in one session. */
export interface Signer {
  sessionUid: string
  personId: string
}

/** `proof` is stored beside the text; `digest` names it in the audit log (SHA-256, base64url). */
export type Signed = { ok: true; proof: string; digest: string } | { ok: false; fault: string }

/** Signatures over texts, made by an authenticator of a person. */
export interface Signatures {
  /** Whether the person has an authenticator that signs, even one that is held or switched off. */
  isEnrolled(personId: string): Promise<boolean>
  /** Whether the person can sign now. */
  canSign(personId: string): Promise<boolean>
  /** Options for the browser; its challenge is the digest of the text under a nonce that is used once. */
  begin(signer: Signer, text: string): Promise<object>
  /** Checks the browser's answer. The stored signature holds all that a later check needs (docs/signatures.md). */
  finish(signer: Signer, text: string, answer: string, by: Actor): Promise<Signed>
  /** The public parts of a stored signature; undefined for any other text. */
  readSignature(stored: string): StoredSignature | undefined
}

/** A stored signature (docs/signatures.md); binary values are base64url. */
export interface StoredSignature {
  version: 1 | 2
  nonce: string
  rpId: string
  origin: string
  credentialId: string
  /** COSE key (RFC 9052). */
  publicKey: string
  clientDataJSON: string
  authenticatorData: string
  signature: string
}
