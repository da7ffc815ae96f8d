import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { rawOfDer } from '../../../keys/guomi/sm2.ts'
import type { SignatureServer } from '../../../keys/guomi/svs/signature-server.ts'
import type { RefusalCode } from '../../../refusal/refusal.ts'
import type { CertificateAuthority } from './cas-file.ts'
import type { Revocation } from './revocation.ts'
import { subjectOf, type CertificateSubject } from './subject.ts'
import { readCertificate, type Certificate } from './x509/certificate.ts'
import { checkChain, type ChainFault } from './x509/chain.ts'
import { answerAlgorithms, isSignedBy } from './x509/signature.ts'

const bytes = (most: number) => z.base64().min(1).max(most)

/** What the program on the person's computer returns (docs/certificates.md). */
const answerSchema = z.strictObject({
  certificate: bytes(12_000),
  signature: bytes(2000),
  algorithm: z.enum(Object.keys(answerAlgorithms) as [keyof typeof answerAlgorithms]),
})

/** Of a certificate that has signed the challenge of a login. */
export interface CertificateIdentity {
  /** Id of its CA in the file. */
  ca: string
  subject: CertificateSubject
  /** Hash of issuer and public key: the certificate that follows with the same key has the same one. */
  key: string
  serial: string
}

/** Why an answer proves no person. */
export type CertificateFault = ChainFault | 'malformed' | 'signature' | 'subject' | 'revoked' | 'unchecked'

/** The refusals of faults. Only who has the certificate learns which one it is. */
export const refusalOf: Readonly<Record<CertificateFault, RefusalCode>> = {
  malformed: 'certificate_refused',
  signature: 'certificate_refused',
  form: 'certificate_untrusted',
  subject: 'certificate_untrusted',
  untrusted: 'certificate_untrusted',
  'not-for-signing': 'certificate_encryption',
  time: 'certificate_expired',
  revoked: 'certificate_revoked',
  unchecked: 'certificate_unchecked',
}

export interface IdentifyDeps {
  list(): readonly CertificateAuthority[]
  revocation: Revocation
  signatureServer: Pick<SignatureServer, 'verify'> | undefined
  clock: Clock
}

type Identified = { identity: CertificateIdentity } | { fault: CertificateFault }

/**
 * Checks the answer to a challenge: signature of the exact text, chain, subject, and last the revocation, so no stranger makes this
 * server ask a CA.
 * @param text of the challenge, which was taken
 */
export async function identify(deps: IdentifyDeps, given: string, text: string): Promise<Identified> {
  const answer = readAnswer(given)
  if (!answer) return { fault: 'malformed' }
  const { certificate, signature, algorithm } = answer
  const data = Buffer.from(text)
  if (!(await isSignedBy(certificate.key, answerAlgorithms[algorithm], data, signature))) return { fault: 'signature' }
  const chain = await chainOf(deps, certificate)
  if ('fault' in chain) return chain
  const { ca, issuer } = chain
  const subject = subjectOf(ca, certificate, deps.clock())
  if (!subject) return { fault: 'subject' }
  const state = await deps.revocation(ca, { certificate, issuer })
  if (state !== 'good') return { fault: state === 'revoked' ? 'revoked' : 'unchecked' }
  if ('svs' in ca.revocation && !(await isSignedForServer(deps, certificate, data, signature)))
    return { fault: 'unchecked' }
  return { identity: { ca: ca.id, subject, key: keyOf(certificate), serial: certificate.serial } }
}

function readAnswer(given: string) {
  try {
    const { certificate, signature, algorithm } = answerSchema.parse(JSON.parse(given))
    const read = readCertificate(Buffer.from(certificate, 'base64'))
    return { certificate: read, signature: Buffer.from(signature, 'base64'), algorithm }
  } catch {
    // any text of a stranger
    return undefined
  }
}

/** The row of the file that the certificate has a chain to; a fault that tells more than `untrusted` comes first. */
async function chainOf(
  { list, clock }: IdentifyDeps,
  certificate: Certificate,
): Promise<{ fault: CertificateFault } | { ca: CertificateAuthority; issuer: Certificate }> {
  let fault: CertificateFault = 'untrusted'
  try {
    for (const ca of list()) {
      const checked = await checkChain(certificate, ca.certificates, clock())
      if ('issuer' in checked) return { ca, issuer: checked.issuer }
      if (checked.fault !== 'untrusted') fault = checked.fault
    }
  } catch {
    // an extension that is malformed
    return { fault: 'malformed' }
  }
  return { fault }
}

/** A device that checks certificates for a CA checks the signature too (GM/T 0029). It knows SM2 alone. */
async function isSignedForServer(
  { signatureServer }: IdentifyDeps,
  { der, key }: Certificate,
  data: Buffer,
  signature: Buffer,
): Promise<boolean> {
  if (key.kind !== 'sm2') return true
  const raw = rawOfDer(signature)
  return raw !== undefined && (await signatureServer?.verify(der, data, raw).catch(() => false)) === true
}

const keyOf = ({ issuer, spki }: Certificate) =>
  hash('sha256', Buffer.concat([Buffer.from(hash('sha256', issuer, 'hex')), spki]), 'hex')
