import { parseDocument } from '../../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../../accounts/identifiers/names.ts'
import { parsePhone } from '../../accounts/identifiers/phones.ts'
import { parseUsername } from '../../accounts/identifiers/usernames.ts'
import type { Opening } from '../../accounts/natural-persons.ts'
import { newPasswordProblem, type PasswordProblem } from '../../accounts/passwords/password-rules.ts'
import type { Problem } from '../outcome.ts'

type ProblemIn<T> = T extends { ok: false; problem: infer P } ? P : never
type IdentifierProblem =
  | NonNullable<ReturnType<typeof checkName>>
  | ProblemIn<ReturnType<typeof parseDocument>>
  | ProblemIn<ReturnType<typeof parsePhone>>
  | ProblemIn<ReturnType<typeof parseUsername>>

/** The messages for administrators. They never repeat the value, which is personal data. */
export const identifierWords: Record<IdentifierProblem, string> = {
  name_required: 'must be given',
  name_malformed: 'has characters that are not allowed in a name: write it as on the document',
  name_too_long: 'is too long: at most 60 Chinese characters, or 150 characters of other scripts',
  document_type_unknown: 'is not a known kind of document',
  document_number_required: 'must be given',
  document_number_malformed: 'has the wrong length or form for this kind of document',
  document_number_check_digit: 'has a wrong check digit: one character of it is mistyped',
  document_number_birth_date: 'contains a date of birth that does not exist',
  phone_malformed: 'must be a mobile number, such as 13800138000 or +85251234567',
  username_malformed:
    'must be 4 to 32 letters, digits, dots, underscores or hyphens, begin with a letter, and not look like a number',
}

const passwordWords: Record<PasswordProblem, string> = {
  password_too_short: 'is too short: at least 8 characters',
  password_too_long: 'is too long: at most 128 characters',
  password_common: 'is a common password, and easy to guess',
  password_breached: 'is on the list of breached passwords',
  password_personal: 'contains the name, phone, username or document number of the person',
}

export interface PersonInput {
  name: string
  'id-number': string
  phone: string
  username: string
  password: string
  'document-type': string
}

/** Reads all fields by the rules of registration, and reports every problem at once. */
export async function readOpening(
  input: PersonInput,
  today: Date,
  breached: (password: string) => Promise<boolean>,
): Promise<{ ok: true; opening: Omit<Opening, 'authenticators'> } | { ok: false; problems: Problem[] }> {
  const { name: given, 'id-number': number, 'document-type': type, password } = input
  const name = normaliseName(given)
  const document = parseDocument({ type, number, today })
  const phone = parsePhone(input.phone)
  const username = parseUsername(input.username)
  const found = {
    name: checkName(name),
    'id-number': document.ok ? undefined : document.problem,
    phone: phone.ok ? undefined : phone.problem,
    username: username.ok ? undefined : username.problem,
    password: await newPasswordProblem({
      password,
      personal: [given, number, input.phone, input.username],
      breached: { has: breached },
    }),
  }
  const words = { ...identifierWords, ...passwordWords }
  const problems = Object.entries(found).flatMap(([field, problem]) =>
    problem === undefined ? [] : [{ field, message: words[problem] }],
  )
  if (problems.length > 0 || !document.ok || !phone.ok || !username.ok) return { ok: false, problems }
  return { ok: true, opening: { document: document.document, name, phone: phone.phone, username: username.username } }
}
