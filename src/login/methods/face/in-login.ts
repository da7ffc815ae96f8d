import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { isDirect } from '../../../assurance/levels.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, RouterContext } from '../../method.ts'
import { asksPossession } from '../../possession-asked.ts'
import { kioskSituation } from './kiosk.ts'
import { countedFor } from './counted-for.ts'
import { amr, name, type FaceDeps } from './face-deps.ts'
import type { Situation } from './face-routes.ts'

/** A session that a QR code or a face alone began may prove no account. */
export const mayProve = ({ session }: Pick<Attempt, 'session'>): boolean =>
  session !== undefined && isDirect(session.amr)

/** A face in a running login: it raises the level of a signed-in person, proves their account, or signs in at a kiosk. */
export async function inLogin(ctx: RouterContext, host: LoginHost, deps: FaceDeps): Promise<Situation> {
  const attempt = await host.attempt(ctx)
  if (attempt.question === 'login') return kioskSituation(ctx, host, deps, attempt)
  const offered = asksPossession(attempt)
  if (!offered) assertQuestion(attempt, 'level')
  const person = attempt.session && (await deps.persons.find(attempt.session.personId))
  if (person?.status !== 'active') throw new Refusal('login_expired', 'no person to verify')
  const page = { portal: attempt.portal }
  const unproven = offered || person.identityLevel < 3
  // who may change nothing in the account centre proves nothing here
  if (unproven && !mayProve(attempt)) throw new Refusal('forbidden', 'a session that proves no account')
  const raise = () => (offered ? host.offered(ctx) : host.raise(ctx, { method: name, personId: person.id, amr }))

  async function prove(of: NaturalPerson) {
    const proved = await deps.identityProofs.prove(of, deps.devices.keyOf(requestOf(ctx).device()), actorOf(ctx))
    // the page of the level tells the other ways
    return proved.ok ? raise() : redirectTo(ctx, pathOf(attempt))
  }

  return {
    who: person.id,
    counted: countedFor(deps, person),
    person,
    purpose: unproven ? 'proofing' : 'step-up',
    holder: hashId(attempt.id),
    base: pathOf(attempt, name),
    elsewhere: pathOf(attempt),
    show: async (view, data, status) => showPage(ctx, view, { ...page, ...data }, status),
    passed: () => (unproven ? prove(person) : raise()),
  }
}
