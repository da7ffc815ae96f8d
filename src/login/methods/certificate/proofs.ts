import { z } from 'zod'
import { isAmong } from '../../../accounts/constant-time.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import type { CertificateIdentity } from './identify.ts'

const subject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('natural'), documentType: z.string(), number: z.string(), name: z.string() }),
  z.object({ kind: z.literal('legal'), number: z.string(), name: z.string() }),
])

/** A certificate that signed in a running login, and that has no binding. It is sealed, and belongs to that login. */
const schema: z.ZodType<CertificateIdentity> = z.object({
  ca: z.string(),
  subject,
  key: z.string(),
  serial: z.string(),
})

/** By login: a login belongs to one browser, and so does the proof. */
export type CertificateProofs = SealedArtifacts<CertificateIdentity>

export const createProofs = (deps: Pick<CertificateDeps, 'artifacts' | 'cipher'>): CertificateProofs =>
  sealedArtifacts(deps, 'certificate-proof', schema)

/** Names a proof in a form: an answer counts for the certificate that its page showed, and for no other. */
export const proofId = ({ ca, subject: named, key, serial }: CertificateIdentity): string =>
  hashId(JSON.stringify([ca, named.kind, named.number, named.name, key, serial]))

/** Takes the proof of a login, where it is the one that the form names. */
export async function takeShown(
  proofs: CertificateProofs,
  login: string,
  given: string | undefined,
): Promise<CertificateIdentity | undefined> {
  const shown = await proofs.read(login)
  if (!shown || !isAmong(given ?? '', [proofId(shown)])) return undefined
  const taken = await proofs.take(login)
  // another answer in this login may have come in between
  return taken && isAmong(given ?? '', [proofId(taken)]) ? taken : undefined
}
