import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { pathOf, type Attempt } from '../login/attempt.ts'
import type { LoginHost } from '../login/method.ts'
import type { RouterContext } from '../login/method.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { readUntil } from '../storage/read-until.ts'

export interface NewAccountDeps {
  host: LoginHost
  persons: NaturalPersons
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Cookies over https only. */
  secure: boolean
}

const kind = 'registered'
const shownSeconds = 600
/** Longest time of one registration. */
const runningSeconds = 60
const cookieName = (secure: boolean) => hostCookie('yideng_registered', secure)

/** The secret of one form of one browser: the same form gives the same secret, and no other browser knows it. */
function formSecret({ blindIndex }: NewAccountDeps, ctx: RouterContext): string {
  const { csrf = '', ...fields } = requestOf(ctx).form
  return blindIndex('registration form', JSON.stringify([csrf, Object.entries(fields)]))
}

const running = 'running'
/** Milliseconds. */
const longestForm = 5000

/** The account that this form opened before, in this browser; it waits while the first one runs. */
export async function openedBefore(deps: NewAccountDeps, ctx: RouterContext): Promise<string | undefined> {
  const id = hashId(formSecret(deps, ctx))
  const claimOrRead = async () =>
    (await deps.artifacts.add(kind, id, running, { ttl: runningSeconds }))
      ? { claimed: true }
      : { claimed: false, known: await deps.artifacts.get(kind, id) }
  const isSettled = ({ claimed, known }: Awaited<ReturnType<typeof claimOrRead>>) =>
    claimed || (known !== undefined && known !== running)
  const answer = await readUntil(claimOrRead, isSettled, { most: longestForm })
  if (!isSettled(answer)) throw new Refusal('busy', 'the same form still runs')
  return answer.known
}

/** The form opened nothing: it may come again. */
export const forgetForm = (deps: NewAccountDeps, ctx: RouterContext) =>
  deps.artifacts.remove(kind, hashId(formSecret(deps, ctx)))

/** Remembers the new account for its browser, and redirects to the page that shows it. */
export async function leadToNewAccount(
  deps: NewAccountDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  personId: string,
): Promise<void> {
  const { artifacts, secure } = deps
  const id = formSecret(deps, ctx)
  await artifacts.put(kind, hashId(id), personId, { ttl: shownSeconds })
  if (attempt) await artifacts.put(kind, hashId(attempt.id), personId, { ttl: shownSeconds })
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
  const person = personId === undefined || personId === running ? undefined : await persons.find(personId)
  if (!person) throw new Refusal('login_expired', 'no registration')
  showPage(ctx, 'register/registered', {
    username: persons.reveal(person).username,
    csrf: requestOf(ctx).csrf(),
    ...(attempt ? { continueAction: pathOf(attempt, 'registered') } : {}),
  })
}

/** Signs in with the account that this login registered. The login goes on once only. @throws Refusal `login_expired` */
export async function signInToNewAccount({ host, artifacts }: NewAccountDeps, ctx: RouterContext, attempt: Attempt) {
  const personId = await artifacts.get(kind, hashId(attempt.id))
  if (personId === undefined) throw new Refusal('login_expired', 'no registration')
  await host.succeed(ctx, { method: 'registration', personId, amr: ['pwd'] })
}
