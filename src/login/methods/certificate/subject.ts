import { parseDocument } from '../../../accounts/identifiers/documents.ts'
import { parseCreditCode } from '../../../accounts/identifiers/gb32100.ts'
import type { CertificateAuthority, Place, SubjectRule } from './cas-file.ts'
import type { Certificate } from './x509/certificate.ts'
import { DerFault, partsOf, readDer, textOf, type Der } from './x509/der.ts'

/** The person that a certificate names. */
export type CertificateSubject =
  | { kind: 'natural'; documentType: string; number: string; name: string }
  /** A legal person 法人. The holder of its stick is not known. */
  | { kind: 'legal'; number: string; name: string }

const longest = 200

/**
 * The first rule of the CA whose places the certificate has. Undefined where none fits, where a number is malformed, or where a place
 * has two values: one reader would take the first, and another the last.
 */
export function subjectOf(
  { subjects }: Pick<CertificateAuthority, 'subjects'>,
  certificate: Certificate,
  now: number,
): CertificateSubject | undefined {
  for (const rule of subjects) {
    const [numbers, names] = [rule.number, rule.name].map((place) => valuesAt(place, certificate))
    if (!numbers?.length || !names?.length) continue
    const [[number, ...others], [name, ...otherNames]] = [numbers, names]
    if (others.length > 0 || otherNames.length > 0 || number === undefined || name === undefined) return undefined
    return checked(rule, number, name, now)
  }
  return undefined
}

function checked(rule: SubjectRule, number: string, name: string, now: number): CertificateSubject | undefined {
  if (rule.kind === 'legal') {
    const parsed = parseCreditCode(number)
    return parsed.ok ? { kind: 'legal', number: parsed.uscc, name } : undefined
  }
  const parsed = parseDocument({ type: rule.documentType, number, today: new Date(now) })
  return parsed.ok
    ? { kind: 'natural', documentType: parsed.document.type, number: parsed.document.number, name }
    : undefined
}

function valuesAt({ in: where, oid, pattern }: Place, { fields, extensions }: Certificate): string[] {
  const extension = extensions.get(oid)
  const texts =
    where === 'subject'
      ? fields.filter((one) => one.oid === oid).map(({ text }) => text)
      : extension
        ? textsOf(extension.value)
        : []
  return texts
    .filter((text) => text.length <= longest)
    .flatMap((text) => (pattern === undefined ? [text] : (new RegExp(`^(?:${pattern})$`, 'u').exec(text)?.[1] ?? [])))
}

/** Texts of an extension: bare, or in the tags and sequences that GM/T 0015 and CAs put around them. */
function textsOf(value: Buffer): string[] {
  try {
    return textsIn(readDer(value), 0)
  } catch (error) {
    if (!(error instanceof DerFault)) throw error
    return []
  }
}

const deepest = 3

function textsIn(value: Der, depth: number): string[] {
  const isConstructed = (value.tag & 0x20) !== 0
  if (isConstructed && depth < deepest) return partsOf(value).flatMap((part) => textsIn(part, depth + 1))
  // an implicit tag has the place of that of a text
  return [textOf(value.tag >= 0x80 && !isConstructed ? { ...value, tag: 0x0c } : value)]
}
