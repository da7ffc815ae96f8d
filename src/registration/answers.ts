import { parseDocument, type IdentityDocument } from '../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../accounts/identifiers/names.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import { parseUsername } from '../accounts/identifiers/usernames.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import { newPasswordProblem } from '../accounts/passwords/password-rules.ts'
import type { Clock } from '../config/clock.ts'

/** What a person typed, by the field of the form. */
export type Answers = Readonly<Record<string, string>>

/** Problems by the field of the form. */
export type Problems = Record<string, string>

/** Steps of a registration: the person, the password, the agreement. */
export const steps = [1, 2, 3] as const
export type Step = (typeof steps)[number]

/** Fields of each step that a draft keeps. The agreement is given each time. */
const kept: Record<Step, readonly string[]> = {
  1: ['name', 'document_type', 'document_number', 'phone_code', 'phone'],
  2: ['password', 'username'],
  3: [],
}

/** More than any field needs (config/documents.json, password-rules.ts). In UTF-16 units. */
const longestAnswer = 1025

export const stepOf = (value: unknown): Step | undefined => steps.find((step) => String(step) === value)

/** The answers that a form brings. An empty password is no answer: the one before stays. */
export function answersIn(form: Answers): Answers {
  const named = steps.flatMap((step) => kept[step]).filter((field) => field in form)
  const given = named.filter((field) => field !== 'password' || form[field] !== '')
  return Object.fromEntries(given.map((field) => [field, (form[field] ?? '').slice(0, longestAnswer)]))
}

/** The last step that a form answers: its own, or a later one whose fields it has. */
export function lastStepIn(form: Answers): Step {
  const own = stepOf(form['step']) ?? 1
  if ('consent' in form) return 3
  return 'password' in form && own < 2 ? 2 : own
}

/** The phone as it was typed, with the country code that was chosen beside it. */
export function phoneOf({ phone = '', phone_code: code = '86' }: Answers): string {
  const typed = phone.trim()
  const alone = typed === '' || /^(?:\+|＋|00)/.test(typed) || !/^\d{1,3}$/.test(code) || code === '86'
  return alone ? typed : `+${code}${typed}`
}

/** A registration without problems. */
export interface RegistrationInput {
  document: IdentityDocument
  name: string
  phone: string
  /** Empty where the person wants none. */
  username: string
  password: string
}

const withoutGaps = (problems: Record<string, string | undefined>): Problems =>
  Object.fromEntries(Object.entries(problems).filter((entry): entry is [string, string] => entry[1] !== undefined))

function who(answers: Answers, clock: Clock) {
  const name = normaliseName(answers['name'] ?? '')
  const { document_type: type = '', document_number: number = '' } = answers
  const document = parseDocument({ type, number, today: new Date(clock()) })
  const phone = parsePhone(phoneOf(answers))
  const ofDocument = document.ok ? {} : documentProblem(document.problem)
  const ofPhone = phone.ok ? undefined : phoneProblem(answers)
  return { name, document, phone, problems: withoutGaps({ name: checkName(name), ...ofDocument, phone: ofPhone }) }
}

const documentProblem = (problem: string): Problems =>
  problem === 'document_type_unknown' ? { document_type: problem } : { document_number: problem }

/** Says the form of the numbers of the chosen country. */
function phoneProblem({ phone = '', phone_code: code = '86' }: Answers): string {
  if (phone.trim() === '') return 'phone_required'
  return ['86', '852', '853', '886'].includes(code) ? `phone_malformed_${code}` : 'phone_malformed_other'
}

async function ofEntry(answers: Answers, breached: BreachedPasswords) {
  const { password = '', username: wanted = '' } = answers
  const username = wanted.trim() === '' ? { ok: true as const, username: '' } : parseUsername(wanted)
  const { name = '', document_number: number = '', phone = '' } = answers
  const personal = [normaliseName(name), number, phone, wanted]
  const problems = withoutGaps({
    password: password === '' ? 'password_required' : await newPasswordProblem({ password, personal, breached }),
    username: username.ok ? undefined : username.problem,
  })
  return { username, password, problems }
}

export type ReadAnswers = { input: RegistrationInput; step?: never } | { step: Step; problems: Problems; input?: never }

/** Reads the answers, and names the first step with a problem. */
export async function readAnswers(
  answers: Answers,
  { breached, clock }: { breached: BreachedPasswords; clock: Clock },
): Promise<ReadAnswers> {
  const { name, document, phone, problems: ofWho } = who(answers, clock)
  if (!document.ok || !phone.ok || Object.keys(ofWho).length > 0) return { step: 1, problems: ofWho }
  const { username, password, problems } = await ofEntry(answers, breached)
  if (!username.ok || Object.keys(problems).length > 0) return { step: 2, problems }
  return { input: { document: document.document, name, phone: phone.phone, username: username.username, password } }
}
