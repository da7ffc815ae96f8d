import {
  extensionOids,
  algorithmOf,
  mayBeUsed,
  readExtensions,
  type Certificate,
  type Extension,
} from './certificate.ts'
import {
  bytesOf,
  contextTag,
  DerFault,
  of,
  partsOf,
  positiveOf,
  readDer,
  sequenceOf,
  smallOf,
  tags,
  timeOf,
} from './der.ts'
import { isSignedBy } from './signature.ts'

/** A list of revoked certificates (RFC 5280, 5). Nothing is proven yet: `stateIn` asks who has signed it. */
export interface RevocationList {
  tbs: Buffer
  algorithm: string
  signature: Buffer
  issuer: Buffer
  /** Milliseconds since 1970 UTC. */
  thisUpdate: number
  nextUpdate: number
  /** Serials in hexadecimal, on hold too. */
  revoked: ReadonlySet<string>
  /** DER of the name of the part that it is; undefined for a whole list. */
  part: Buffer | undefined
}

/** The state of a certificate. `unknown` is no permission: the list is old, of another CA, or of another part. */
export type RevocationState = 'good' | 'revoked' | 'unknown'

/** Of a list: its number, and the key of its signer. */
const harmless: ReadonlySet<string> = new Set(['2.5.29.20', extensionOids.authorityKeyId])

/** A list with it has only what changed since another one (RFC 5280, 5.2.4). */
const changesOf = '2.5.29.27'

/** @throws DerFault, also for a list of changes, or of several CAs */
export function readRevocationList(der: Buffer): RevocationList {
  const [tbs, algorithm, signature, ...rest] = sequenceOf(der)
  const [version, inner, issuer, thisUpdate, nextUpdate, ...more] = partsOf(of(tbs, tags.sequence))
  if (rest.length > 0 || smallOf(version) !== 1) throw new DerFault('not version 2')
  if (!inner || !algorithm?.raw.equals(inner.raw)) throw new DerFault('two algorithms')
  const list = more[0]?.tag === tags.sequence ? more.shift() : undefined
  const [wrapped] = more
  const extensions = wrapped && readExtensions(readDer(of(wrapped, contextTag(0)).content, tags.sequence))
  return {
    tbs: of(tbs, tags.sequence).raw,
    algorithm: algorithmOf(algorithm),
    signature: bytesOf(signature),
    issuer: of(issuer, tags.sequence).raw,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    revoked: new Set((list ? partsOf(list) : []).map((entry) => serialIn(entry.content))),
    part: extensions && partOf(extensions),
  }
}

/** An entry of a list that speaks for several CAs has a critical extension. */
function serialIn(entry: Buffer): string {
  const [serial, date, extensions] = partsOf({ content: entry })
  timeOf(date)
  if (extensions && [...readExtensions(of(extensions, tags.sequence)).values()].some(({ critical }) => critical))
    throw new DerFault('a critical extension of an entry')
  return positiveOf(serial)
}

/** @throws DerFault for a critical extension that limits the list in another way than by a part */
function partOf(extensions: ReadonlyMap<string, Extension>): Buffer | undefined {
  const { issuingDistributionPoint } = extensionOids
  // some CAs do not mark it as critical
  if (extensions.has(changesOf)) throw new DerFault('a list of changes')
  for (const [oid, { critical }] of extensions)
    if (critical && oid !== issuingDistributionPoint && !harmless.has(oid))
      throw new DerFault('a critical extension of a list')
  const extension = extensions.get(issuingDistributionPoint)
  if (!extension) return undefined
  const parts = sequenceOf(extension.value)
  // [0] is the name, [1] says that it has certificates of persons alone
  if (parts.some(({ tag }) => tag !== contextTag(0) && tag !== contextTag(1, false)))
    throw new DerFault('a list of other certificates')
  return parts.find(({ tag }) => tag === contextTag(0))?.raw
}

/** The clock of a CA may go before ours. Milliseconds. */
const skewMs = 5 * 60_000

/** Whether the list speaks for the certificates of this CA at this moment. A CA without a right to sign lists signs none. */
export const isListOf = async (list: RevocationList, issuer: Certificate, now: number): Promise<boolean> =>
  list.issuer.equals(issuer.subject) &&
  list.thisUpdate <= now + skewMs &&
  now <= list.nextUpdate &&
  mayBeUsed(issuer, 'crlSign') &&
  (await isSignedBy(issuer.key, list.algorithm, list.tbs, list.signature))

/** Whether the certificate is of the part that a list is about. @throws DerFault */
function isOfPart({ part }: RevocationList, { extensions }: Certificate): boolean {
  if (part === undefined) return true
  const points = extensions.get(extensionOids.crlDistributionPoints)
  if (!points) return false
  return sequenceOf(points.value).some((point) => partsOf(of(point, tags.sequence))[0]?.raw.equals(part))
}

/** The state of a certificate by a list that `isListOf` accepts. @throws DerFault */
export function stateIn(list: RevocationList, certificate: Certificate): RevocationState {
  if (list.revoked.has(certificate.serial)) return 'revoked'
  return isOfPart(list, certificate) ? 'good' : 'unknown'
}
