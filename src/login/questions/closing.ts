import type { Closing } from '../../accounts/closing.ts'
import type { NaturalPersons } from '../../accounts/natural-persons.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import { actorOf, type LoginQuestions } from '../host.ts'
import type { Router, RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'

export interface ClosingDeps {
  host: LoginQuestions
  persons: NaturalPersons
  closing: Closing
}

/** Asked after a sign-in to an account that is to be closed: keep it? One click keeps it, another goes on as it is. */
export function closingQuestion({ host, persons, closing }: ClosingDeps) {
  return {
    async ask(ctx: RouterContext, attempt: Attempt): Promise<void> {
      const { closesAt } = (await signedIn(persons, attempt)).person
      // kept meanwhile, on another device
      if (closesAt === null) return host.finish(ctx, { closing: {} })
      const action = pathOf(attempt, 'closing')
      showPage(ctx, 'login/closing', { portal: attempt.portal, closesAt, action, csrf: requestOf(ctx).csrf() })
      return undefined
    },

    routes(router: Router): void {
      router.post('/login/:attempt/closing', async (ctx) => {
        const attempt = await host.attempt(ctx)
        assertQuestion(attempt, 'closing')
        const { id } = (await signedIn(persons, attempt)).person
        const { decision } = requestOf(ctx).form
        if (decision !== 'keep' && decision !== 'close') throw new Refusal('bad_request', 'no decision')
        if (decision === 'keep') await closing.keep(id, actorOf(ctx))
        await host.finish(ctx, { closing: {} })
      })
    },
  }
}
