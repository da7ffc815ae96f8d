import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Actor } from '../../accounts/natural-persons.ts'
import { checkAssertion, proveAssertion, type AssertionFault } from './assertion.ts'
import { createChallenges } from './challenges.ts'
import { name, type PasskeyParts } from './parts.ts'
import { relyingParty } from './relying-party.ts'
import { readStored } from './stored.ts'

/** Who signs: a person, in one session. */
export interface Signer {
  sessionUid: string
  personId: string
}

export type Signed = { ok: true; proof: string } | { ok: false; fault: AssertionFault }

/** Signatures over texts by a person's passkeys. */
export interface Signatures {
  /** Whether the person has a passkey to sign with. */
  canSign(personId: string): Promise<boolean>
  /** What the browser signs the text by: its challenge is the text's digest under a nonce used once. */
  begin(signer: Signer, text: string): Promise<object>
  /** Checks what the browser answered. The proof holds all it takes to check it again later, without this house. */
  finish(signer: Signer, text: string, answer: string, by: Actor): Promise<Signed>
}

/** A proof as it is kept: JSON of this. */
const proofSchema = z.object({
  version: z.literal(1),
  nonce: z.string(),
  rpId: z.string(),
  origin: z.string(),
  credentialId: z.string(),
  /** COSE key, base64url. */
  publicKey: z.string(),
  clientDataJSON: z.string(),
  authenticatorData: z.string(),
  signature: z.string(),
})

const nonceBytes = 32

/** SHA-256 over the nonce, a line break and the text, base64url. */
const challengeOf = (nonce: string, text: string) =>
  createHash('sha256').update(`${nonce}\n${text}`).digest('base64url')

export function createSignatures(parts: PasskeyParts): Signatures {
  const { authenticators, methodLocks, artifacts, audit, settings } = parts
  const challenges = createChallenges(artifacts)
  const { id: rpId, origin } = relyingParty(settings.issuer)
  /** A passkey that a recovery holds signs nothing. */
  const usable = async (personId: string) =>
    (await authenticators.list(personId, name)).filter(({ heldAt }) => heldAt === null)
  const holderOf = ({ sessionUid, personId }: Signer) => `${sessionUid} ${personId}`

  return {
    canSign: async (personId) => (await usable(personId)).length > 0 && !(await methodLocks.locked(personId, name)),

    async begin(signer, text) {
      const nonce = randomBytes(nonceBytes).toString('base64url')
      await challenges.issue('signature', holderOf(signer), nonce)
      const own = (await usable(signer.personId)).map(readStored)
      return {
        challenge: challengeOf(nonce, text),
        rpId,
        userVerification: 'required',
        allowCredentials: own.map(({ credentialId: id, transports }) => ({ id, type: 'public-key', transports })),
      }
    },

    async finish(signer, text, answer, by) {
      const { personId } = signer
      const refuse = async (fault: AssertionFault): Promise<Signed> => {
        await audit.record({ event: 'signature.refused', ...by, personId, details: { fault } })
        return { ok: false, fault }
      }
      const nonce = await challenges.take('signature', holderOf(signer))
      const challenge = nonce === undefined ? undefined : challengeOf(nonce, text)
      const checked = await checkAssertion(parts, { text: answer, challenge, by, of: personId })
      if (!checked.ok) return refuse(checked.fault)
      const { credentialId, publicKey } = readStored(checked.authenticator)
      const { clientDataJSON, authenticatorData, signature } = checked.response.response
      const proof = { version: 1, nonce, rpId, origin, credentialId, publicKey }
      return { ok: true, proof: JSON.stringify({ ...proof, clientDataJSON, authenticatorData, signature }) }
    },
  }
}

/**
 * Whether a kept proof is a signature over exactly this text, made by a verified person at this origin. Nothing but the two
 * is needed; that the key was the person's says the audit entry of its making (`authenticator.added`, `key`).
 */
export async function verifyProof(text: string, proof: string): Promise<boolean> {
  const { nonce, rpId, origin, credentialId, publicKey, ...response } = proofSchema.parse(JSON.parse(proof))
  const proven = await proveAssertion(
    { id: credentialId, rawId: credentialId, type: 'public-key', response },
    { credentialId, publicKey },
    { challenge: challengeOf(nonce, text), origin, id: rpId },
  )
  return proven !== undefined
}
