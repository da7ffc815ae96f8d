import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import type { Clock } from '../config/clock.ts'
import { perNetwork, type NetworkLimit } from '../guards/network-limit.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'
import { actorOf } from '../login/actor.ts'
import { assertQuestion, type Attempt } from '../login/attempt.ts'
import type { Router, RouterContext } from '../login/method.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { noticeVersion, readForm, showForm, type RegistrationInput } from './registration-form.ts'
import {
  forgetForm,
  leadToNewAccount,
  openedBefore,
  showNewAccount,
  signInToNewAccount,
  type NewAccountDeps,
} from './new-account.ts'
import { passwordAuthenticator } from '../login/methods/password/stored-password.ts'

export interface RegistrationDeps extends NewAccountDeps {
  passwords: Passwords
  breached: BreachedPasswords
  matches: RegisterMatches
  /** Registrations of one network in an hour. */
  registrationsPerHour: number
  clock: Clock
}

/** Opening an account: at /register, or inside a running login, which then goes on to its portal. */
export function registrationRoutes(router: Router, deps: RegistrationDeps): void {
  const limit = perNetwork(deps, { name: 'registrations', most: deps.registrationsPerHour, seconds: 3600 })
  const own = { ...deps, limit }

  const attemptOf = async (ctx: RouterContext) => {
    const attempt = await deps.host.attempt(ctx)
    assertQuestion(attempt, 'login')
    return attempt
  }

  router.get('/privacy', (ctx) => showPage(ctx, 'register/privacy', { version: noticeVersion }))
  router.get('/register', (ctx) => showForm(ctx, undefined))
  router.post('/register', (ctx) => {
    requestOf(ctx).returnTo = '/register'
    return register(own, ctx, undefined)
  })
  router.get('/registered', (ctx) => showNewAccount(deps, ctx, undefined))

  router.get('/login/:attempt/register', async (ctx) => showForm(ctx, await attemptOf(ctx)))
  router.post('/login/:attempt/register', async (ctx) => register(own, ctx, await attemptOf(ctx)))
  router.get('/login/:attempt/registered', async (ctx) => showNewAccount(deps, ctx, await attemptOf(ctx)))
  router.post('/login/:attempt/registered', async (ctx) => signInToNewAccount(deps, ctx, await attemptOf(ctx)))
}

async function register(
  deps: RegistrationDeps & { limit: NetworkLimit },
  ctx: RouterContext,
  attempt: Attempt | undefined,
): Promise<void> {
  const read = await readForm(requestOf(ctx).form, deps)
  if (!read.ok) return showForm(ctx, attempt, read.problems)
  const before = await openedBefore(deps, ctx)
  if (before !== undefined) return leadToNewAccount(deps, ctx, attempt, before)
  let personId: string | undefined
  try {
    personId = await open(deps, ctx, attempt, read.input)
  } finally {
    if (personId === undefined) await forgetForm(deps, ctx)
  }
  return personId === undefined ? undefined : leadToNewAccount(deps, ctx, attempt, personId)
}

/** Opens the account. Undefined where the form with its problem is the answer. */
async function open(
  { persons, passwords, matches, limit }: RegistrationDeps & { limit: NetworkLimit },
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { password, ...opening }: RegistrationInput,
): Promise<string | undefined> {
  const waitSeconds = await limit.count(requestOf(ctx))
  if (waitSeconds > 0) {
    ctx.set('retry-after', String(waitSeconds))
    showForm(ctx, attempt, { form: 'too_many_registrations' })
    return undefined
  }
  const authenticators = [passwordAuthenticator(await passwords.hash(password))]
  const { document, name } = opening
  const silent = await matches.silent({ documentType: document.type, documentNumber: document.number, name })
  const opened = await persons.create({ ...opening, authenticators, noticeVersion, silent }, actorOf(ctx))
  if (opened.ok) return opened.person.id
  showForm(ctx, attempt, { username: opened.problem })
  return undefined
}
