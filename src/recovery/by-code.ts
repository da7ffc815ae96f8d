import { isOfOwnDevice } from '../login-methods.ts'
import { readCode } from '../accounts/account-recovery/recovery-codes.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import { readIdentifier } from '../accounts/identifiers/identify.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Settings } from '../config/settings.ts'
import type { AccountTries } from '../guards/account-tries.ts'
import { actorOf } from '../login/actor.ts'
import type { RouterContext } from '../login/method.ts'
import { ownPath } from '../pages/own-path.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { refusals } from '../refusal/refusal.ts'
import { knowsMore } from './knows-more.ts'
import { beginRecovery, type RecoveryStateDeps } from './recovery-state.ts'

export interface ByCodeDeps extends RecoveryStateDeps {
  recovery: Recovery
  persons: NaturalPersons
  tries: AccountTries
  audit: AuditLog
  limits: Pick<Settings['limits'], 'passwordTries' | 'passwordWaitSeconds'>
  /** Seconds of the wait after a recovery by code. */
  recoveryHold: number
}

/** The running login that the person came from, else the account centre; never another address. */
export function backTo(value: unknown): string {
  const path = value === undefined || value === '' ? '/account' : ownPath(value)
  return /^\/login\/[\w-]{1,64}$/.test(path) ? path : '/account'
}

/** A login method on the page of a forgotten password. */
export interface ShownWay {
  name: string
  icon: string
}

/** Whole hours of a hold, for a page. */
export const hoursOf = (seconds: number) => Math.ceil(seconds / 3600)

/**
 * Shows what a person may have at hand, the same in every browser: it tells nothing about an account. The last way of this
 * browser comes first; a passkey is open there.
 */
export function showChoices(
  { recoveryHold, ways, bound }: Pick<ByCodeDeps, 'recoveryHold'> & Record<'ways' | 'bound', readonly ShownWay[]>,
  ctx: RouterContext,
  back: string,
): void {
  const request = requestOf(ctx)
  request.returnTo = `/recover?back=${encodeURIComponent(back)}`
  const { lastWay } = request
  // a browser's own memory orders the ways; it adds and hides none
  const ordered = ways.toSorted((one, other) => Number(other.name === lastWay) - Number(one.name === lastWay))
  const data = { back, hours: hoursOf(recoveryHold), ways: ordered, bound, passkeyFirst: isOfOwnDevice(lastWay) }
  showPage(ctx, 'recover/start', data)
}

/** Shows the form for a recovery code, with the problems of the last try. */
export function showCodeForm(
  { limits, recoveryHold }: Pick<ByCodeDeps, 'limits' | 'recoveryHold'>,
  ctx: RouterContext,
  back: string,
  wrong: { problems?: Record<string, string>; waitMs?: number; refused?: true } = {},
): void {
  const request = requestOf(ctx)
  request.returnTo = `/recover/code?back=${encodeURIComponent(back)}`
  const { problems = {}, waitMs = 0, refused = false } = wrong
  if (waitMs > 0) ctx.set('retry-after', String(Math.ceil(waitMs / 1000)))
  const refusal = waitMs > 0 ? 'too_many_tries' : refused ? 'recovery_refused' : ''
  const status = refusal ? refusals[refusal] : Object.keys(problems).length > 0 ? 400 : 200
  // the page repeats the identifier only, never the code or the second number
  const identifier = (request.form['identifier'] ?? '').slice(0, 64)
  const waitMinutes = Math.ceil(waitMs / 60_000) || Math.ceil(limits.passwordWaitSeconds / 60)
  const data = {
    identifier,
    problems,
    refusal,
    waitMinutes,
    tries: limits.passwordTries,
    back,
    hours: hoursOf(recoveryHold),
    csrf: request.csrf(),
  }
  showPage(ctx, 'recover/code', data, status)
}

/** Checks a recovery code together with a number that the person knows. */
export async function recoverByCode(deps: ByCodeDeps, ctx: RouterContext): Promise<void> {
  const { recovery, persons, tries, audit } = deps
  const { form } = requestOf(ctx)
  const back = backTo(form['back'])
  const { identifier = '', knowledge = '', code = '' } = form
  const problems = {
    ...(identifier.trim() ? {} : { identifier: 'identifier_required' }),
    ...(knowledge.trim() ? {} : { knowledge: 'knowledge_required' }),
    ...(readCode(code) ? {} : { code: 'recovery_code_malformed' }),
  }
  if (Object.keys(problems).length > 0) return showCodeForm(deps, ctx, back, { problems })
  const readings = readIdentifier(identifier.trim())
  const person = await persons.findByIdentifier(readings)
  // from here on the work is the same whether the account exists or not
  const who = { identifier: identifier.trim(), person }
  const tried = await tries.make(requestOf(ctx), who, async () => {
    const knows = knowsMore(persons, person, readings, readIdentifier(knowledge.trim()))
    const checked = await recovery.checkCode(person?.id, code)
    return knows ? checked : undefined
  })
  const { result: pass, waitMs } = tried
  if (!pass && waitMs > 0) return showCodeForm(deps, ctx, back, { waitMs })
  if (!person || !pass || person.status !== 'active') {
    const about = { event: 'recovery.refused', ...actorOf(ctx), personId: person?.id } as const
    await audit.record({ ...about, details: { by: 'code' } })
    return showCodeForm(deps, ctx, back, { refused: true })
  }
  await tried.forget()
  await beginRecovery(deps, ctx, pass, back)
  return redirectTo(ctx, '/recover/new-password')
}
