import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Devices } from '../accounts/devices.ts'
import { readIdentifier, type IdentifierReading } from '../accounts/identifiers/identify.ts'
import { maskName } from '../accounts/identifiers/masking.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import { readCode } from '../accounts/account-recovery/recovery-codes.ts'
import type { Pass, Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirectTo } from '../pages/redirect.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { ownPath } from '../pages/own-path.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal, refusals } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { perNetwork } from '../guards/network-limit.ts'
import { createAccountTries } from '../guards/account-tries.ts'
import { actorOf } from '../login/host.ts'
import { passwordAuthenticator } from '../login/methods/password/stored.ts'
import type { Router, RouterContext } from '../login/method.ts'
import { newPasswordProblems } from '../login/new-password.ts'

export interface RecoveryDeps {
  recovery: Recovery
  persons: NaturalPersons
  passwords: Passwords
  breached: BreachedPasswords
  sessions: Sessions
  artifacts: Artifacts
  blindIndex: BlindIndex
  devices: Devices
  audit: AuditLog
  limits: Settings['limits']
  /** Cookies over https only. */
  secure: boolean
  clock: Clock
}

const kind = 'recovery'
/** Time to think of a new password. */
const openSeconds = 600
const addressWindowSeconds = 600

/** One browser on its way back into one account. */
const passed = z.object({
  /** What lets it set a password; undefined once that is done. */
  pass: z.object({ personId: z.string(), by: z.enum(['code', 'link']), key: z.string() }).optional(),
  /** Until when the account is then held, and how many passkeys are. */
  heldUntil: z.number().nullable(),
  heldPasskeys: z.number().default(0),
  back: z.string(),
})

/** The running login that a person came from, or their own pages; no other address. */
const backTo = (value: unknown) => {
  const path = value === undefined || value === '' ? '/account' : ownPath(value)
  return /^\/login\/[\w-]{1,64}$/.test(path) ? path : '/account'
}

/** 忘记密码: a recovery code with what the person knows, or an administrator's link, and then a new password. */
export function recoveryRoutes(router: Router, deps: RecoveryDeps): void {
  const { recovery, persons, passwords, breached, sessions, artifacts, audit, limits, secure, clock } = deps
  const tries = createAccountTries({ ...deps, kind: 'recovery-tries' })
  const passwordTries = createAccountTries({ ...deps, kind: 'password-tries' })

  const cookie = hostCookie('yideng_recovery', secure)
  const keyOf = (value: string) => createHash('sha256').update(value).digest('base64url')

  const links = perNetwork(deps, {
    name: 'recovery-links',
    most: limits.addressTries,
    seconds: addressWindowSeconds,
  })

  async function letIn(ctx: RouterContext, pass: Pass, back: string) {
    const value = randomBytes(32).toString('base64url')
    await artifacts.put(kind, keyOf(value), JSON.stringify({ pass, heldUntil: null, back }), { ttl: openSeconds })
    ctx.cookies.set(cookie, value, { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true })
    redirectTo(ctx, '/recover/new-password')
  }

  /** @throws Refusal `recovery_gone` */
  async function whereAmI(ctx: RouterContext) {
    const id = keyOf(ctx.cookies.get(cookie, { signed: false }) ?? '')
    const text = await artifacts.get(kind, id)
    if (text === undefined) throw new Refusal('recovery_gone', 'no recovery in this browser')
    return { id, ...passed.parse(JSON.parse(text)) }
  }

  /** @throws Refusal `recovery_gone` */
  async function mayChoose(ctx: RouterContext) {
    const { id, pass, back } = await whereAmI(ctx)
    const person = pass && (await persons.find(pass.personId))
    if (!pass || person?.status !== 'active') throw new Refusal('recovery_gone', 'done, or the account is not active')
    return { id, pass, back, person }
  }

  function showStart(
    ctx: RouterContext,
    back: string,
    wrong: { problems?: Record<string, string>; waitMs?: number; refused?: true } = {},
  ) {
    const request = requestOf(ctx)
    request.returnTo = `/recover?back=${encodeURIComponent(back)}`
    const { problems = {}, waitMs = 0, refused = false } = wrong
    if (waitMs > 0) ctx.set('retry-after', String(Math.ceil(waitMs / 1000)))
    const refusal = waitMs > 0 ? 'too_many_tries' : refused ? 'recovery_refused' : ''
    const status = refusal ? refusals[refusal] : Object.keys(problems).length > 0 ? 400 : 200
    // what is written on paper or known by heart is not sent back: only who one says to be
    const identifier = (request.form['identifier'] ?? '').slice(0, 64)
    const waitMinutes = Math.ceil(waitMs / 60_000) || Math.ceil(limits.passwordWaitSeconds / 60)
    const data = { identifier, problems, refusal, waitMinutes, tries: limits.passwordTries, back, csrf: request.csrf() }
    showPage(ctx, 'recover/start', data, status)
  }

  router.get('/recover', (ctx) => showStart(ctx, backTo(ctx.query['back'])))

  router.post('/recover', async (ctx) => {
    const { form } = requestOf(ctx)
    const back = backTo(form['back'])
    const { identifier = '', knowledge = '', code = '' } = form
    const problems = {
      ...(identifier.trim() ? {} : { identifier: 'identifier_required' }),
      ...(knowledge.trim() ? {} : { knowledge: 'knowledge_required' }),
      ...(readCode(code) ? {} : { code: 'recovery_code_malformed' }),
    }
    if (Object.keys(problems).length > 0) return showStart(ctx, back, { problems })
    const readings = readIdentifier(identifier.trim())
    const person = await persons.findByIdentifier(readings)
    // from here on the same is done for every account and for none
    const who = { identifier: identifier.trim(), person }
    const tried = await tries.make(requestOf(ctx), who, async () => {
      const knows = knowsMore(persons, person, readings, readIdentifier(knowledge.trim()))
      const checked = await recovery.checkCode(person?.id, code)
      return knows ? checked : undefined
    })
    const { result: pass, waitMs } = tried
    if (!pass && waitMs > 0) return showStart(ctx, back, { waitMs })
    if (!person || !pass || person.status !== 'active') {
      const about = { event: 'recovery.refused', ...actorOf(ctx), personId: person?.id } as const
      await audit.record({ ...about, details: { by: 'code' } })
      return showStart(ctx, back, { refused: true })
    }
    await tried.forget()
    return letIn(ctx, pass, back)
  })

  function showChoice(ctx: RouterContext, person: NaturalPerson, problems: Record<string, string> = {}) {
    const request = requestOf(ctx)
    request.returnTo = '/recover/new-password'
    const name = maskName(persons.open(person, 'name'))
    const status = Object.keys(problems).length > 0 ? 400 : 200
    showPage(ctx, 'recover/new-password', { name, problems, csrf: request.csrf() }, status)
  }

  router.get('/recover/new-password', async (ctx) => showChoice(ctx, (await mayChoose(ctx)).person))

  router.post('/recover/new-password', async (ctx) => {
    const { form } = requestOf(ctx)
    const { id, pass, back, person } = await mayChoose(ctx)
    const { name, phone, username, documentNumber } = persons.reveal(person)
    const problems = await newPasswordProblems(form, [name, phone, username, documentNumber], breached)
    if (Object.keys(problems).length > 0) return showChoice(ctx, person, problems)
    const replacement = passwordAuthenticator(await passwords.hash(form['password'] ?? '', 'known'))
    const recovered = await recovery.recover(pass, replacement, actorOf(ctx))
    if (!recovered) {
      const about = { event: 'recovery.refused', ...actorOf(ctx), personId: person.id } as const
      await audit.record({ ...about, details: { by: pass.by } })
      throw new Refusal('recovery_gone', 'the code or link was used meanwhile')
    }
    await sessions.removeEnded(person.id)
    // whoever forgot the password has tried wrong ones: the right one must not wait for that
    const names = [phone, phone.replace('+86', ''), username, documentNumber]
    await passwordTries.forgetAll(requestOf(ctx), person.id, names)
    await artifacts.put(kind, id, JSON.stringify({ ...recovered, back }), { ttl: openSeconds })
    return redirectTo(ctx, '/recover/done')
  })

  router.get('/recover/done', async (ctx) => {
    const { pass, heldUntil, heldPasskeys, back } = await whereAmI(ctx)
    if (pass) throw new Refusal('recovery_gone', 'not done yet')
    const held = heldUntil !== null && heldUntil > clock()
    showPage(ctx, 'recover/done', { back, until: held ? new Date(heldUntil).toISOString() : '', heldPasskeys })
  })

  // The token leaves the address bar at once; it is spent by the form only, so whatever previews links may look at it.
  router.get('/recover/:token', async (ctx) => {
    requestOf(ctx).returnTo = '/recover'
    await links.spend(requestOf(ctx))
    const pass = await recovery.checkLink(ctx['params']['token'] ?? '')
    if (pass) return letIn(ctx, pass, '/account')
    await audit.record({ event: 'recovery.refused', ...actorOf(ctx), details: { by: 'link' } })
    throw new Refusal('recovery_gone', 'an unknown, used or old link')
  })
}

/**
 * Whether somebody who named an account also knows the phone or the document number on record that they did not name it by.
 * As much is compared for nobody as for somebody.
 */
function knowsMore(
  persons: Pick<NaturalPersons, 'isOnRecord'>,
  person: NaturalPerson | undefined,
  named: readonly IdentifierReading[],
  known: readonly IdentifierReading[],
): boolean {
  const fits = (readings: readonly IdentifierReading[], which: 'phone' | 'document') =>
    readings
      .filter((reading) => reading.kind === which)
      .map((reading) => persons.isOnRecord(person, reading))
      .includes(true)
  return (['phone', 'document'] as const).filter((which) => fits(known, which) && !fits(named, which)).length > 0
}
