import { z } from 'zod'
import { parseDocument, type IdentityDocument } from '../identifiers/documents.ts'
import { checkName, matchKey, normaliseName } from '../identifiers/names.ts'
import { parsePhone } from '../identifiers/phones.ts'
import { parseUsername } from '../identifiers/usernames.ts'
import { parseLegacyHash, type LegacyHash } from '../passwords/legacy-hashes/legacy-hash.ts'
import type { Line } from './lines.ts'

/** An import gives real name at most: real person needs a face (DESIGN 1.4). */
const highestLevel = 3

const longest = 1024
const text = z.string().max(longest)

/** DESIGN 1.7. `createdAt` and `legalPersons` are read and not used: docs/import.md says why. */
const schema = z.object({
  sub: text.min(1),
  document: z.object({ type: text, number: text }),
  name: text,
  phone: text,
  phoneVerifiedAt: z.union([text, z.number()]).nullish(),
  username: text.nullish(),
  passwordHash: text.nullish(),
  level: z.int().min(1).max(4).nullish(),
  createdAt: z.union([text, z.number()]).nullish(),
  legalPersons: z.array(z.unknown()).nullish(),
})

/** A row of the file, parsed and normalised. */
export interface ImportRow {
  line: number
  sub: string
  document: IdentityDocument
  name: string
  nameKey: string
  /** E.164. */
  phone: string
  /** As accounts store it; undefined where the row has none, or one of another form. */
  username: string | undefined
  /** As the upstream writes it. */
  givenUsername: string | undefined
  legacy: { text: string; hash: LegacyHash } | undefined
  /** What the upstream vouches for. */
  level: 2 | 3
  /** When the upstream has proven the phone (ms since 1970 UTC); undefined without a time in a known form. */
  phoneVerifiedAt: number | undefined
}

export type ReadRow = { ok: true; row: ImportRow } | { ok: false; line: number; problem: string }

const utf8 = new TextDecoder('utf-8', { fatal: true })

const blank = Symbol('an empty line')

/** Undefined for bytes that are no JSON, or no UTF-8. */
function parseJson(bytes: Buffer): unknown {
  try {
    const json = utf8.decode(bytes)
    return json.trim() === '' ? blank : JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Reads a line; undefined for an empty one. A problem never repeats the value. */
export function readRow(line: Line, today: Date): ReadRow | undefined {
  const refuse = (problem: string): ReadRow => ({ ok: false, line: line.number, problem })
  if (!line.bytes) return refuse('line_too_long')
  const json = parseJson(line.bytes)
  if (json === blank) return undefined
  if (json === undefined) return refuse('not_json')
  const read = schema.safeParse(json)
  if (!read.success) return refuse(`field_${read.error.issues[0]?.path.join('.') || 'row'}`)
  const { sub, document: given, level } = read.data
  const name = normaliseName(read.data.name)
  const document = parseDocument({ ...given, today })
  const phone = parsePhone(read.data.phone)
  const nameProblem = checkName(name)
  if (nameProblem) return refuse(nameProblem)
  if (!document.ok) return refuse(document.problem)
  if (!phone.ok) return refuse(phone.problem)
  const legacy = legacyOf(read.data.passwordHash ?? '')
  if (legacy === 'malformed') return refuse('password_hash_malformed')
  const givenUsername = read.data.username?.trim() || undefined
  const username = givenUsername === undefined ? undefined : parseUsername(givenUsername)
  return {
    ok: true,
    row: {
      line: line.number,
      sub,
      document: document.document,
      name,
      nameKey: matchKey(name),
      phone: phone.phone,
      username: username?.ok ? username.username : undefined,
      givenUsername,
      legacy,
      level: (level ?? 2) >= highestLevel ? 3 : 2,
      phoneVerifiedAt: timeOf(read.data.phoneVerifiedAt),
    },
  }
}

const dateTime = z.iso.datetime({ offset: true })

/** RFC 3339 with its zone, or milliseconds since 1970 UTC. */
function timeOf(given: string | number | null | undefined): number | undefined {
  if (typeof given === 'number') return Math.trunc(given)
  const read = dateTime.safeParse(given)
  return read.success ? Date.parse(read.data) : undefined
}

function legacyOf(hash: string): ImportRow['legacy'] | 'malformed' {
  if (hash === '') return undefined
  const parsed = parseLegacyHash(hash)
  // a hash that was wrapped elsewhere may have any cost
  return parsed && 'bare' in parsed.hash ? { text: hash, hash: parsed } : 'malformed'
}
