import { createHash } from 'node:crypto'
import { z } from 'zod'
import { proveAssertion } from './assertion.ts'

/** Signed first, so that a signature for another purpose is never valid here. */
const domain = 'yideng signature 2'

/** Exactly 32 random bytes in base64url: a nonce cannot hold a part of the text. */
const nonceForm = /^[\w-]{43}$/

const common = {
  nonce: z.string().regex(nonceForm),
  rpId: z.string(),
  origin: z.string(),
  credentialId: z.string(),
  /** COSE key, base64url. */
  publicKey: z.string(),
  clientDataJSON: z.string(),
  authenticatorData: z.string(),
  signature: z.string(),
}

/** A signature as it is stored beside its text: JSON of this (docs/signatures.md). Version 1 was made until December 2026. */
const schema = z.discriminatedUnion('version', [
  z.strictObject({ version: z.literal(2), ...common }),
  z.strictObject({ version: z.literal(1), ...common }),
])

export type PasskeySignature = z.infer<typeof schema>

const sha256 = (text: string) => createHash('sha256').update(text).digest()

/**
 * The challenge a passkey signs (WebAuthn Level 3, 13.4.3), base64url: SHA-256 over the domain word, the digest of the nonce and
 * the digest of the text. Each part has a fixed length, so nothing can be shifted from one to another.
 */
export const challengeOf = (nonce: string, text: string): string =>
  createHash('sha256').update(domain).update(sha256(nonce)).update(sha256(text)).digest('base64url')

/** The challenge of version 1: sound as long as the nonce has its fixed length. */
const challengeBefore = (nonce: string, text: string) =>
  createHash('sha256').update(`${nonce}\n${text}`).digest('base64url')

/** @returns undefined for a text that is no such signature */
export function readSignature(stored: string): PasskeySignature | undefined {
  try {
    return schema.safeParse(JSON.parse(stored)).data
  } catch {
    // no JSON
    return undefined
  }
}

export const writeSignature = (signature: Omit<PasskeySignature, 'version'>): string =>
  JSON.stringify({ version: 2, ...signature })

/** The name of a signature in the audit log: SHA-256, base64url. */
export const signatureDigest = (stored: string): string => createHash('sha256').update(stored).digest('base64url')

/** The name of a passkey's key in the audit entry `authenticator.added`: SHA-256 of the COSE key, base64url. */
export const keyDigestOf = (publicKey: string): string =>
  createHash('sha256').update(publicKey, 'base64url').digest('base64url')

/**
 * Whether it is a signature over exactly this text, by a verified person at its origin. It needs no access
 * to the server. The audit entry `authenticator.added` (`key`) shows whose key it was.
 */
export async function verifySignature(text: string, stored: PasskeySignature): Promise<boolean> {
  const { version, nonce, rpId, origin, credentialId, publicKey, ...response } = stored
  const challenge = version === 2 ? challengeOf(nonce, text) : challengeBefore(nonce, text)
  const proven = await proveAssertion(
    { id: credentialId, rawId: credentialId, type: 'public-key', response },
    { credentialId, publicKey },
    { challenge, origin, id: rpId },
  )
  return proven !== undefined
}
