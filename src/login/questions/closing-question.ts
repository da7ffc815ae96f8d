import { interactionPolicy } from 'oidc-provider'
import type { Closing } from '../../accounts/closing.ts'
import type { NaturalPersons } from '../../accounts/natural-persons.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../actor.ts'
import { assertQuestion, pathOf } from '../attempt.ts'
import type { QuestionHost } from '../host.ts'
import { signedIn } from '../signed-in.ts'
import type { Question } from './question.ts'

export interface ClosingQuestionDeps {
  host: QuestionHost
  persons: NaturalPersons
  closing: Closing
}

/** Does the person want to keep an account whose deletion is pending? Asked once after each sign-in, by one portal only. */
export const closingQuestion: Question<'closing', ClosingQuestionDeps> = {
  name: 'closing',

  checks: ({ isClosing }) => [
    new interactionPolicy.Check(
      'account_closing',
      'the account is to be closed',
      'interaction_required',
      async ({ oidc }) => {
        const { login: justNow, closing: answered } = oidc.result ?? {}
        return Boolean(justNow) && !answered && oidc.account !== undefined && isClosing(oidc.account.accountId)
      },
    ),
  ],

  async ask({ host, persons }, ctx, attempt) {
    const { closesAt } = (await signedIn(persons, attempt)).person
    // the person kept the account on another device
    if (closesAt === null) return host.finish(ctx, { closing: {} })
    const action = pathOf(attempt, 'closing')
    showPage(ctx, 'login/closing', { portal: attempt.portal, closesAt, action, csrf: requestOf(ctx).csrf() })
    return undefined
  },

  routes(router, { host, persons, closing }) {
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
