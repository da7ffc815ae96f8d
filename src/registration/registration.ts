import { randomBytes } from 'node:crypto'
import { documentTypes, parseDocument } from '../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../accounts/identifiers/names.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import { parseUsername } from '../accounts/identifiers/usernames.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { redirectTo } from '../pages/redirect.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { perNetwork } from '../guards/network-limit.ts'
import { assertQuestion, pathOf, type Attempt } from '../login/attempt.ts'
import { actorOf, type QuestionHost } from '../login/host.ts'
import type { Router, RouterContext } from '../login/method.ts'
import { newPasswordProblems } from '../login/new-password.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'

/** The privacy notice people agree to; raise it with the text in views/register/privacy.eta. */
export const noticeVersion = '2026-11'

export interface RegistrationDeps {
  host: QuestionHost
  persons: NaturalPersons
  passwords: Passwords
  breached: BreachedPasswords
  matches: RegisterMatches
  artifacts: Artifacts
  blindIndex: BlindIndex
  registrationsPerHour: number
  /** Cookies over https only. */
  secure: boolean
  clock: Clock
}

const kept = ['name', 'document_type', 'document_number', 'phone', 'username'] as const
const kind = 'registered'
const keptSeconds = 600

function statusOf(problems: Record<string, string>): number {
  if (problems['form'] === 'too_many_registrations') return 429
  return Object.keys(problems).length > 0 ? 400 : 200
}

/** Opening an account: by itself at /register, or on the way into a portal, which it then leads into. */
export function registrationRoutes(router: Router, deps: RegistrationDeps): void {
  const { host, persons, passwords, breached, matches, artifacts, registrationsPerHour, secure, clock } = deps
  const limit = perNetwork(deps, { name: 'registrations', most: registrationsPerHour, seconds: 3600 })
  const cookie = hostCookie('yideng_registered', secure)

  function show(ctx: RouterContext, attempt: Attempt | undefined, problems: Record<string, string> = {}) {
    const request = requestOf(ctx)
    const values = Object.fromEntries(kept.map((field) => [field, request.form[field] ?? '']))
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

  /** Reads the form whole, so that a person sees every problem at once. */
  async function read(form: Readonly<Record<string, string>>) {
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
    if (found.length > 0 || !document.ok || !phone.ok || !username.ok) return { problems: Object.fromEntries(found) }
    return { document: document.document, name, phone: phone.phone, username: username.username, password }
  }

  async function register(ctx: RouterContext, attempt: Attempt | undefined) {
    const input = await read(requestOf(ctx).form)
    if ('problems' in input) return show(ctx, attempt, input.problems)
    const wait = await limit.count(requestOf(ctx))
    if (wait > 0) {
      ctx.set('retry-after', String(wait))
      return show(ctx, attempt, { form: 'too_many_registrations' })
    }
    const { password, ...opening } = input
    const passwordHash = await passwords.hash(password)
    const { document, name } = opening
    const silent = await matches.silent({ documentType: document.type, documentNumber: document.number, name })
    const opened = await persons.create({ ...opening, passwordHash, noticeVersion, silent }, actorOf(ctx))
    if (!opened.ok) return show(ctx, attempt, { username: opened.problem })
    const id = attempt?.id ?? randomBytes(32).toString('base64url')
    await artifacts.put(kind, hashId(id), opened.person.id, { ttl: keptSeconds })
    if (attempt) return redirectTo(ctx, pathOf(attempt, 'registered'))
    // without a running login this cookie is all that shows the new account to its browser
    ctx.cookies.set(cookie, id, { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true })
    return redirectTo(ctx, '/registered')
  }

  async function showRegistered(ctx: RouterContext, id: string, continueAction?: string) {
    const personId = await artifacts.get(kind, hashId(id))
    const person = personId === undefined ? undefined : await persons.find(personId)
    if (!person) throw new Refusal('login_expired', 'no registration')
    showPage(ctx, 'register/registered', {
      username: persons.reveal(person).username,
      csrf: requestOf(ctx).csrf(),
      ...(continueAction ? { continueAction } : {}),
    })
  }

  const openAttempt = async (ctx: RouterContext) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    return attempt
  }

  router.get('/privacy', (ctx) => showPage(ctx, 'register/privacy', { version: noticeVersion }))
  router.get('/register', (ctx) => show(ctx, undefined))
  router.post('/register', (ctx) => {
    requestOf(ctx).returnTo = '/register'
    return register(ctx, undefined)
  })
  router.get('/registered', (ctx) => showRegistered(ctx, ctx.cookies.get(cookie, { signed: false }) ?? ''))

  router.get('/login/:attempt/register', async (ctx) => show(ctx, await openAttempt(ctx)))
  router.post('/login/:attempt/register', async (ctx) => register(ctx, await openAttempt(ctx)))
  router.get('/login/:attempt/registered', async (ctx) => {
    const attempt = await openAttempt(ctx)
    await showRegistered(ctx, attempt.id, pathOf(attempt, 'registered'))
  })
  router.post('/login/:attempt/registered', async (ctx) => {
    const attempt = await openAttempt(ctx)
    const personId = await artifacts.take(kind, hashId(attempt.id))
    if (personId === undefined) throw new Refusal('login_expired', 'no registration')
    await host.succeed(ctx, { method: 'registration', personId, amr: ['pwd'] })
  })
}

function documentProblem(problem: string) {
  return problem === 'document_type_unknown' ? { document_type: problem } : { document_number: problem }
}
