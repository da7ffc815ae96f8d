import { constraintsOf, extensionOids, mayBeUsed, purposesOf, type Certificate } from './certificate.ts'
import { isSignedBy } from './signature.ts'

/**
 * Why a certificate proves no person. `untrusted`: no chain to a CA of the file. `time`: it, or a CA, is expired or not valid yet.
 * `not-for-signing`: the certificate for encryption of a pair (双证), or of a CA. `form`: an unknown critical extension.
 */
export type ChainFault = 'untrusted' | 'time' | 'not-for-signing' | 'form'

/** CAs in a chain, the root included. */
const longest = 5

/** Extensions whose meaning is checked here, or sets no limit. Another critical one refuses the certificate (RFC 5280, 4.2). */
const known: ReadonlySet<string> = new Set([
  extensionOids.subjectKeyId,
  extensionOids.keyUsage,
  extensionOids.subjectAltName,
  extensionOids.basicConstraints,
  extensionOids.crlDistributionPoints,
  extensionOids.certificatePolicies,
  extensionOids.authorityKeyId,
  extensionOids.extendedKeyUsage,
])

/** Limits of names are not checked here: a CA that has some issues nothing, also where it forgot to say critical (RFC 5280, 4.2.1.10). */
const nameConstraints = '2.5.29.30'

const isReadable = ({ extensions }: Certificate) =>
  !extensions.has(nameConstraints) && [...extensions].every(([oid, { critical }]) => !critical || known.has(oid))

const isValidAt = ({ notBefore, notAfter }: Certificate, now: number) => notBefore <= now && now <= notAfter

export const isSelfIssued = ({ issuer, subject }: Pick<Certificate, 'issuer' | 'subject'>): boolean =>
  issuer.equals(subject)

/** Whether one certificate is signed with the key of another, whose subject it names. */
export const isIssuedBy = async (one: Certificate, ca: Certificate): Promise<boolean> =>
  one.issuer.equals(ca.subject) && (await isSignedBy(ca.key, one.algorithm, one.tbs, one.signature))

/** Whether it may sign certificates, with this number of CAs below it in the chain. @throws DerFault */
function mayIssue(ca: Certificate, below: number): boolean {
  const { ca: is, pathLength } = constraintsOf(ca)
  return is && pathLength >= below && mayBeUsed(ca, 'keyCertSign') && isReadable(ca)
}

/** Purposes of a key that signs in: of a client, or any. */
const signsIn: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

/** The faults that a certificate of a person shows by itself. @throws DerFault */
function ownFault(certificate: Certificate, now: number): ChainFault | undefined {
  if (!isReadable(certificate)) return 'form'
  const purposes = purposesOf(certificate)
  const isFor = mayBeUsed(certificate, 'digitalSignature') && (purposes?.some((one) => signsIn.has(one)) ?? true)
  if (!isFor || constraintsOf(certificate).ca) return 'not-for-signing'
  return isValidAt(certificate, now) ? undefined : 'time'
}

/**
 * Checks the certificate of a person: a chain up to a root, by CAs of one row of the file, each valid now. The CAs come from the file
 * alone, never from the browser.
 * @param now milliseconds since 1970 UTC
 * @throws DerFault for an extension that is malformed
 */
export async function checkChain(
  certificate: Certificate,
  cas: readonly Certificate[],
  now: number,
): Promise<{ fault: ChainFault } | { issuer: Certificate }> {
  // a CA may have an expired certificate beside its new one
  const valid = cas.filter((ca) => isValidAt(ca, now))
  const chain = (await chainTo(certificate, valid)) ?? (await chainTo(certificate, cas))
  const [issuer] = chain ?? []
  if (!chain || !issuer) return { fault: 'untrusted' }
  const fault = ownFault(certificate, now) ?? (chain.every((ca) => isValidAt(ca, now)) ? undefined : 'time')
  return fault === undefined ? { issuer } : { fault }
}

/** From the issuer up to a root; undefined where there is no such way. */
async function chainTo(
  certificate: Certificate,
  cas: readonly Certificate[],
  below = 0,
): Promise<Certificate[] | undefined> {
  if (below >= longest) return undefined
  // a CA may have two keys of one name
  for (const ca of cas) {
    if (!mayIssue(ca, below) || !(await isIssuedBy(certificate, ca))) continue
    if (await isIssuedBy(ca, ca)) return [ca]
    const above = await chainTo(ca, cas, below + 1)
    if (above) return [ca, ...above]
  }
  return undefined
}
