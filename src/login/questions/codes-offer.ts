import type { Recovery } from '../../accounts/account-recovery/account-recovery.ts'
import type { Devices } from '../../accounts/devices.ts'
import { isHeld, type NaturalPersons } from '../../accounts/natural-persons.ts'
import { isByQr } from '../../assurance/levels.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { actorOf } from '../actor.ts'
import { assertQuestion, pathOf } from '../attempt.ts'
import type { QuestionHost } from '../host.ts'
import type { Offer, Router, RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'

export interface CodesOfferDeps {
  recovery: Recovery
  persons: NaturalPersons
  devices: Devices
  audit: AuditLog
  clock: Clock
  /** Sign-ins for this client get no offer: the account centre has the codes on a page. */
  ownClientId: string
}

/** Ways that may also change authenticators: a QR code may be relayed, and a kiosk is not the person's own. */
const strongEnough = (amr: readonly string[]) => (amr.includes('pwd') || amr.includes('user')) && !isByQr(amr)

/**
 * 恢复码, offered once in a person's life: at the first sign-in in a browser that they have signed in with before. At the sign-in before,
 * the browser could be a stranger's with a password; ten codes would outlive the password.
 */
export function codesOffer({ recovery, persons, devices, audit, clock, ownClientId }: CodesOfferDeps): Offer {
  return {
    async due({ req, clientId, personId, amr, signedInAt, again, person: read }) {
      if (again || clientId === ownClientId || !strongEnough(amr) || (await recovery.codesWereOffered(personId)))
        return false
      const person = await read()
      if (person?.status !== 'active' || isHeld(person, clock())) return false
      const firstSeenAt = await devices.firstSeenAt(personId, devices.keyOf(requestOf({ req }).deviceBefore))
      return firstSeenAt !== undefined && firstSeenAt < signedInAt * 1000
    },

    async ask(ctx, attempt) {
      const { person } = await signedIn(persons, attempt)
      showPage(ctx, 'login/codes-offer', { action: pathOf(attempt, 'codes'), csrf: requestOf(ctx).csrf() })
      if (!(await recovery.markCodesOffered(person.id))) return
      const about = { personId: person.id, clientId: attempt.client.id }
      await audit.record({ event: 'recovery.codes-offered', ...actorOf(ctx), ...about })
    },
  }
}

export interface CodesAnswerDeps extends Pick<CodesOfferDeps, 'recovery' | 'persons' | 'clock'> {
  host: QuestionHost
  sessions: Pick<Sessions, 'find'>
  /** Seconds after a sign-in during which it counts as fresh. */
  freshSeconds: number
}

/** The answer: ten codes, or none; the page with the codes leads on by the same form. */
export function codesAnswer(router: Router, deps: CodesAnswerDeps): void {
  router.post('/login/:attempt/codes', async (ctx) => {
    // another browser learns nothing of what a form of this login may say
    await deps.host.attempt(ctx)
    const { decision } = requestOf(ctx).form
    if (decision === 'make') return make(deps, ctx)
    if (decision === 'later' || decision === 'done') return deps.host.offered(ctx)
    throw new Refusal('bad_request', 'no decision')
  })
}

/** @throws Refusal `login_expired` where the sign-in is no longer fresh, or the account is held since */
async function make({ host, recovery, persons, sessions, freshSeconds, clock }: CodesAnswerDeps, ctx: RouterContext) {
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'offer')
  const { session, person } = await signedIn(persons, attempt)
  const open = await sessions.find(session.uid)
  const fresh = open !== undefined && clock() / 1000 - open.signedInAt <= freshSeconds
  if (!fresh || person.status !== 'active' || isHeld(person, clock()) || !strongEnough(open.amr))
    throw new Refusal('login_expired', 'the offer is over')
  // a form that is sent twice must not end the codes that were written down in between
  if ((await recovery.codesLeft(person.id)) > 0) return host.offered(ctx)
  const codes = await recovery.makeCodes(person.id, actorOf(ctx))
  const name = persons.open(person, 'name')
  const made = new Date(clock()).toISOString()
  return showPage(ctx, 'login/codes', { name, codes, made, action: ctx.path, csrf: requestOf(ctx).csrf() })
}
