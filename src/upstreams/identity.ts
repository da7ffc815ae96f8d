import { z } from 'zod'
import { parseDocument } from '../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../accounts/identifiers/names.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import type { UpstreamIdentity } from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'

/** Names of the fields where the row of an upstream names none (OpenID Connect Core 1.0, 5.1; ours for documents). */
const usualClaims = {
  subject: 'sub',
  name: 'name',
  phone: 'phone_number',
  documentType: 'id_type',
  documentNumber: 'id_number',
  level: 'acr',
} as const

type Field = keyof typeof usualClaims

/** In UTF-16 units: a longer value is no value of a person. */
const longestValue = 1024
const longestSubject = 255
/** The mark of bytes that could not be read: two subjects would look the same. */
const unreadable = '\u{fffd}'

const text = z
  .string()
  .max(longestValue)
  .nullish()
  .transform((value) => value || undefined)

/** Neither control characters nor halves of characters: each subject has one blind index. */
export const subject = z
  .string()
  .min(1)
  .max(longestSubject)
  .refine((value) => !/\p{C}/u.test(value) && !value.includes(unreadable))

/** Old systems number their people; a number beyond 2^53 is not exact. */
const numbered = z.union([subject, z.int().nonnegative().transform(String)])

const fields = { name: text, phone: text, documentType: text, documentNumber: text, level: text }
const schema = z.object({ subject, ...fields })
const schemaOfOld = z.object({ subject: numbered, ...fields })

type Map = Pick<Upstream, 'kind' | 'claims' | 'levels' | 'documentTypes' | 'options'>

/**
 * Reads the person in an answer of an upstream, by the names of its row. A field that is missing or malformed is left out.
 * @param today decides which dates of birth are in the future.
 * @returns undefined for an answer without a subject, or with a field of a wrong kind or an absurd length
 */
export function readIdentity(upstream: Map, answer: unknown, today: Date): UpstreamIdentity | undefined {
  const given = (field: Field) => valueAt(answer, upstream.claims[field] ?? usualClaims[field])
  const read = (upstream.kind === 'oauth2' ? schemaOfOld : schema).safeParse({
    subject: given('subject'),
    name: given('name'),
    phone: given('phone'),
    documentType: given('documentType'),
    documentNumber: given('documentNumber'),
    level: given('level'),
  })
  if (!read.success) return undefined
  const { name, phone, documentType, documentNumber, level } = read.data
  return {
    subject: read.data.subject,
    level: level === undefined ? 2 : (own(upstream.levels, level) ?? 2),
    document: documentOf(upstream, { type: documentType, number: documentNumber, today }),
    name: nameOf(name),
    phone: isUnproven(answer) ? undefined : phoneOf(phone),
  }
}

/** The value at names with dots between them; only own members count, so `__proto__` is a name like others. */
export function valueAt(answer: unknown, path: string): unknown {
  let value = answer
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = own(value as Record<string, unknown>, name)
  }
  return value
}

const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

/** The number is the person's word alone (OpenID Connect Core 1.0, 5.1). Some systems write the mark as a text. */
const isUnproven = (answer: unknown) => ['false', false].includes(valueAt(answer, 'phone_number_verified') as string)

function documentOf(
  { documentTypes, options }: Map,
  given: { type: string | undefined; number: string | undefined; today: Date },
): UpstreamIdentity['document'] {
  const { number, today } = given
  // an upstream whose people all have the same type of document may send none
  const theirs = given.type ?? own(options, 'documentType')
  if (number === undefined || typeof theirs !== 'string') return undefined
  const parsed = parseDocument({ type: own(documentTypes, theirs) ?? theirs, number, today })
  return parsed.ok ? { type: parsed.document.type, number: parsed.document.number } : undefined
}

function nameOf(given: string | undefined): string | undefined {
  const name = normaliseName(given ?? '')
  return checkName(name) === undefined ? name : undefined
}

function phoneOf(given: string | undefined): string | undefined {
  const parsed = parsePhone(given ?? '')
  return parsed.ok ? parsed.phone : undefined
}
