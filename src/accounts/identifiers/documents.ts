import { z } from 'zod'
import { localized } from '../../config/localized.ts'
import { readJson } from '../../config/machine-errors.ts'
import { chinaOffsetMs } from '../../config/time.ts'
import { isRegion } from '../../config/regions.ts'
import { longestTyped, numberToAscii } from './ascii.ts'
import { isValid } from './gb11643.ts'

const form = z.strictObject({
  /** Form of the normalised number. Only the group `kept`, where there is one, is stored. Must be linear-time. */
  pattern: z
    .string()
    .regex(/^\^.*\$$/, 'must begin with ^ and end with $')
    .transform((source) => new RegExp(source)),
  check: z.literal('gb11643').optional(),
  /** Position of the eight digits of the date of birth, from 0. */
  birthDateAt: z.int().min(0).optional(),
  /** Position of the digit that is odd for a man (GB 11643). */
  genderAt: z.int().min(0).optional(),
  /** Position of a GB/T 2260 code. Only its province is checked: counties change, numbers do not. */
  regionAt: z.int().min(0).optional(),
  /** The pattern also matches ordinary words and telephone numbers. */
  fitsMuchElse: z.boolean().default(false),
})

type Form = z.infer<typeof form>

const table = new Map(
  Object.entries(
    readJson(
      new URL('../../../config/documents.json', import.meta.url),
      z.record(
        z.string(),
        z.strictObject({
          name: z.string(),
          /** A pseudonym in place of a document number. It comes from outside, and no form asks for it. */
          pseudonym: z.boolean().default(false),
          hint: localized,
          example: z.string(),
          source: z.string(),
          forms: z.array(form).min(1),
        }),
      ),
    ),
  ),
)

/** All kinds of identity documents, the most frequent first (config/documents.json). */
export const allDocumentTypes: readonly string[] = [...table.keys()]

/** Whether this kind is a pseudonym in place of a document number (网号). */
export const isPseudonym = (type: string): boolean => table.get(type)?.pseudonym === true

/** The kinds of documents that people have at hand. */
export const documentTypes: readonly string[] = allDocumentTypes.filter((type) => !isPseudonym(type))

/** How the number of a kind of document looks, in each language; undefined for an unknown kind. */
export const documentHint = (type: string) => table.get(type)?.hint

/** A made-up number of this kind. */
export const documentExample = (type: string): string => table.get(type)?.example ?? ''

export interface IdentityDocument {
  type: string
  /** Normalised: the form for the store, the index and the register. */
  number: string
  /** YYYY-MM-DD, where the number contains it. */
  birthDate?: string
  gender?: 'male' | 'female'
}

export type DocumentProblem =
  | 'document_type_unknown'
  | 'document_number_required'
  | 'document_number_malformed'
  | 'document_number_check_digit'
  | 'document_number_birth_date'

export type ParsedDocument = { ok: true; document: IdentityDocument } | { ok: false; problem: DocumentProblem }

const oldestYears = 150

/**
 * Reads the number of an identity document as people write it: full-width, with spaces or hyphens, in lower case.
 * @param expected.today decides, in China Standard Time, which dates of birth are in the future
 */
export function parseDocument(expected: { type: string; number: string; today: Date }): ParsedDocument {
  const { type, number: given, today } = expected
  const document = table.get(type)
  if (!document) return { ok: false, problem: 'document_type_unknown' }
  const typed = document.pseudonym ? given.trim() : normalise(given)
  if (typed === '') return { ok: false, problem: 'document_number_required' }
  if (typed === undefined) return { ok: false, problem: 'document_number_malformed' }
  const fitting = document.forms.find((one) => fits(one, typed))
  if (!fitting) return { ok: false, problem: 'document_number_malformed' }
  const number = storedNumber(fitting, typed)
  if (fitting.check && !isValid(number)) return { ok: false, problem: 'document_number_check_digit' }
  const { birthDateAt, genderAt } = fitting
  const birthDate = birthDateAt === undefined ? undefined : readBirthDate(number, birthDateAt, today)
  if (birthDateAt !== undefined && birthDate === undefined) return { ok: false, problem: 'document_number_birth_date' }
  const gender = genderAt === undefined ? undefined : Number(number[genderAt]) % 2 === 1 ? 'male' : 'female'
  return { ok: true, document: { type, number, ...(birthDate ? { birthDate } : {}), ...(gender ? { gender } : {}) } }
}

/** All document numbers that a text may be, normalised; dates of birth are not checked. */
export function readDocumentNumbers(text: string): { number: string; fitsMuchElse: boolean }[] {
  const typed = normalise(text)
  if (!typed) return []
  const numbers = new Map<string, boolean>()
  for (const one of [...table.values()].flatMap(({ forms, pseudonym }) => (pseudonym ? [] : forms))) {
    if (!fits(one, typed) || (one.check && !isValid(typed))) continue
    const number = storedNumber(one, typed)
    numbers.set(number, one.fitsMuchElse && (numbers.get(number) ?? true))
  }
  return [...numbers].map(([number, fitsMuchElse]) => ({ number, fitsMuchElse }))
}

function normalise(text: string): string | undefined {
  const signs = signsOf(text)
  if (signs !== undefined || text.length > longestTyped) return signs
  const crossed = signsOf(text.replaceAll(crosses, 'X'))
  return crossed !== undefined && endsInX.test(crossed) ? crossed : undefined
}

/** Signs and letters of Greek and Cyrillic that keyboards give for the X of GB 11643. Its check character finds a wrong one. */
const crosses = /[×✕✖⨯╳хХχΧ]/gu
const endsInX = /^\d{17}X$/

/** Brackets around the last two digits: some write the count of renewals of a permit so. */
function signsOf(text: string): string | undefined {
  return numberToAscii(text)
    ?.replaceAll(/[ -]/g, '')
    .replace(/\((\d{2})\)$/, '$1')
    .toUpperCase()
}

function fits({ pattern, regionAt }: Form, number: string): boolean {
  return pattern.test(number) && (regionAt === undefined || isRegion(`${number.slice(regionAt, regionAt + 2)}0000`))
}

function storedNumber({ pattern }: Form, number: string): string {
  return pattern.exec(number)?.groups?.['kept'] ?? number
}

/** A date of the calendar, not in the future and not more than 150 years ago; undefined for others. */
function readBirthDate(number: string, at: number, today: Date): string | undefined {
  const [year, month, day] = [number.slice(at, at + 4), number.slice(at + 4, at + 6), number.slice(at + 6, at + 8)]
  const born = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  // JavaScript reads 30 February as 2 March: only an unchanged date exists
  if (born.getUTCMonth() + 1 !== Number(month) || born.getUTCDate() !== Number(day)) return undefined
  const last = calendarDay(new Date(today.getTime() + chinaOffsetMs))
  const first = last - oldestYears * 10_000
  const given = Number(`${year}${month}${day}`)
  return given >= first && given <= last ? `${year}-${month}-${day}` : undefined
}

/** A number that orders days: 19900131 for 31 January 1990. */
const calendarDay = (date: Date) => (date.getUTCFullYear() * 100 + date.getUTCMonth() + 1) * 100 + date.getUTCDate()
