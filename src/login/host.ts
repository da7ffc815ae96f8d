import type { InteractionResults } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { assertQuestion, loadAttempt, type Attempt } from './attempt.ts'
import { finish } from './finish.ts'
import type { LoginHost, RouterContext } from './method.ts'
import { raise, type RaiseDeps } from './raise.ts'
import { refuse } from './refuse.ts'
import { succeed, type SucceedDeps } from './succeed.ts'

export interface HostDeps extends SucceedDeps, RaiseDeps {
  findClient(id: string): Promise<Client | undefined>
}

/** `LoginHost` for the questions: they may also answer the open question with any result. */
export interface QuestionHost extends LoginHost {
  /** Hands a result to oidc-provider and redirects the browser to it. */
  finish(ctx: RouterContext, result: InteractionResults): Promise<void>
}

/** Binds the steps of a running login to what they need; each step is a function of its own file. */
export function createHost(deps: HostDeps): QuestionHost {
  const attempts = new WeakMap<object, Promise<Attempt>>()

  /** The login of this request, loaded once. */
  function attemptOf(ctx: RouterContext): Promise<Attempt> {
    let attempt = attempts.get(ctx.req)
    if (!attempt) {
      attempt = loadAttempt(ctx, deps.logins, deps.findClient)
      attempts.set(ctx.req, attempt)
    }
    return attempt
  }

  return {
    attempt: attemptOf,
    finish: async (ctx, result) => finish(deps, ctx, await attemptOf(ctx), result),
    succeed: async (ctx, proof) => succeed(deps, ctx, await attemptOf(ctx), proof),
    raise: async (ctx, proof) => raise(deps, ctx, await attemptOf(ctx), proof),
    refuse: async (ctx, refusal) => refuse(deps, ctx, await attemptOf(ctx), refusal),
    async offered(ctx) {
      const attempt = await attemptOf(ctx)
      assertQuestion(attempt, 'offer')
      await finish(deps, ctx, attempt, { offer: {} })
    },
  }
}
