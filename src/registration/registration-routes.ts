import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import { isChild, noticeVersion } from '../accounts/privacy-notice.ts'
import type { PhoneProbe } from '../channels/phone-probes.ts'
import type { Clock } from '../config/clock.ts'
import { perNetwork, type NetworkLimit } from '../guards/network-limit.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'
import { actorOf } from '../login/actor.ts'
import { assertQuestion, type Attempt } from '../login/attempt.ts'
import { passwordAuthenticator } from '../accounts/passwords/stored-password.ts'
import type { Router, RouterContext } from '../login/method.ts'
import { prolongLogin } from '../oidc/artifacts/prolong-login.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { answersIn, lastStepIn, readAnswers, stepOf, type RegistrationInput, type Step } from './answers.ts'
import { draftOf, draftSeconds, newSecret, placeOf, type Draft, type DraftPlace } from './draft.ts'
import {
  claimOrOpened,
  forgetClaim,
  leadToNewAccount,
  openedIn,
  rememberOpened,
  showNewAccount,
  signInToNewAccount,
  type NewAccountDeps,
} from './new-account.ts'
import { askForProof, phoneRoutes, proofNeeded, phoneShown, provenByCarrier, type PhoneStepDeps } from './phone-step.ts'
import { registerPath, showStep } from './step-page.ts'

export interface RegistrationDeps extends NewAccountDeps, PhoneStepDeps {
  passwords: Passwords
  breached: BreachedPasswords
  matches: RegisterMatches
  /** The vendors for telephone numbers that are on: the notice names each as a recipient. */
  phoneProbes: readonly Pick<PhoneProbe, 'vendor' | 'name'>[]
  /** Registrations of one network in an hour. */
  registrationsPerHour: number
  clock: Clock
}

type Deps = RegistrationDeps & {
  /** Accounts that one network opens. */
  opened: NetworkLimit
  /** Registrations that one network begins and prolongs: what a stranger makes us keep for an hour. */
  begun: NetworkLimit
}

const begunForEach = 5

/** Opening an account in three steps: at /register, or inside a running login, which then goes on to its portal. */
export function registrationRoutes(router: Router, given: RegistrationDeps): void {
  const most = given.registrationsPerHour
  const deps: Deps = {
    ...given,
    opened: perNetwork(given, { name: 'registrations', most, seconds: 3600 }),
    begun: perNetwork(given, { name: 'registrations-begun', most: most * begunForEach, seconds: 3600 }),
  }
  const attemptOf = async (ctx: RouterContext) => ofSignIn(await deps.host.attempt(ctx))

  const recipients = given.phoneProbes.map(({ vendor, name }) => ({ vendor, name }))
  router.get('/privacy', (ctx) => showPage(ctx, 'register/privacy', { version: noticeVersion, recipients }))
  router.get('/register', (ctx) => show(deps, ctx, undefined))
  router.post('/register', (ctx) => answer(deps, ctx, undefined))
  router.get('/registered', (ctx) => showNewAccount(deps, ctx, undefined))

  router.get('/login/:attempt/register', (ctx) => inLogin(deps, ctx, show))
  router.post('/login/:attempt/register', (ctx) => inLogin(deps, ctx, answer))
  phoneRoutes(router, deps, (ctx, step) => inLogin(deps, ctx, step))
  router.get('/login/:attempt/registered', async (ctx) => showNewAccount(deps, ctx, await attemptOf(ctx)))
  router.post('/login/:attempt/registered', async (ctx) => signInToNewAccount(deps, ctx, await attemptOf(ctx)))
}

function ofSignIn(attempt: Attempt): Attempt {
  assertQuestion(attempt, 'login')
  return attempt
}

type InLogin<D> = (deps: D, ctx: RouterContext, attempt: Attempt) => Promise<void>

/** Runs inside a running login; where the login is over, its answers go on without it. */
async function inLogin<D extends Deps>(deps: D, ctx: RouterContext, step: InLogin<D>): Promise<void> {
  const found = await deps.host.attempt(ctx).catch((error: unknown) => moveLate(deps, ctx, error))
  if (!found) return
  const attempt = ofSignIn(found)
  await prolong(deps, ctx, attempt)
  await step(deps, ctx, attempt)
}

const nothing: Draft = { answers: {}, done: 0 }

/** The step of the address, as far as the person came; else the first open one. */
function stepToShow(ctx: RouterContext, { done }: Draft): Step {
  const open = (done + 1) as Step
  const asked = stepOf(ctx.query['step']) ?? open
  return asked <= open ? asked : open
}

async function show(deps: Deps, ctx: RouterContext, attempt: Attempt | undefined): Promise<void> {
  let place = draftOf(deps, ctx, attempt)
  // an account was opened here: the next registration is another person's
  if (!attempt && (await openedIn(deps, place.id)) !== undefined) place = placeOf(deps, newSecret(deps, ctx), '')
  const draft = (await place.read()) ?? nothing
  const late = ctx.query['late'] === 'yes'
  await showStep(deps, ctx, attempt, { step: stepToShow(ctx, draft), draft, late })
}

/** Takes the answers of one step, or of several at once, and leads to the next. */
async function answer(deps: Deps, ctx: RouterContext, attempt: Attempt | undefined): Promise<void> {
  const { form } = requestOf(ctx)
  const place = draftOf(deps, ctx, attempt)
  const known = await openedIn(deps, place.id)
  if (known !== undefined) return leadToNewAccount(ctx, attempt)
  if (form['clear'] === 'on') {
    await place.remove()
    return redirectTo(ctx, registerPath(attempt))
  }
  const kept = await keepAnswers(deps, ctx, place)
  const step = lastStepIn(form)
  if (!kept.stored) return showStep(deps, ctx, attempt, { step, draft: kept.draft, problems: tooMany })
  if (form['keep'] === 'on') return redirectTo(ctx, `${registerPath(attempt)}?step=${step}`)
  return goOn(deps, ctx, attempt, { place, draft: kept.draft, step })
}

const tooMany = { form: 'too_many_registrations' }

/** Stores what was typed, right or wrong, for another hour. A network that begins too many gets nothing stored. */
async function keepAnswers({ begun }: Deps, ctx: RouterContext, place: DraftPlace) {
  const before = await place.read()
  const known = before ?? nothing
  const draft = { ...known, answers: { ...known.answers, ...answersIn(requestOf(ctx).form) } }
  const wait = before ? 0 : await begun.count(requestOf(ctx))
  if (wait > 0) ctx.set('retry-after', String(wait))
  else await place.write(draft)
  return { draft, stored: wait === 0 }
}

async function goOn(
  deps: Deps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { place, draft: answered, step }: { place: DraftPlace; draft: Draft; step: Step },
): Promise<void> {
  const { form } = requestOf(ctx)
  const read = await readAnswers(answered.answers, deps)
  const open = read.step ?? 3
  const come = { ...answered, done: open - 1 }
  await place.write(come)
  if (read.step !== undefined && read.step <= step)
    return showStep(deps, ctx, attempt, { step: read.step, draft: come, problems: read.problems })
  const draft = await provenByCarrier(deps, ctx, attempt, { place, draft: come })
  if (proofNeeded(deps, ctx, attempt, draft)) return askForProof(deps, ctx, attempt, { place, draft })
  if (step < 3 || !read.input) return redirectTo(ctx, `${registerPath(attempt)}?step=${Math.min(open, step + 1)}`)
  if (form['consent'] !== 'yes')
    return showStep(deps, ctx, attempt, { step: 3, draft, problems: { consent: 'consent_required' } })
  await openOnce(deps, ctx, attempt, { place, draft, input: read.input })
}

interface Finished {
  place: DraftPlace
  draft: Draft
  input: RegistrationInput
}

/** Two equal forms open one account. */
async function openOnce(deps: Deps, ctx: RouterContext, attempt: Attempt | undefined, finished: Finished) {
  const { place } = finished
  if ((await claimOrOpened(deps, place.id)) !== undefined) return leadToNewAccount(ctx, attempt)
  let personId: string | undefined
  try {
    personId = await openAccount(deps, ctx, attempt, finished)
  } finally {
    if (personId === undefined) await forgetClaim(deps, place.id)
  }
  if (personId === undefined) return
  await rememberOpened(deps, place.id, personId)
  await place.remove()
  leadToNewAccount(ctx, attempt)
}

/** Opens the account. Undefined where the step with its problem is the answer. */
async function openAccount(
  deps: Deps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { draft, input: { password, ...opening } }: Finished,
): Promise<string | undefined> {
  const { persons, passwords, matches, opened: limit, clock } = deps
  const wait = await limit.count(requestOf(ctx))
  if (wait > 0) {
    ctx.set('retry-after', String(wait))
    await showStep(deps, ctx, attempt, { step: 3, draft, problems: tooMany })
    return undefined
  }
  const authenticators = [passwordAuthenticator(await passwords.hash(password))]
  const { document, name } = opening
  const silent = await matches.silent({ documentType: document.type, documentNumber: document.number, name })
  const guardian = isChild(document, clock()) ? { guardian: true } : {}
  const shown = await phoneShown(deps, draft, opening)
  const entry = { ...opening, ...guardian, ...shown, authenticators, noticeVersion, silent }
  const opened = await persons.create(entry, actorOf(ctx))
  if (opened.ok) return opened.person.id
  await showStep(deps, ctx, attempt, { step: 2, draft, problems: { username: opened.problem } })
  return undefined
}

const renewedEarly = 30

/** Gives the login the hour of the registration. A network that begins too many keeps the usual time. */
async function prolong({ artifacts, begun, clock }: Deps, ctx: RouterContext, attempt: Attempt): Promise<void> {
  const now = Math.floor(clock() / 1000)
  const left = (attempt.interaction.exp ?? 0) - now
  if (left > draftSeconds - renewedEarly) return
  // counted once: a person who goes on is not counted again
  if (left < draftSeconds / 2 && (await begun.count(requestOf(ctx))) > 0) return
  await prolongLogin(artifacts, attempt.id, { seconds: draftSeconds, now })
}

/** The login is over: its answers move to a registration without one. @throws the error where nothing was typed */
async function moveLate(deps: Deps, ctx: RouterContext, error: unknown): Promise<undefined> {
  if (!(error instanceof Refusal) || error.code !== 'login_expired') throw error
  const before = draftOf(deps, ctx, { id: String(ctx['params']['attempt']) })
  const draft = await before.read()
  const form = answersIn(requestOf(ctx).form)
  if (!draft && (Object.keys(form).length === 0 || (await deps.begun.count(requestOf(ctx))) > 0)) throw error
  const known = draft ?? nothing
  // a code that was sent is good for the login that is over
  const moved = { ...known, texted: undefined, answers: { ...known.answers, ...form } }
  await draftOf(deps, ctx).write(moved)
  await before.remove()
  redirectTo(ctx, '/register?late=yes')
  return undefined
}
