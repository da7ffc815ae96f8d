import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { documentTypes } from '../../../accounts/identifiers/documents.ts'
import { fileSentence } from '../../../config/machine-errors.ts'
import { readSettingFile, unusableFile } from '../../../config/setting-files.ts'
import type { Settings } from '../../../config/settings.ts'
import { upstreamId } from '../../../config/upstream-id.ts'
import { constraintsOf, mayBeUsed, readCertificate, type Certificate } from './x509/certificate.ts'
import { isSelfIssued } from './x509/chain.ts'

const setting = 'YIDENG_CERT_CAS'

/** A pattern with one group, which is the value. */
const pattern = z
  .string()
  .max(200)
  .refine((text) => groupsOf(text) === 1, 'must be a regular expression with one group')

function groupsOf(text: string): number {
  try {
    return (new RegExp(`${text}|`, 'u').exec('')?.length ?? 1) - 1
  } catch {
    return -1
  }
}

/** Where a value is in a certificate: each CA has places of its own. */
const place = z.strictObject({
  in: z.enum(['subject', 'extension']),
  oid: z.string().regex(/^[0-2](\.(0|[1-9]\d{0,9})){1,20}$/, 'must be an OID'),
  pattern: pattern.optional(),
})
export type Place = z.infer<typeof place>

/** `natural`: the certificate names a person by the number of a document. `legal`: a legal person (法人) by its code (GB 32100). */
const subject = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('natural'),
    documentType: z.enum(documentTypes as [string, ...string[]]).default('resident_id'),
    number: place,
    name: place,
  }),
  z.strictObject({ kind: z.literal('legal'), number: place, name: place }),
])
export type SubjectRule = z.infer<typeof subject>

const address = z.url({ protocol: /^https?$/ })

/** There is no way to switch the check off: a stolen stick must stop to sign in. */
const revocation = z.union([
  z.strictObject({ crls: z.array(z.string().min(1)).min(1).max(16) }),
  z.strictObject({ ocsp: address, hash: z.enum(['sha1', 'sha256', 'sm3']).default('sha1') }),
  z.strictObject({ svs: z.literal(true) }),
])

const row = z.strictObject({
  id: z.string().regex(upstreamId, 'must have small letters, digits and hyphens'),
  /** As people know it, such as 粤信签. */
  name: z.string().min(1).max(40),
  /** PEM or DER: a root, and each CA below it that issues. */
  certificateFiles: z.array(z.string().min(1)).min(1).max(10),
  /** Tried in this order: a certificate that names a person and their employer is one of a person where `natural` comes first. */
  subjects: z.array(subject).min(1).max(4),
  /** Where the keys are: on a stick, or in a program. */
  keys: z.enum(['hardware', 'software']).default('software'),
  /** The highest level of a sign-in. */
  level: z.union([z.literal(2), z.literal(3)]).default(3),
  revocation,
})

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

const schema = z.strictObject({
  /** Origin of the program on each person's computer that asks the stick for a signature. */
  agent: address
    .refine((text) => loopback.has(new URL(text).hostname), 'must be on the computer of the person: 127.0.0.1')
    .refine((text) => new URL(text).origin === text, 'must be an origin: scheme, host and port')
    .optional(),
  cas: z
    .array(row)
    .min(1)
    .max(50)
    .refine((rows) => new Set(rows.map(({ id }) => id)).size === rows.length, 'must have each id once'),
})

/** A CA as its operator registered it. */
export interface CertificateAuthority extends z.infer<typeof row> {
  certificates: readonly Certificate[]
}

export interface CertificateAuthorities {
  agent: string | undefined
  list: readonly CertificateAuthority[]
}

/**
 * Reads the file of YIDENG_CERT_CAS with the certificates that it names; their paths may be relative to it.
 * @throws SettingsError, never with the content of a file
 */
export function readAuthorities(file: string, { sm2Keys }: Pick<Settings, 'sm2Keys'>): CertificateAuthorities {
  const { agent, cas } = readSettingFile(setting, file, schema)
  const withoutServer = cas.find((one) => 'svs' in one.revocation && sm2Keys !== 'svs')
  if (withoutServer) throw unusableFile(setting, `the CA ${withoutServer.id} needs YIDENG_SM2_KEYS=svs`)
  return {
    agent,
    list: cas.map((one) => {
      const certificates = one.certificateFiles.map((name) => readCa(file, one.id, name))
      if (!certificates.some(isSelfIssued)) throw unusableFile(setting, `the CA ${one.id} has no certificate of a root`)
      if ('crls' in one.revocation)
        // a list changes each day: its content is read where it is used
        for (const name of one.revocation.crls) if (!isAddress(name)) fileOf(file, one.id, name, statSync)
      return { ...one, certificates }
    }),
  }
}

export const isAddress = (name: string): boolean => /^https?:\/\//.test(name)

/** @throws SettingsError where the file cannot be read */
function fileOf<T>(file: string, id: string, name: string, read: (path: string) => T): T {
  try {
    return read(resolve(dirname(file), name))
  } catch (cause) {
    throw unusableFile(setting, `a file of the CA ${id}: ${fileSentence(cause) ?? 'cannot be read'}`, cause)
  }
}

function readCa(file: string, id: string, name: string): Certificate {
  const bytes = fileOf(file, id, name, readFileSync)
  let read: Certificate
  try {
    // one PEM in each file: OpenSSL reads the first alone
    read = readCertificate(new X509Certificate(bytes).raw)
  } catch (cause) {
    throw unusableFile(setting, `the CA ${id} has a file that is no certificate`, cause)
  }
  if (!constraintsOf(read).ca || !mayBeUsed(read, 'keyCertSign'))
    throw unusableFile(setting, `the CA ${id} has a certificate that is none of a CA`)
  return read
}

/** The bytes of a PEM, or the bytes themselves. */
export function derOf(bytes: Buffer): Buffer {
  if (bytes[0] === 0x30) return bytes
  const [, body = ''] = /-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END/.exec(bytes.toString('latin1')) ?? []
  return Buffer.from(body, 'base64')
}
