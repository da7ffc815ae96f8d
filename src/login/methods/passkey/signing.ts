import { randomBytes } from 'node:crypto'
import type { Actor } from '../../../accounts/natural-persons.ts'
import { checkAssertion, type AssertionFault } from './assertion.ts'
import { createChallenges } from './challenges.ts'
import { name, type PasskeyDeps } from './parts.ts'
import { challengeOf, digestOf, writeProof } from './proof.ts'
import { relyingParty } from './relying-party.ts'
import { readStored } from './stored.ts'

/** Who signs: a person, in one session. */
export interface Signer {
  sessionUid: string
  personId: string
}

/** `digest` names the proof in the audit trail: SHA-256, base64url. */
export type Signed = { ok: true; proof: string; digest: string } | { ok: false; fault: AssertionFault }

/** Signatures over texts by a person's passkeys. */
export interface Signatures {
  /** Whether the person has a passkey to sign with. */
  canSign(personId: string): Promise<boolean>
  /** What the browser signs the text by: its challenge is the text's digest under a nonce used once. */
  begin(signer: Signer, text: string): Promise<object>
  /** Checks what the browser answered. The proof holds all it takes to check it again later, without this house. */
  finish(signer: Signer, text: string, answer: string, by: Actor): Promise<Signed>
}

const nonceBytes = 32

export function createSignatures(deps: PasskeyDeps): Signatures {
  const { authenticators, methodLocks, artifacts, audit, settings } = deps
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
      const checked = await checkAssertion(deps, { text: answer, challenge, by, of: personId })
      if (!checked.ok) return refuse(checked.fault)
      // checked against it above, so it was there
      if (nonce === undefined) return refuse('challenge_gone')
      const { credentialId, publicKey } = readStored(checked.authenticator)
      const { clientDataJSON, authenticatorData, signature } = checked.response.response
      const made = { nonce, rpId, origin, credentialId, publicKey, clientDataJSON, authenticatorData, signature }
      const proof = writeProof(made)
      return { ok: true, proof, digest: digestOf(proof) }
    },
  }
}
