import { randomBytes } from 'node:crypto'
import type { Signatures, Signed, Signer } from '../../text-signatures.ts'
import { checkAssertion, type AssertionDeps, type AssertionFault } from './assertion.ts'
import { createChallenges } from './challenges.ts'
import { name, type PasskeyDeps } from './passkey-deps.ts'
import { challengeOf, signatureDigest, readSignature, writeSignature } from './passkey-signature.ts'
import { relyingParty } from './relying-party.ts'
import { readStored } from './stored-passkey.ts'

const nonceBytes = 32

type SignaturesDeps = AssertionDeps & Pick<PasskeyDeps, 'methodLocks' | 'artifacts'>

export function createSignatures(deps: SignaturesDeps): Signatures {
  const { authenticators, methodLocks, artifacts, audit, settings } = deps
  const challenges = createChallenges(artifacts)
  const { id: rpId, origin } = relyingParty(settings.issuer)
  /** A passkey that a recovery holds signs nothing. */
  const usable = async (personId: string) =>
    (await authenticators.list(personId, name)).filter(({ heldAt }) => heldAt === null)
  const holderOf = ({ sessionUid, personId }: Signer) => `${sessionUid} ${personId}`

  return {
    readSignature,
    isEnrolled: async (personId) => (await authenticators.find(personId, name)) !== undefined,
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
      // present, because the assertion was checked against it
      if (nonce === undefined) return refuse('challenge_gone')
      const { credentialId, publicKey } = readStored(checked.authenticator)
      const { clientDataJSON, authenticatorData, signature } = checked.response.response
      const made = { nonce, rpId, origin, credentialId, publicKey, clientDataJSON, authenticatorData, signature }
      const proof = writeSignature(made)
      return { ok: true, proof, digest: signatureDigest(proof) }
    },
  }
}
