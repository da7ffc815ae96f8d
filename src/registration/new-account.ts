import { randomBytes } from 'node:crypto'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import { pathOf, type Attempt } from '../login/attempt.ts'
import type { LoginHost } from '../login/method.ts'
import type { RouterContext } from '../login/method.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'

export interface NewAccountDeps {
  host: LoginHost
  persons: NaturalPersons
  artifacts: Artifacts
  /** Cookies over https only. */
  secure: boolean
}

const kind = 'registered'
const shownSeconds = 600
const cookieName = (secure: boolean) => hostCookie('yideng_registered', secure)

/** Remembers the new account for its browser, and redirects to the page that shows it. */
export async function leadToNewAccount(
  { artifacts, secure }: NewAccountDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  person: NaturalPerson,
): Promise<void> {
  const id = attempt?.id ?? randomBytes(32).toString('base64url')
  await artifacts.put(kind, hashId(id), person.id, { ttl: shownSeconds })
  if (attempt) return redirectTo(ctx, pathOf(attempt, 'registered'))
  // without a running login only this cookie identifies the browser of the new account
  const options = { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const
  ctx.cookies.set(cookieName(secure), id, options)
  return redirectTo(ctx, '/registered')
}

/** @throws Refusal `login_expired` where this browser, or this login, has registered no account */
export async function showNewAccount(
  { persons, artifacts, secure }: NewAccountDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
): Promise<void> {
  const id = attempt?.id ?? ctx.cookies.get(cookieName(secure), { signed: false }) ?? ''
  const personId = await artifacts.get(kind, hashId(id))
  const person = personId === undefined ? undefined : await persons.find(personId)
  if (!person) throw new Refusal('login_expired', 'no registration')
  showPage(ctx, 'register/registered', {
    username: persons.reveal(person).username,
    csrf: requestOf(ctx).csrf(),
    ...(attempt ? { continueAction: pathOf(attempt, 'registered') } : {}),
  })
}

/** Signs in with the account that this login registered, once. @throws Refusal `login_expired` */
export async function signInToNewAccount({ host, artifacts }: NewAccountDeps, ctx: RouterContext, attempt: Attempt) {
  const personId = await artifacts.take(kind, hashId(attempt.id))
  if (personId === undefined) throw new Refusal('login_expired', 'no registration')
  await host.succeed(ctx, { method: 'registration', personId, amr: ['pwd'] })
}
