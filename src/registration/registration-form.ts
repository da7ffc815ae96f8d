import { documentTypes, parseDocument, type IdentityDocument } from '../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../accounts/identifiers/names.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import { parseUsername } from '../accounts/identifiers/usernames.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Clock } from '../config/clock.ts'
import { pathOf, type Attempt } from '../login/attempt.ts'
import type { RouterContext } from '../login/method.ts'
import { newPasswordProblems } from '../login/new-password.ts'
import { showPage, requestOf } from '../pages/request-context.ts'

/** The privacy notice that people agree to; change it together with the text in views/register/privacy.eta. */
export const noticeVersion = '2026-11'

/** Problems by the field of the form. */
type Problems = Record<string, string>

/** Fields that the page shows again after a problem; never the password. */
const repeated = ['name', 'document_type', 'document_number', 'phone', 'username'] as const

/** Shows the form, with the problems of the last try. */
export function showForm(ctx: RouterContext, attempt: Attempt | undefined, problems: Problems = {}): void {
  const request = requestOf(ctx)
  const values = Object.fromEntries(repeated.map((field) => [field, request.form[field] ?? '']))
  const { document_type: documentType = '' } = values
  showPage(
    ctx,
    'register/register',
    {
      action: attempt ? pathOf(attempt, 'register') : '/register',
      csrf: request.csrf(),
      documentTypes,
      values: { ...values, document_type: documentType || documentTypes[0] },
      problems,
      noticeVersion,
      ...(attempt ? { backUrl: pathOf(attempt), portal: attempt.portal } : {}),
    },
    statusOf(problems),
  )
}

function statusOf(problems: Problems): number {
  if (problems['form'] === 'too_many_registrations') return 429
  return Object.keys(problems).length > 0 ? 400 : 200
}

/** A form without problems. */
export interface RegistrationInput {
  document: IdentityDocument
  name: string
  phone: string
  username: string
  password: string
}

/** Reads the whole form, so that the person sees every problem at once. */
export async function readForm(
  form: Readonly<Record<string, string>>,
  { breached, clock }: { breached: BreachedPasswords; clock: Clock },
): Promise<{ ok: true; input: RegistrationInput } | { ok: false; problems: Problems }> {
  const name = normaliseName(form['name'] ?? '')
  const today = new Date(clock())
  const document = parseDocument({ type: form['document_type'] ?? '', number: form['document_number'] ?? '', today })
  const phone = parsePhone(form['phone'] ?? '')
  const username = parseUsername(form['username'] ?? '')
  const { password = '' } = form
  const personal = [name, form['document_number'] ?? '', form['phone'] ?? '', form['username'] ?? '']
  const problems = {
    name: checkName(name),
    ...(document.ok ? {} : documentProblem(document.problem)),
    phone: phone.ok ? undefined : phone.problem,
    username: username.ok ? undefined : username.problem,
    ...(await newPasswordProblems(form, personal, breached)),
    consent: form['consent'] === 'yes' ? undefined : 'consent_required',
  }
  const found = Object.entries(problems).filter((entry): entry is [string, string] => entry[1] !== undefined)
  if (found.length > 0 || !document.ok || !phone.ok || !username.ok)
    return { ok: false, problems: Object.fromEntries(found) }
  const input = { document: document.document, name, phone: phone.phone, username: username.username, password }
  return { ok: true, input }
}

function documentProblem(problem: string): Problems {
  return problem === 'document_type_unknown' ? { document_type: problem } : { document_number: problem }
}
