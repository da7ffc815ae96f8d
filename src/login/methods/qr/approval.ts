import type { RegionOf } from '../../../config/networks.ts'
import { computerOf } from './context.ts'
import type { QrDeps } from './qr-deps.ts'
import type { Phone } from './phone/phone-deps.ts'
import type { QrTransaction } from './states.ts'

/** The proof that an approval still needs: a signature by passkey, or another sign-in. */
export type Wanting = 'signature' | 'sign_in'

/** An approval that was signed: the text, and its proof (docs/signatures.md). */
export interface SignedApproval {
  text: string
  proof: string
  digest: string
}

/** Checks of an approval (DESIGN 2.4): a signature where the person has a passkey, else a session of enough level. */
export interface Approvals {
  /** Undefined where nothing is missing. */
  wanting(phone: Phone, transaction: QrTransaction): Promise<Wanting | undefined>
  /** Options for the browser that signs this approval. */
  begin(id: string, phone: Phone, transaction: QrTransaction): Promise<object>
  /** Undefined for a signature that is not valid. */
  finish(id: string, phone: Phone, transaction: QrTransaction, answer: string): Promise<SignedApproval | undefined>
}

export function createApprovals(deps: QrDeps & { regionOf: RegionOf }): Approvals {
  const { signatures, settings, clock } = deps

  const textOf = (id: string, { address }: Phone, transaction: QrTransaction) =>
    approvalText(id, transaction, computerOf(deps, transaction, address))
  const signerOf = ({ sessionUid, personId }: Phone) => ({ sessionUid, personId })

  return {
    async wanting({ personId, amr, signedInAt, inApp }, { scannedAt = 0 }) {
      if (!(await signatures.isEnrolled(personId))) return undefined
      const freshFrom = inApp ? clock() - settings.lifetimes.freshSignIn * 1000 : scannedAt
      const fresh = signedInAt >= Math.floor(freshFrom / 1000)
      // the passkey is switched off: the holder of an unlocked phone must not avoid it by that
      if (!(await signatures.canSign(personId))) return fresh ? undefined : 'sign_in'
      return inApp && fresh && amr.includes('user') ? undefined : 'signature'
    },

    begin: async (id, phone, transaction) => signatures.begin(signerOf(phone), textOf(id, phone, transaction)),

    async finish(id, phone, transaction, answer) {
      const text = textOf(id, phone, transaction)
      const signed = await signatures.finish(signerOf(phone), text, answer, phone.by)
      return signed.ok ? { text, proof: signed.proof, digest: signed.digest } : undefined
    },
  }
}

/**
 * The text that an approval signs: one line for each field, in this order, all that the page shows. Values of the portal are
 * written as JSON, so that none can imitate another line.
 * @internal
 */
export function approvalText(id: string, transaction: QrTransaction, computer: ReturnType<typeof computerOf>): string {
  const list = (words: readonly string[]) => JSON.stringify([...words].sort())
  return [
    'yideng qr approval 1',
    `transaction: ${id}`,
    `client: ${transaction.clientId}`,
    `domain: ${JSON.stringify(transaction.domain)}`,
    `level: ${transaction.level}`,
    `scopes: ${list(transaction.scopes)}`,
    `claims: ${list(transaction.claims)}`,
    `legal person: ${transaction.legalPerson ? 'yes' : 'no'}`,
    `system: ${computer.system || '-'}`,
    `browser: ${computer.browser || '-'}`,
    `region: ${computer.region ?? '-'}`,
    `network: ${computer.sameNetwork ? 'same' : 'other'}`,
    `digits: ${transaction.needsCode ? 'yes' : 'no'}`,
    `shown: ${new Date(transaction.createdAt).toISOString()}`,
    '',
  ].join('\n')
}
