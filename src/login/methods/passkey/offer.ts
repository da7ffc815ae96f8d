import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import { actorOf } from '../../actor.ts'
import type { LoginHost, Offer, Router, RouterContext } from '../../method.ts'
import type { Challenges } from './challenges.ts'
import type { OfferMemory } from './offer-memory.ts'
import { name, type MakingDeps } from './passkey-deps.ts'
import { creationOptions, register } from './registration.ts'
import { canHavePasskeys } from './relying-party.ts'

interface OfferDeps extends MakingDeps {
  challenges: Challenges
  memory: OfferMemory
  /** Sign-ins for this client get no offer: the account centre has it on a page, and a scan must not wait. */
  ownClientId: string
}

/**
 * "Next time without a password": asked after a password, of a person without a passkey, where the browser can make one. Stored for
 * the person and the browser: the answer may differ between an office computer and a phone.
 */
export function passkeyOffer(deps: OfferDeps): Offer {
  const { authenticators, methodLocks, devices, memory, settings, audit, clock } = deps

  return {
    async due({ req, attemptId, clientId, personId, amr, again, person: read }) {
      if (again || clientId === deps.ownClientId || !amr.includes('pwd') || !canHavePasskeys(settings.issuer))
        return false
      // a web view may have the interface and still refuse to make one
      if (requestOf({ req }).container || !(await memory.canMake(attemptId))) return false
      const person = await read()
      if (!person || !mayAdd(person, clock()) || (await methodLocks.locked(personId, name))) return false
      if (await authenticators.find(personId, name)) return false
      return !(await memory.wasAsked(personId, devices.keyOf(requestOf({ req }).device())))
    },

    async ask(ctx, attempt) {
      show(ctx, attempt, settings.methods.passkey.offerDays)
      const { personId } = attempt.session ?? {}
      if (personId === undefined) throw new Refusal('login_expired', 'no person is signed in')
      const deviceKey = devices.keyOf(requestOf(ctx).device())
      if (await memory.wasAsked(personId, deviceKey)) return
      await memory.asked(personId, deviceKey)
      const about = { personId, clientId: attempt.client.id }
      await audit.record({ event: 'passkey.offered', ...actorOf(ctx), ...about })
    },
  }
}

const mayAdd = ({ status, heldUntil }: NaturalPerson, now: number) =>
  status === 'active' && (heldUntil === null || heldUntil <= now)

function show(ctx: RouterContext, attempt: Attempt, days: number, problem = '') {
  const data = { action: `${pathOf(attempt, name)}/offer`, days, problem, csrf: requestOf(ctx).csrf() }
  showPage(ctx, 'passkey/offer', data, problem ? 400 : 200)
}

/** /login/:attempt/passkey/offer: the password was typed a moment ago, so the sign-in is fresh. */
export function offerRoutes(router: Router, host: LoginHost, deps: OfferDeps): void {
  const { persons, sessions, challenges, settings, clock } = deps

  /** @throws Refusal `login_expired` where this sign-in may not, or no longer, change authenticators */
  async function signedIn(ctx: RouterContext) {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'offer')
    const session = attempt.session && (await sessions.find(attempt.session.uid))
    const person = session && (await persons.find(session.personId))
    const fresh = session && clock() / 1000 - session.signedInAt <= settings.lifetimes.freshSignIn
    if (!person || !fresh || !mayAdd(person, clock()) || !session.amr.includes('pwd')) {
      throw new Refusal('login_expired', 'the offer is over')
    }
    // the question may be another one's: this one is for people without a passkey
    if (await deps.authenticators.find(person.id, name))
      throw new Refusal('login_expired', 'there is a passkey already')
    return { attempt, person, holder: `${session.uid} ${person.id}` }
  }

  router.post('/offer/options', async (ctx) => {
    const { person, holder } = await signedIn(ctx)
    ctx.body = await creationOptions(deps, person, await challenges.issue('enrolment', holder))
  })

  router.post('/offer', async (ctx) => {
    const { response } = requestOf(ctx).form
    if (response === undefined) return host.offered(ctx)
    const { attempt, person, holder } = await signedIn(ctx)
    const challenge = await challenges.take('enrolment', holder)
    const registered = await register(deps, {
      text: response,
      challenge,
      person,
      by: actorOf(ctx),
      device: requestOf(ctx).device(),
    })
    if (!registered.ok) return show(ctx, attempt, settings.methods.passkey.offerDays, registered.fault)
    requestOf(ctx).keepWay(name)
    return host.offered(ctx)
  })
}
