import type { Settings } from '../config/settings.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { refusals } from '../refusal/refusal.ts'
import { pathOf, type Attempt } from './attempt.ts'
import type { LoginMethod, LoginRefusal, PartData, RouterContext } from './method.ts'

export interface SignInPageDeps {
  methods: readonly LoginMethod[]
  limits: Pick<Settings['limits'], 'passwordTries' | 'passwordWaitSeconds'>
}

/** Shows the sign-in page of a running login, with the refusal of the last try above its form. */
export async function showSignInPage(
  { methods, limits }: SignInPageDeps,
  ctx: RouterContext,
  attempt: Attempt,
  refusal?: LoginRefusal,
): Promise<void> {
  if (refusal?.waitMinutes) ctx.set('retry-after', String(refusal.waitMinutes * 60))
  showPage(
    ctx,
    'login/sign-in',
    {
      portal: attempt.portal,
      ways: await partsOf(methods, ctx, attempt, refusal),
      refusal: refusal?.code,
      waitMinutes: refusal?.waitMinutes ?? Math.ceil(limits.passwordWaitSeconds / 60),
      tries: limits.passwordTries,
      registerUrl: pathOf(attempt, 'register'),
      cancelAction: pathOf(attempt, 'cancel'),
      level: attempt.needed,
      reauthentication: attempt.session !== undefined,
      administers: attempt.client.administers === true,
      csrf: requestOf(ctx).csrf(),
    },
    refusal ? refusals[refusal.code] : 200,
  )
}

/** The part of each method that this login offers, in the order of the list of methods. */
function partsOf(
  methods: readonly LoginMethod[],
  ctx: RouterContext,
  attempt: Attempt,
  refusal?: LoginRefusal,
): Promise<PartData[]> {
  const request = requestOf(ctx)
  const hint = attempt.params['login_hint']
  const identifier = refusal?.identifier ?? (typeof hint === 'string' ? hint.slice(0, 64) : '')
  const { administers } = attempt.client
  const offered = methods.filter((method) => method.offered(attempt) && (!administers || method.strongEnoughForAdmin))
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
