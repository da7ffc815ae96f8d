import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import type { FreshSignIn } from '../../oidc/prompts.ts'
import type { LoginMethod } from '../method.ts'
import type { Question } from './question.ts'

/** Does the person want an easier way to sign in next time? A login method asks, and takes the answer. */
export const offerQuestion: Question<'offer', { methods: readonly LoginMethod[] }> = {
  name: 'offer',

  checks: ({ offerDue }) => [
    new interactionPolicy.Check(
      'offer_open',
      'something is offered after signing in',
      'interaction_required',
      async (ctx) => {
        const signIn = freshSignIn(ctx)
        return signIn !== undefined && offerDue(signIn)
      },
    ),
  ],

  async ask({ methods }, ctx, attempt) {
    const offer = offerOf(methods)
    if (!offer) throw new Error('no login method offers anything')
    await offer.ask(ctx, attempt)
  },
}

/** The offer of the first method that has one. */
const offerOf = (methods: readonly LoginMethod[]) => methods.find(({ offer }) => offer)?.offer

/** Whether a login method has something to offer after a sign-in. */
export interface Offers {
  isDue(signIn: FreshSignIn): Promise<boolean>
  /** Methods need oidc-provider, which asks for offers: so they come in after it, before the first request. */
  open(methods: readonly LoginMethod[]): void
}

export function createOffers(): Offers {
  let offer: LoginMethod['offer']
  return {
    isDue: async (signIn) => (await offer?.due(signIn)) ?? false,
    open(methods) {
      offer = offerOf(methods)
    },
  }
}

/** The first sign-in of this authorization request, before its offer is answered; undefined for a later step-up. */
function freshSignIn({ oidc, req }: KoaContextWithOIDC): FreshSignIn | undefined {
  const { result, params } = oidc
  const answered = oidc.entities.Interaction
  if (!result?.login || result['offer'] !== undefined || !answered || answered.session?.accountId) return undefined
  if (oidc.promptPending('none')) return undefined
  const { accountId: personId, amr = [] } = result.login
  return { req, attemptId: answered.uid, clientId: String(params?.['client_id']), personId, amr }
}
