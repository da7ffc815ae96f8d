import { requestOf } from '../pages/request-context.ts'
import type { Level } from '../assurance/levels.ts'
import type { AccountContext, AccountHost, Router, RouterContext } from './method.ts'

/** A right that a route of the account centre needs of the session; `AccountHost` explains each. */
type Right = 'sign-in' | 'change-authenticators' | 'protect-account' | 'grant-mandates'

/** A right, or a sign-in of at least a level. */
export type SessionNeeds = Right | { level: Level }

type Handler = (ctx: RouterContext, account: AccountContext) => unknown

/** Routes for a signed-in person: the handler runs only where the session meets the needs of the route. */
export interface AccountRouter {
  get(path: string, needs: SessionNeeds, handler: Handler): void
  /** A page that needs no session. */
  open(path: string, handler: (ctx: RouterContext) => unknown): void
  /**
   * @param route.back the page, answered by GET, to return to: after a sign-in that the needs ask for, from the language switch
   * and from an error page
   */
  post(
    path: string,
    route: { back: string | ((ctx: RouterContext) => string); needs: SessionNeeds },
    handler: Handler,
  ): void
}

/** Adds routes to `router` whose needs `centre` checks first. */
export function accountRouter(router: Router, centre: AccountHost): AccountRouter {
  const guards: Record<Right, (ctx: RouterContext) => Promise<AccountContext | undefined>> = {
    'sign-in': (ctx) => centre.enter(ctx),
    'change-authenticators': centre.mayChangeAuthenticators,
    'protect-account': centre.mayProtect,
    'grant-mandates': centre.mayGrantMandates,
  }

  async function run(ctx: RouterContext, needs: SessionNeeds, handler: Handler): Promise<void> {
    const account = await (typeof needs === 'string' ? guards[needs](ctx) : centre.enter(ctx, needs))
    if (account) await handler(ctx, account)
  }

  return {
    get(path, needs, handler) {
      router.get(path, (ctx) => run(ctx, needs, handler))
    },
    open(path, handler) {
      router.get(path, (ctx) => handler(ctx))
    },
    post(path, { back, needs }, handler) {
      router.post(path, (ctx) => {
        requestOf(ctx).returnTo = typeof back === 'string' ? back : back(ctx)
        return run(ctx, needs, handler)
      })
    },
  }
}
