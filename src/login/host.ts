import type { InteractionResults, Provider } from 'oidc-provider'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { acrOf, levelReached } from '../assurance/levels.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Sessions } from '../oidc/sessions.ts'
import { showPage, visitOf } from '../pages/visit.ts'
import { refusals } from '../refusal/refusal.ts'
import { assertQuestion, loadAttempt, pathOf, type Attempt } from './attempt.ts'
import type { LoginHost, LoginRefusal, Proof, RouterContext } from './method.ts'

export interface HostParts {
  provider: Provider
  findClient(id: string): Promise<Client | undefined>
  persons: NaturalPersons
  sessions: Sessions
  audit: AuditTrail
  limits: Settings['limits']
  clock: Clock
}

/** The house's side of every login method, and of the questions that follow it. */
export interface House extends LoginHost {
  /** Shows the sign-in page of a running login. */
  ask(ctx: RouterContext, attempt: Attempt, refusal?: LoginRefusal): void
  /** Hands a result to oidc-provider and sends the browser on. */
  finish(ctx: RouterContext, result: InteractionResults): Promise<void>
}

/** Who is at the other end, for the audit trail. */
export function actorOf(ctx: RouterContext) {
  const { address, browser } = visitOf(ctx)
  return { actor: 'person', restricted: { address, browser } }
}

export function createHost(parts: HostParts): House {
  const { provider, findClient, persons, sessions, audit, limits, clock } = parts
  const attempts = new WeakMap<object, Promise<Attempt>>()

  const host: House = {
    attempt(ctx) {
      let attempt = attempts.get(ctx.req)
      if (!attempt) {
        attempt = loadAttempt(ctx, provider, findClient)
        attempts.set(ctx.req, attempt)
      }
      return attempt
    },

    ask(ctx, attempt, refusal) {
      const hint = attempt.params['login_hint']
      showPage(
        ctx,
        'login/password',
        {
          portal: attempt.portal,
          action: pathOf(attempt, 'password'),
          identifier: refusal?.identifier ?? (typeof hint === 'string' ? hint.slice(0, 64) : ''),
          refusal: refusal?.code,
          waitMinutes: refusal?.waitMinutes ?? Math.ceil(limits.passwordWaitSeconds / 60),
          tries: limits.passwordTries,
          registerUrl: pathOf(attempt, 'register'),
          cancelAction: pathOf(attempt, 'cancel'),
          level: attempt.needed,
          reauthentication: attempt.session !== undefined,
          csrf: visitOf(ctx).csrf(),
        },
        refusal ? refusals[refusal.code] : 200,
      )
    },

    async finish(ctx, result) {
      const target = await provider.interactionResult(ctx.req, ctx.res, result)
      ctx.status = 303
      ctx.redirect(target)
    },

    async succeed(ctx, { method, personId, amr }: Proof) {
      const attempt = await host.attempt(ctx)
      assertQuestion(attempt, 'login')
      const person = await persons.find(personId)
      if (person?.status !== 'active') {
        await host.refuse(ctx, { method, code: 'sign_in_refused', personId })
        return
      }
      await leaveOtherPerson(attempt, personId)
      const level = levelReached({ identityLevel: person.identityLevel, amr })
      await audit.record({
        event: 'login.succeeded',
        ...actorOf(ctx),
        personId,
        clientId: attempt.client.id,
        details: { method, level },
      })
      const login = { accountId: personId, acr: acrOf(level), amr, remember: false, ts: Math.floor(clock() / 1000) }
      await host.finish(ctx, { login })
    },

    async refuse(ctx, refusal) {
      const attempt = await host.attempt(ctx)
      assertQuestion(attempt, 'login')
      await audit.record({
        event: 'login.refused',
        ...actorOf(ctx),
        personId: refusal.personId,
        clientId: attempt.client.id,
        details: { method: refusal.method, code: refusal.code },
      })
      host.ask(ctx, attempt, refusal)
    },
  }

  /** Signing in as somebody else ends the session of the person before, with all its portals. */
  async function leaveOtherPerson(attempt: Attempt, personId: string): Promise<void> {
    const { session, interaction } = attempt
    if (!session || session.personId === personId) return
    await sessions.end(session.uid)
    interaction.session = undefined
    await interaction.persist()
  }

  return host
}
