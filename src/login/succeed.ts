import { randomUUID } from 'node:crypto'
import type { Authenticators } from '../accounts/authenticators.ts'
import type { Devices } from '../accounts/devices.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { Notifier } from '../accounts/notices.ts'
import { untilCounts } from '../accounts/sign-in-endings.ts'
import { acrOf, isPasswordAlone } from '../assurance/levels.ts'
import type { Clock } from '../config/clock.ts'
import { byPasskey } from '../oidc/command-line-client.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { SignInRecord } from '../sessions/remember-origin.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { actorOf } from './actor.ts'
import { assertQuestion, type Attempt } from './attempt.ts'
import { decideLevel, type LevelDecisionDeps } from './decide-level.ts'
import { finish, type FinishDeps } from './finish.ts'
import type { LoginProof, RouterContext, SignInOutcome } from './method.ts'
import type { SignedInHere } from './signed-in-here.ts'
import { refuse, type RefuseDeps } from './refuse.ts'

export interface SucceedDeps extends LevelDecisionDeps, FinishDeps, RefuseDeps {
  persons: NaturalPersons
  methodLocks: MethodLocks
  authenticators: Authenticators
  devices: Devices
  notifier: Notifier
  sessions: Sessions
}

/** Sign-ins are stored to the second, and the clocks of two machines differ a little. */
const longestWaitMs = 5000

/** Turns a proof into a session, or shows the sign-in page with a refusal. */
export async function succeed(
  deps: SucceedDeps,
  ctx: RouterContext,
  attempt: Attempt,
  proof: LoginProof,
): Promise<SignInOutcome> {
  const { method, personId, amr, through, authenticatorId, refusal = 'sign_in_refused' } = proof
  assertQuestion(attempt, 'login')
  const { at, person } = await whenItCounts(deps, personId)
  const valid = person !== undefined && (await isStillValid(deps, person, proof))
  if (!valid || person.status !== 'active') {
    // a right proof of a locked account: the person would try for ever
    const code = valid && person.status === 'locked' ? 'account_locked' : refusal
    await refuse(deps, ctx, attempt, { method, code, personId })
    return { signedIn: false }
  }
  if (attempt.client.administers && !byPasskey(amr)) {
    await refuse(deps, ctx, attempt, { method, code: 'passkey_needed', personId })
    return { signedIn: false }
  }
  if (isPasswordAlone(amr) && (await asksAlso(deps, ctx, attempt, proof))) return { signedIn: false }
  await leaveOtherPerson(deps, attempt, personId)
  // identifies this sign-in in the audit log and beside the session, for "this was not me"
  const id = randomUUID()
  const level = await decideLevel(deps, ctx, attempt, person, proof, id)
  await noteDevice(deps, ctx, person, proof)
  const login = { accountId: personId, acr: acrOf(level), amr, remember: false, ts: Math.floor(at / 1000) }
  const signIn: SignInRecord = {
    id,
    method,
    methods: [method, ...(through?.methods ?? [])],
    authenticators: [authenticatorId ?? [], through?.authenticators ?? []].flat(),
    epoch: person.endings.epoch,
    upstream: proof.upstreamSession,
  }
  const signedInHere: SignedInHere = { attempt: attempt.id, again: attempt.session !== undefined }
  await finish(deps, ctx, attempt, { login, signIn, signedInHere })
  return { signedIn: true }
}

/** Whether a login method asks this person for a second factor; it has answered then. */
async function asksAlso(
  { methods }: Pick<SucceedDeps, 'methods'>,
  ctx: RouterContext,
  attempt: Attempt,
  proof: LoginProof,
): Promise<boolean> {
  for (const method of methods) if (await method.asksAlso?.(ctx, attempt, proof)) return true
  return false
}

/**
 * The person, and a moment before they were read at which a sign-in counts.
 * A sign-in within the second of an ending would not count: it waits for the next second.
 * @throws Refusal `busy` where the clock of the machine that ended the sign-ins is far ahead
 */
async function whenItCounts({ persons, clock }: { persons: NaturalPersons; clock: Clock }, personId: string) {
  for (;;) {
    const at = clock()
    const person = await persons.find(personId)
    const ms = person ? untilCounts(person.endings, at) : 0
    if (ms === 0) return { at, person }
    if (ms > longestWaitMs) throw new Refusal('busy', 'sign-ins were ended in the future')
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
}

/** False where the proof, its method or its authenticator was ended, switched off, held or removed since. */
async function isStillValid(
  { methodLocks, authenticators }: Pick<SucceedDeps, 'methodLocks' | 'authenticators'>,
  person: NaturalPerson,
  { method, epoch, authenticatorId }: LoginProof,
): Promise<boolean> {
  if (epoch !== undefined && epoch !== person.endings.epoch) return false
  // after the person was read: an ending in between ends this sign-in by its epoch
  const [locked, held] = await Promise.all([
    methodLocks.locked(person.id, method),
    authenticatorId === undefined ? [] : authenticators.list(person.id, method),
  ])
  if (locked) return false
  return authenticatorId === undefined || held.some(({ id, heldAt }) => id === authenticatorId && heldAt === null)
}

/** Notifies the person of a sign-in with a new browser, unless it is their first browser of all. */
async function noteDevice(
  { devices, audit, notifier }: Pick<SucceedDeps, 'devices' | 'audit' | 'notifier'>,
  ctx: RouterContext,
  person: NaturalPerson,
  { method, through }: LoginProof,
): Promise<void> {
  const request = requestOf(ctx)
  request.keepWay(method, systemOf(method, through?.methods))
  const seen = await devices.seen({ personId: person.id, cookie: request.device(), browser: request.browser })
  if (seen !== 'new') return
  const by = actorOf(ctx)
  await audit.record({ event: 'person.device-seen', ...by, personId: person.id, details: { method } })
  await notifier.notify({ personId: person.id, kind: 'new-device', details: { method }, restricted: by.restricted })
}

/** The upstream or channel of a sign-in: its session names it beside the method, as `upstream:foshan`. */
const systemOf = (method: string, through: readonly string[] = []) =>
  through.find((one) => one.startsWith(`${method}:`))?.slice(method.length + 1)

/** Signing in as another person ends the session of the person before, with all its portals. */
async function leaveOtherPerson(
  { sessions }: Pick<SucceedDeps, 'sessions'>,
  { session, interaction }: Attempt,
  personId: string,
): Promise<void> {
  if (!session || session.personId === personId) return
  await sessions.end(session.personId, { only: [session.uid] })
  interaction.session = undefined
  await interaction.persist()
}
