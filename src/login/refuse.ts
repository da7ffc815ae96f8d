import type { AuditLog } from '../audit/audit-log.ts'
import { actorOf } from './actor.ts'
import { assertQuestion, type Attempt } from './attempt.ts'
import type { LoginRefusal, RouterContext } from './method.ts'
import { showSignInPage, type SignInPageDeps } from './sign-in-page.ts'

export interface RefuseDeps extends SignInPageDeps {
  audit: AuditLog
}

/** Audits a refused sign-in and shows the sign-in page again. */
export async function refuse(
  deps: RefuseDeps,
  ctx: RouterContext,
  attempt: Attempt,
  refusal: LoginRefusal,
): Promise<void> {
  assertQuestion(attempt, 'login')
  await deps.audit.record({
    event: 'login.refused',
    ...actorOf(ctx),
    personId: refusal.personId,
    clientId: attempt.client.id,
    details: { method: refusal.method, code: refusal.code, fault: refusal.fault },
  })
  await showSignInPage(deps, ctx, attempt, refusal)
}
