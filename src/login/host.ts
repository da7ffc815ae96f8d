import { randomUUID } from 'node:crypto'
import type { InteractionResults } from 'oidc-provider'
import type { FaceProofs } from '../accounts/faces/proofs.ts'
import type { Authenticators } from '../accounts/authenticators.ts'
import type { Devices } from '../accounts/devices.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import { isHeld, type NaturalPerson, type NaturalPersons } from '../accounts/natural-persons.ts'
import type { Notifier } from '../accounts/notices.ts'
import { untilCounts } from '../accounts/sign-in-endings.ts'
import { acrOf, levelReached, type Level } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { Settings } from '../config/settings.ts'
import type { LoginBrowsers } from '../oidc/login-browser.ts'
import type { FreshSignIn } from '../oidc/prompts.ts'
import type { SignIn } from '../sessions/memory.ts'
import { byPasskey } from '../oidc/command-line-client.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal, refusals } from '../refusal/refusal.ts'
import { assertQuestion, loadAttempt, pathOf, type Attempt } from './attempt.ts'
import type { LoginHost, LoginMethod, LoginRefusal, PartData, Proof, RouterContext } from './method.ts'

/** Sign-ins are kept to the second, and the clocks of two machines differ a little. */
const longestWaitMs = 5000

/** The one way in for the administrators' command line. */
const passkey = 'passkey'

export interface HostDeps {
  logins: LoginBrowsers
  methods: readonly LoginMethod[]
  findClient(id: string): Promise<Client | undefined>
  persons: NaturalPersons
  methodLocks: MethodLocks
  authenticators: Authenticators
  devices: Devices
  notifier: Notifier
  sessions: Sessions
  faceProofs: FaceProofs
  audit: AuditLog
  limits: Settings['limits']
  clock: Clock
}

/** The house's side of every login method, and of the questions that follow it. */
export interface LoginQuestions extends LoginHost {
  /** Shows the sign-in page of a running login. */
  ask(ctx: RouterContext, attempt: Attempt, refusal?: LoginRefusal): Promise<void>
  /** The methods that could raise the level of who is signed in. */
  raisedBy(attempt: Attempt): Promise<string[]>
  /** Whether a method has something to offer after this sign-in, and the page that does. */
  offerDue(signIn: FreshSignIn): Promise<boolean>
  askOffer(ctx: RouterContext, attempt: Attempt): Promise<void>
  /** Hands a result to oidc-provider and sends the browser on. */
  finish(ctx: RouterContext, result: InteractionResults): Promise<void>
}

/** Who is at the other end, for the audit trail. */
export function actorOf(ctx: RouterContext) {
  const { address, browser } = requestOf(ctx)
  return { actor: 'person', restricted: { address, browser } }
}

export function createHost(deps: HostDeps): LoginQuestions {
  const {
    logins,
    methods,
    findClient,
    persons,
    methodLocks,
    authenticators,
    devices,
    notifier,
    sessions,
    faceProofs,
    audit,
    limits,
    clock,
  } = deps
  const attempts = new WeakMap<object, Promise<Attempt>>()
  const offering = methods.find(({ offer }) => offer)?.offer

  const host: LoginQuestions = {
    attempt(ctx) {
      let attempt = attempts.get(ctx.req)
      if (!attempt) {
        attempt = loadAttempt(ctx, logins, findClient)
        attempts.set(ctx.req, attempt)
      }
      return attempt
    },

    async ask(ctx, attempt, refusal) {
      const request = requestOf(ctx)
      if (refusal?.waitMinutes) ctx.set('retry-after', String(refusal.waitMinutes * 60))
      showPage(
        ctx,
        'login/sign-in',
        {
          portal: attempt.portal,
          ways: await waysOf(ctx, attempt, refusal),
          refusal: refusal?.code,
          waitMinutes: refusal?.waitMinutes ?? Math.ceil(limits.passwordWaitSeconds / 60),
          tries: limits.passwordTries,
          registerUrl: pathOf(attempt, 'register'),
          cancelAction: pathOf(attempt, 'cancel'),
          level: attempt.needed,
          reauthentication: attempt.session !== undefined,
          administers: attempt.client.administers === true,
          csrf: request.csrf(),
        },
        refusal ? refusals[refusal.code] : 200,
      )
    },

    async raisedBy(attempt) {
      const useful = await Promise.all(methods.map(async (method) => (await method.raises?.(attempt)) ?? false))
      return methods.filter((_, index) => useful[index]).map(({ name }) => name)
    },

    async finish(ctx, result) {
      const { id } = await host.attempt(ctx)
      const interaction = await logins.find(ctx, id)
      interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result }
      if (result.login) logins.proven(ctx, interaction)
      await interaction.persist()
      redirectTo(ctx, interaction.returnTo)
    },

    offerDue: async (signIn) => (await offering?.due(signIn)) ?? false,

    async askOffer(ctx, attempt) {
      if (!offering) throw new Error('nobody offers anything')
      await offering.ask(ctx, attempt)
    },

    async offered(ctx) {
      assertQuestion(await host.attempt(ctx), 'offer')
      await host.finish(ctx, { offer: {} })
    },

    async succeed(ctx, proof) {
      const { method, personId, amr, through, authenticatorId, refusal = 'sign_in_refused' } = proof
      const attempt = await host.attempt(ctx)
      assertQuestion(attempt, 'login')
      const { at, person } = await whenItCounts(personId)
      if (person?.status !== 'active' || !(await stands(person, proof))) {
        await host.refuse(ctx, { method, code: refusal, personId })
        return { signedIn: false }
      }
      if (attempt.client.administers && !byPasskey(amr)) {
        await host.refuse(ctx, { method, code: 'passkey_needed', personId })
        return { signedIn: false }
      }
      await leaveOtherPerson(attempt, personId)
      // names this sign-in in the audit trail and, beside the session, for "this was not me"
      const signIn = randomUUID()
      const level = await decideLevel(ctx, attempt, person, proof, signIn)
      await noteDevice(ctx, person, method)
      const { endings } = person
      const login = { accountId: personId, acr: acrOf(level), amr, remember: false, ts: Math.floor(at / 1000) }
      const named: SignIn = {
        id: signIn,
        method,
        methods: [method, ...(through?.methods ?? [])],
        authenticators: [authenticatorId ?? [], through?.authenticators ?? []].flat(),
        epoch: endings.epoch,
      }
      await host.finish(ctx, { login, signIn: named })
      return { signedIn: true }
    },

    async raise(ctx, proof) {
      const attempt = await host.attempt(ctx)
      assertQuestion(attempt, 'level')
      const { session } = attempt
      const kept = session && (await sessions.find(session.uid))
      const person = await persons.find(proof.personId)
      const own = kept?.personId === proof.personId && person?.status === 'active'
      if (!kept || !own || (await methodLocks.locked(person.id, proof.method))) {
        throw new Refusal('login_expired', 'the session ended, or is of another')
      }
      const amr = [...new Set([...kept.amr, ...proof.amr])]
      const level = await decideLevel(ctx, attempt, person, { ...proof, amr })
      // a session does not lose by asking for more
      const acr = acrOf(Math.max(level, kept.level) as Level)
      await host.finish(ctx, { login: { accountId: person.id, acr, amr, remember: false, ts: kept.signedInAt } })
    },

    async refuse(ctx, refusal) {
      const attempt = await host.attempt(ctx)
      assertQuestion(attempt, 'login')
      await audit.record({
        event: 'login.refused',
        ...actorOf(ctx),
        personId: refusal.personId,
        clientId: attempt.client.id,
        details: { method: refusal.method, code: refusal.code, fault: refusal.fault },
      })
      await host.ask(ctx, attempt, refusal)
    },
  }

  /**
   * The person, and a moment before they were read at which a sign-in counts: one within the second of an ending would not.
   * @throws Refusal `busy` where the clock of the machine that ended it is far ahead
   */
  async function whenItCounts(personId: string) {
    for (;;) {
      const at = clock()
      const person = await persons.find(personId)
      const ms = person ? untilCounts(person.endings, at) : 0
      if (ms === 0) return { at, person }
      if (ms > longestWaitMs) throw new Refusal('busy', 'sign-ins were ended in the future')
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
  }

  /** Whether what was proven still is: neither ended, switched off nor removed since. */
  async function stands(person: NaturalPerson, { method, epoch, authenticatorId }: Proof): Promise<boolean> {
    if (epoch !== undefined && epoch !== person.endings.epoch) return false
    if (await methodLocks.locked(person.id, method)) return false
    return (
      authenticatorId === undefined ||
      (await authenticators.list(person.id, method)).some(({ id }) => id === authenticatorId)
    )
  }

  /** What was proven, and the level it comes to; the entry holds what `client preview-level` decides again by. */
  async function decideLevel(
    ctx: RouterContext,
    attempt: Attempt,
    person: NaturalPerson,
    { method, amr, vouched, authenticatorId }: Proof,
    signIn?: string,
  ): Promise<Level> {
    const { id: personId, identityLevel, proofedAt } = person
    const held = isHeld(person, clock())
    const bound = authenticatorId !== undefined && (await faceProofs.isBound(authenticatorId))
    const proofDays = proofedAt === null ? 0 : Math.floor((clock() - proofedAt) / dayMs)
    const level = levelReached({ identityLevel, amr, vouched, held, bound, proofDays })
    await audit.record({
      event: 'login.succeeded',
      ...actorOf(ctx),
      personId,
      clientId: attempt.client.id,
      details: { method, level, identity: identityLevel, amr, bound, proofDays, vouched, held, signIn },
    })
    return level
  }

  /** The parts of the sign-in page, in the order main.ts lists the methods. */
  function waysOf(ctx: RouterContext, attempt: Attempt, refusal?: LoginRefusal): Promise<PartData[]> {
    const request = requestOf(ctx)
    const hint = attempt.params['login_hint']
    const identifier = refusal?.identifier ?? (typeof hint === 'string' ? hint.slice(0, 64) : '')
    const { administers } = attempt.client
    const offered = methods.filter((method) => method.offered(attempt) && (!administers || method.name === passkey))
    return Promise.all(
      offered.map(async (method) => ({
        ...(await method.part?.(ctx, attempt)),
        name: method.name,
        action: pathOf(attempt, method.name),
        csrf: request.csrf(),
        identifier,
        refusal: refusal?.method === method.name ? refusal.code : undefined,
        last: request.lastWay === method.name,
      })),
    )
  }

  /** A sign-in with a browser not seen before is told to the person, unless it is their first of all. */
  async function noteDevice(ctx: RouterContext, person: NaturalPerson, method: string): Promise<void> {
    const request = requestOf(ctx)
    request.keepWay(method)
    const seen = await devices.seen({ personId: person.id, cookie: request.device(), browser: request.browser })
    if (seen !== 'new') return
    const by = actorOf(ctx)
    await audit.record({ event: 'person.device-seen', ...by, personId: person.id, details: { method } })
    await notifier.notify({ personId: person.id, kind: 'new-device', details: { method }, restricted: by.restricted })
  }

  /** Signing in as somebody else ends the session of the person before, with all its portals. */
  async function leaveOtherPerson(attempt: Attempt, personId: string): Promise<void> {
    const { session, interaction } = attempt
    if (!session || session.personId === personId) return
    await sessions.end(session.personId, { only: [session.uid] })
    interaction.session = undefined
    await interaction.persist()
  }

  return host
}
