import { decodeJwt } from 'jose'
import { interactionPolicy } from 'oidc-provider'
import { isTooWeak, levelOf } from '../../assurance/levels.ts'
import { neededLevel, unmetRequirements } from '../../oidc/prompts.ts'
import { askToSignIn, type SignInPageDeps } from '../sign-in-page.ts'
import type { Question } from './question.ts'

const { Check } = interactionPolicy

/** Who is it, and did they sign in recently enough? The login methods take the answer (login/methods/). */
export const loginQuestion: Question<'login', SignInPageDeps> = {
  name: 'login',

  // levels are ordered, so the equality of acr values does not matter: the question `level` compares them
  without: ['essential_acrs', 'essential_acr'],

  checks: ({ findClient, subjectOf }) => [
    // another way to sign in is missing, and no other proof of the person can help
    new Check(
      'way_too_weak',
      'the way of this sign-in is too weak for this portal',
      unmetRequirements,
      async ({ oidc }) => {
        const weak = oidc.session?.accountId && isTooWeak(levelOf(oidc.acr) ?? 2, oidc.session.amr ?? [])
        if (!weak) return Check.NO_NEED_TO_PROMPT
        const client = await findClient(String(oidc.params?.['client_id']))
        const enough = client && neededLevel(client, oidc.params ?? {}) === 2
        return enough ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
      },
    ),

    new Check('account_gone', 'the account of this session cannot be used', 'login_required', ({ oidc }) =>
      Boolean(oidc.session?.accountId) && !oidc.account ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),

    // oidc-provider compares `id_token_hint` before it asks, not with the person who answers
    new Check('other_person', 'a person other than the one of id_token_hint signed in', 'login_required', (ctx) => {
      const { params, account, result } = ctx.oidc
      const hint = params?.['id_token_hint']
      if (typeof hint !== 'string' || !result?.login || !account) return Check.NO_NEED_TO_PROMPT
      return decodeJwt(hint).sub === subjectOf(ctx, account.accountId) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
    }),
  ],

  ask: askToSignIn,
}
