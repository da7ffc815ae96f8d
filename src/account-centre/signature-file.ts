import type { SignedRow } from '../accounts/mandates/signed.ts'
import type { Signatures } from '../login/text-signatures.ts'

/** The challenge of each version of the format (docs/signatures.md). */
const challenges = {
  2: 'SHA-256( "yideng signature 2" || SHA-256(nonce) || SHA-256(text) )',
  1: 'SHA-256( nonce || "\\n" || text )',
}

/** A signature as a file that explains how to verify it, without access to the server. */
export function signatureFile(
  { readSignature }: Pick<Signatures, 'readSignature'>,
  { id, at, text, signature }: SignedRow,
) {
  const proof = readSignature(signature)
  if (!proof) throw new Error(`the signature of entry ${id} of mandate_history cannot be read`)
  const { version, ...assertion } = proof
  return {
    format: `yideng signature ${version}`,
    at: new Date(at).toISOString(),
    text,
    ...assertion,
    check: [
      `clientDataJSON is JSON: its type is "webauthn.get", its origin is "${assertion.origin}", its challenge is the base64url of ${challenges[version]}, where nonce and text are the UTF-8 of the values here.`,
      'The first 32 bytes of authenticatorData are SHA-256(rpId); of its byte 32 the bits 0x01 (person present) and 0x04 (person verified) are set.',
      'signature is a signature by publicKey (a COSE key, RFC 9052) over authenticatorData || SHA-256(clientDataJSON).',
      'The audit entry authenticator.added names the holder of the key: its field key is the base64url of SHA-256(publicKey). To compare the text with the store: yideng audit verify-signature <mandate>.',
    ],
  }
}
