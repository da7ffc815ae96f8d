import { requestOf } from '../pages/request-context.ts'
import type { Level } from '../assurance/levels.ts'
import type { AccountContext, AccountHost, Router, RouterContext } from './method.ts'

/** A right that a route of the account centre needs of the session; `AccountHost` explains each. */
type Right = 'sign-in' | 'reduce' | 'change-authenticators' | 'protect-account' | 'grant-mandates'

/** A right, or a sign-in of at least a level. */
export type SessionNeeds = Right | { level: Level }

type Handler = (ctx: RouterContext, account: AccountContext) => unknown

interface PostRoute {
  /** A page, answered by GET: a sign-in for the needs, the language switch and an error page lead there. */
  back: string | ((ctx: RouterContext) => string)
  needs: SessionNeeds
}

/** The question before a person loses something. Its words are `ask.<kind>_title`, `_text`, `_keep` and `_yes`. */
export interface Question {
  kind: string
  /** Fills the words. */
  values?: Readonly<Record<string, string | number>>
  /** Rows that name the loss: `ask.fact_<name>` and a value. */
  facts?: Readonly<Record<string, string>>
  /** Where "no" leads, if not to the `back` of the route. */
  back?: string
}

/** Routes for a signed-in person: the handler runs only where the session meets the needs of the route. */
export interface AccountRouter {
  get(path: string, needs: SessionNeeds, handler: Handler): void
  /** A page that needs no session. */
  open(path: string, handler: (ctx: RouterContext) => unknown): void
  post(path: string, route: PostRoute, handler: Handler): void
  /**
   * An act that takes something away. GET asks and names it, with the focus on "no", which leads to `back`; POST does it.
   * @param route.ask undefined where it has answered by itself
   */
  lose(
    path: string,
    route: PostRoute & { ask: (ctx: RouterContext, account: AccountContext) => Promise<Question | undefined> },
    handler: Handler,
  ): void
}

/** Adds routes to `router` whose needs `centre` checks first. */
export function accountRouter(router: Router, centre: AccountHost): AccountRouter {
  const guards: Record<Right, (ctx: RouterContext) => Promise<AccountContext | undefined>> = {
    'sign-in': (ctx) => centre.enter(ctx),
    reduce: centre.mayReduce,
    'change-authenticators': centre.mayChangeAuthenticators,
    'protect-account': centre.mayProtect,
    'grant-mandates': centre.mayGrantMandates,
  }

  async function run(ctx: RouterContext, needs: SessionNeeds, handler: Handler): Promise<void> {
    const account = await (typeof needs === 'string' ? guards[needs](ctx) : centre.enter(ctx, needs))
    if (account) await handler(ctx, account)
  }

  const addressOf = (back: PostRoute['back'], ctx: RouterContext) => (typeof back === 'string' ? back : back(ctx))

  return {
    get(path, needs, handler) {
      router.get(path, (ctx) => run(ctx, needs, handler))
    },
    open(path, handler) {
      router.get(path, (ctx) => handler(ctx))
    },
    post(path, { back, needs }, handler) {
      router.post(path, (ctx) => {
        requestOf(ctx).returnTo = addressOf(back, ctx)
        return run(ctx, needs, handler)
      })
    },
    lose(path, { back, needs, ask }, handler) {
      router.get(path, (ctx) =>
        run(ctx, needs, async (_ctx, account) => {
          const question = await ask(ctx, account).catch((error: unknown) => {
            // the page of an error must not lead to this question again
            requestOf(ctx).returnTo = addressOf(back, ctx)
            throw error
          })
          if (!question) return
          const data = { values: {}, facts: {}, back: addressOf(back, ctx), ...question, action: ctx.path }
          await centre.show(ctx, account, 'account/ask', { ask: data })
        }),
      )
      router.post(path, (ctx) => {
        const request = requestOf(ctx)
        // a sign-in on the way comes back to the question
        request.returnTo = ctx.path
        return run(ctx, needs, (_ctx, account) => {
          request.returnTo = addressOf(back, ctx)
          return handler(ctx, account)
        })
      })
    },
  }
}
