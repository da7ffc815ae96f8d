import { signInName } from '../accounts/personal-fields.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import { maskName } from '../accounts/identifiers/masking.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import type { PhoneProofs } from '../accounts/phone-proofs.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountTries } from '../guards/account-tries.ts'
import type { PhoneCodes } from '../guards/phone-codes/phone-codes.ts'
import { actorOf } from '../login/actor.ts'
import type { RouterContext } from '../login/method.ts'
import { passwordAuthenticator } from '../accounts/passwords/stored-password.ts'
import { newPasswordProblems } from '../login/new-password.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { readRecovery, storeRecovery, type RecoveryStateDeps } from './recovery-state.ts'

export interface ChoosePasswordDeps extends RecoveryStateDeps {
  recovery: Recovery
  persons: NaturalPersons
  passwords: Passwords
  breached: BreachedPasswords
  sessions: Sessions
  passwordTries: AccountTries
  phoneProofs: PhoneProofs
  phoneCodes: Pick<PhoneCodes, 'informOfRecovery'>
  /** Name of the login in texts. */
  serviceName: string
  audit: AuditLog
}

const page = '/recover/new-password'

/** @throws Refusal `recovery_gone` where this browser may not choose a password, or no longer */
async function mayChoose(deps: ChoosePasswordDeps, ctx: RouterContext) {
  const { id, pass, back } = await readRecovery(deps, ctx)
  const person = pass && (await deps.persons.find(pass.personId))
  if (!pass || person?.status !== 'active') throw new Refusal('recovery_gone', 'done, or the account is not active')
  return { id, pass, back, person }
}

/** @throws Refusal `recovery_gone` */
export async function showPasswordForm(deps: ChoosePasswordDeps, ctx: RouterContext): Promise<void> {
  show(deps, ctx, (await mayChoose(deps, ctx)).person)
}

function show(
  { persons }: ChoosePasswordDeps,
  ctx: RouterContext,
  person: NaturalPerson,
  problems: Record<string, string> = {},
): void {
  const request = requestOf(ctx)
  request.returnTo = page
  const name = maskName(persons.open(person, 'name'))
  const status = Object.keys(problems).length > 0 ? 400 : 200
  const username = signInName(persons.reveal(person))
  showPage(ctx, 'recover/new-password', { name, username, problems, csrf: request.csrf() }, status)
}

/** Sets the new password, ends every session and spends the code or link. @throws Refusal `recovery_gone` */
export async function choosePassword(deps: ChoosePasswordDeps, ctx: RouterContext): Promise<void> {
  const { recovery, persons, passwords, breached, sessions, passwordTries, audit } = deps
  const { form } = requestOf(ctx)
  const { id, pass, back, person } = await mayChoose(deps, ctx)
  const { name, phone, username, documentNumber } = persons.reveal(person)
  const problems = await newPasswordProblems(form, [name, phone, username, documentNumber], breached)
  if (Object.keys(problems).length > 0) return show(deps, ctx, person, problems)
  const replacement = passwordAuthenticator(await passwords.hash(form['password'] ?? '', 'known'))
  const recovered = await recovery.recover(pass, replacement, actorOf(ctx))
  if (!recovered) {
    const about = { event: 'recovery.refused', ...actorOf(ctx), personId: person.id } as const
    await audit.record({ ...about, details: { by: pass.by } })
    throw new Refusal('recovery_gone', 'the code or link was used in between')
  }
  await sessions.removeEnded(person.id)
  // a person who forgot the password has tried wrong ones: the new one must not wait for them
  const names = [phone, phone.replace('+86', ''), username, documentNumber]
  await passwordTries.forgetAll(requestOf(ctx), person.id, names)
  const { stop: token, heldUntil, heldPasskeys } = recovered
  if (token !== undefined) await tellPhone(deps, ctx, person, token)
  await storeRecovery(deps, id, { heldUntil, heldPasskeys, back })
  return redirectTo(ctx, '/recover/done')
}

/** Sends the link that stops the recovery to the phone on record, where its person has proven it: a stranger's must not get it. */
async function tellPhone(
  { persons, phoneProofs, phoneCodes, serviceName }: ChoosePasswordDeps,
  ctx: RouterContext,
  person: NaturalPerson,
  token: string,
): Promise<void> {
  const { phone } = persons.reveal(person)
  const { id: personId } = person
  if (!phone || !(await phoneProofs.find({ personId, phone }))) return
  phoneCodes.informOfRecovery(ctx, { phone, personId, portal: serviceName, token })
}

/** @throws Refusal `recovery_gone` before a password is chosen */
export async function showDone(deps: RecoveryStateDeps & { clock: Clock }, ctx: RouterContext): Promise<void> {
  const { pass, stop, claim, heldUntil, heldPasskeys, back } = await readRecovery(deps, ctx)
  if (pass || stop || claim) throw new Refusal('recovery_gone', 'no password was chosen')
  const until = heldUntil !== null && heldUntil > deps.clock() ? new Date(heldUntil).toISOString() : ''
  showPage(ctx, 'recover/done', { back, until, heldPasskeys })
}
