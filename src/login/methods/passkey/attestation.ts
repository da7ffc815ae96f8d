import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SettingsError } from '../../../config/settings.ts'

/** Certificates of makers of authenticators whose attestation is trusted. */
export type AttestationRoots = readonly X509Certificate[]

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Formats of hardware authenticators (WebAuthn Level 3, 8.2, 8.3, 8.6). */
const hardware: ReadonlySet<string> = new Set(['packed', 'tpm', 'fido-u2f'])

/**
 * The roots in a PEM file (YIDENG_PASSKEY_ROOTS); none without a file.
 * @throws SettingsError
 */
export function readRoots(file: string): AttestationRoots {
  if (!file) return []
  try {
    const roots = (readFileSync(file, 'utf8').match(certificate) ?? []).map((pem) => new X509Certificate(pem))
    if (roots.length > 0) return roots
  } catch (cause) {
    throw new SettingsError(unusable, { cause })
  }
  throw new SettingsError(unusable)
}

const unusable = 'The setting YIDENG_PASSKEY_ROOTS names a file without certificates (PEM) that can be read.'

const inTime = ({ validFromDate, validToDate }: X509Certificate, now: number) =>
  validFromDate.getTime() <= now && now <= validToDate.getTime()

const signedBy = (one: X509Certificate, by: X509Certificate) => by.ca && one.checkIssued(by) && one.verify(by.publicKey)

/**
 * Whether an attestation comes from hardware of a maker in `roots`: its certificates lead to one of them, each in its time (RFC
 * 5280, 6.1). The library checked before that the first one signed the passkey (WebAuthn Level 3, 7.1, step 22).
 * @param x5c DER, the authenticator's own first; empty for no attestation and for self attestation
 * @param now milliseconds since 1970 UTC
 */
export function isAttested(
  { fmt, x5c }: { fmt: string; x5c: readonly Uint8Array[] },
  roots: AttestationRoots,
  now: number,
): boolean {
  if (!hardware.has(fmt) || x5c.length === 0) return false
  const chain = x5c.map((der) => new X509Certificate(der))
  const linked = chain.every((one, index) => {
    const next = chain[index + 1]
    return inTime(one, now) && (next === undefined || signedBy(one, next))
  })
  const last = chain.at(-1)
  if (!linked || !last) return false
  return roots.some(
    (root) => inTime(root, now) && (root.fingerprint256 === last.fingerprint256 || signedBy(last, root)),
  )
}
