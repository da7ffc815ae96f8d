import { showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { assertQuestion, pathOf } from '../../attempt.ts'
import type { LoginHost, RouterContext } from '../../method.ts'
import { kioskSituation } from './kiosk.ts'
import { ofAccount } from './face-limits.ts'
import { amr, name, type FaceDeps } from './face-deps.ts'
import type { Situation } from './face-routes.ts'

/** A face in a running login: it raises the level of a signed-in person, or signs in at a kiosk. */
export async function inLogin(ctx: RouterContext, host: LoginHost, deps: FaceDeps): Promise<Situation> {
  const attempt = await host.attempt(ctx)
  if (attempt.question === 'login') return kioskSituation(ctx, host, deps, attempt)
  assertQuestion(attempt, 'level')
  const person = attempt.session && (await deps.persons.find(attempt.session.personId))
  if (person?.status !== 'active' || person.identityLevel < 3) throw new Refusal('login_expired', 'no person to verify')
  const page = { portal: attempt.portal }
  return {
    who: person.id,
    counted: ofAccount(person.id, undefined),
    person,
    purpose: 'step-up',
    holder: hashId(attempt.id),
    base: pathOf(attempt, name),
    elsewhere: pathOf(attempt),
    show: async (view, data, status) => showPage(ctx, view, { ...page, ...data }, status),
    passed: () => host.raise(ctx, { method: name, personId: person.id, amr }),
  }
}
