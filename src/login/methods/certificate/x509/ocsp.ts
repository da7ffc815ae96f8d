import { hash } from 'node:crypto'
import { algorithmOf, mayBeUsed, purposesOf, readCertificate, readExtensions, type Certificate } from './certificate.ts'
import { isIssuedBy } from './chain.ts'
import type { RevocationState } from './crl.ts'
import {
  bytesOf,
  contextTag,
  DerFault,
  of,
  oidOf,
  partsOf,
  readDer,
  sequenceOf,
  smallOf,
  tags,
  timeOf,
  writeDer,
  writeOid,
  type Der,
} from './der.ts'
import { isSignedBy } from './signature.ts'

const nonceOid = '1.3.6.1.5.5.7.48.1.2'
const basicOid = '1.3.6.1.5.5.7.48.1.1'
const signsAnswers = '1.3.6.1.5.5.7.3.9'

/** How the CA names a certificate in questions: most know SHA-1 alone here (RFC 6960, 4.3). It signs nothing. */
export const ocspHashes = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sm3: '1.2.156.10197.1.401',
} as const
export type OcspHash = keyof typeof ocspHashes

interface About {
  certificate: Certificate
  issuer: Certificate
}

/** The CertID of a certificate. */
function certIdOf({ certificate, issuer }: About, name: OcspHash): Buffer {
  const digest = (data: Buffer) => writeDer(tags.octetString, hash(name, data, 'buffer'))
  const algorithm = writeDer(tags.sequence, writeOid(ocspHashes[name]), writeDer(tags.null))
  const serial = Buffer.from(
    certificate.serial.padStart(certificate.serial.length + (certificate.serial.length % 2), '0'),
    'hex',
  )
  const positive = (serial[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), serial]) : serial
  const key = bytesOf(sequenceOf(issuer.spki)[1])
  return writeDer(tags.sequence, algorithm, digest(issuer.subject), digest(key), writeDer(tags.integer, positive))
}

/** A question about one certificate. @param nonce the answer must have it, where the CA returns nonces */
export function ocspQuestion(about: About, name: OcspHash, nonce: Buffer): Buffer {
  const request = writeDer(tags.sequence, certIdOf(about, name))
  const extension = writeDer(
    tags.sequence,
    writeOid(nonceOid),
    writeDer(tags.octetString, writeDer(tags.octetString, nonce)),
  )
  return writeDer(
    tags.sequence,
    writeDer(
      tags.sequence,
      writeDer(tags.sequence, request),
      writeDer(contextTag(2), writeDer(tags.sequence, extension)),
    ),
  )
}

/** The clock of a CA may go before ours; an answer without an end is of this moment. Milliseconds. */
const skewMs = 5 * 60_000

/**
 * What an answer of OCSP says (RFC 6960). An answer that is old, unsigned, of another signer or about another certificate is `unknown`.
 * A nonce may be missing, for some CAs sign answers in advance; a wrong one is not accepted.
 * @throws Error for bytes that are no answer
 */
export async function ocspState(
  answer: Buffer,
  about: About,
  { name, nonce, now }: { name: OcspHash; nonce: Buffer; now: number },
): Promise<RevocationState> {
  const [status, wrapped] = sequenceOf(answer)
  if (of(status, tags.enumerated).content.toString('hex') !== '00') return 'unknown'
  const [type, bytes] = sequenceOf(of(wrapped, contextTag(0)).content)
  if (oidOf(type) !== basicOid) throw new DerFault('another type of answer')
  const [data, algorithm, signature, certificates] = sequenceOf(of(bytes, tags.octetString).content)
  const tbs = of(data, tags.sequence)
  const signers = [about.issuer, ...(await delegatesIn(certificates, about.issuer, now))]
  const signed = await Promise.all(
    signers.map(({ key }) => isSignedBy(key, algorithmOf(algorithm), tbs.raw, bytesOf(signature))),
  )
  return signed.includes(true) ? stateOf(tbs, certIdOf(about, name), nonce, now) : 'unknown'
}

/** Certificates in the answer that the CA itself has issued for signing answers (RFC 6960, 4.2.2.2). */
async function delegatesIn(wrapped: Der | undefined, issuer: Certificate, now: number): Promise<Certificate[]> {
  if (!wrapped) return []
  const all = sequenceOf(of(wrapped, contextTag(0)).content)
    .slice(0, 3)
    .map(({ raw }) => readCertificate(raw))
  const checked = await Promise.all(
    all.map(async (one) => {
      const isFor = purposesOf(one)?.includes(signsAnswers) === true && mayBeUsed(one, 'digitalSignature')
      const isValid = one.notBefore <= now && now <= one.notAfter
      return isFor && isValid && (await isIssuedBy(one, issuer)) ? [one] : []
    }),
  )
  return checked.flat()
}

function stateOf(tbs: Der, certId: Buffer, nonce: Buffer, now: number): RevocationState {
  const parts = partsOf(tbs)
  const version = parts[0]?.tag === contextTag(0) ? parts.shift() : undefined
  if (version && smallOf(partsOf(version)[0]) !== 0) throw new DerFault('another version')
  const [, , responses, wrapped] = parts
  const extensions = wrapped && readExtensions(readDer(of(wrapped, contextTag(1)).content, tags.sequence))
  const given = extensions?.get(nonceOid)
  const isOther = given && !readDer(given.value, tags.octetString).content.equals(nonce)
  if (isOther || [...(extensions ?? [])].some(([oid, { critical }]) => critical && oid !== nonceOid)) return 'unknown'
  const found = partsOf(of(responses, tags.sequence)).map((one) => partsOf(of(one, tags.sequence)))
  const own = found.filter(([id]) => id?.raw.equals(certId))
  const [single] = own
  // two answers about one certificate may contradict
  if (!single || own.length > 1) return 'unknown'
  return stateOfSingle(single, now)
}

function stateOfSingle([, status, thisUpdate, next]: readonly Der[], now: number): RevocationState {
  const from = timeOf(thisUpdate)
  const until = next?.tag === contextTag(0) ? timeOf(partsOf(next)[0]) : from + skewMs
  if (from > now + skewMs || now > until + skewMs) return 'unknown'
  if (status?.tag === contextTag(0, false)) return 'good'
  return status?.tag === contextTag(1) ? 'revoked' : 'unknown'
}
