import { showPage } from '../../pages/visit.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { keptId } from '../../storage/kept-id.ts'
import { assertQuestion, pathOf } from '../attempt.ts'
import type { LoginHost, RouterContext } from '../method.ts'
import { kioskSituation } from './kiosk.ts'
import { ofAccount } from './limits.ts'
import { amr, name, type FaceParts } from './parts.ts'
import type { Situation } from './routes.ts'

/** A face in a running login: for who is signed in at too low a level, or at a kiosk. */
export async function inLogin(ctx: RouterContext, host: LoginHost, parts: FaceParts): Promise<Situation> {
  const attempt = await host.attempt(ctx)
  if (attempt.question === 'login') return kioskSituation(ctx, host, parts, attempt)
  assertQuestion(attempt, 'level')
  const person = attempt.session && (await parts.persons.find(attempt.session.personId))
  if (person?.status !== 'active' || person.identityLevel < 3) throw new Refusal('login_expired', 'nobody to verify')
  const page = { portal: attempt.portal }
  return {
    who: person.id,
    counted: ofAccount(person.id, undefined),
    person,
    purpose: 'step-up',
    holder: keptId(attempt.id),
    base: pathOf(attempt, name),
    elsewhere: pathOf(attempt),
    show: async (view, data, status) => showPage(ctx, view, { ...page, ...data }, status),
    passed: () => host.raise(ctx, { method: name, personId: person.id, amr }),
  }
}
