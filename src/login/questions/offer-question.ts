import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { levelOf } from '../../assurance/levels.ts'
import type { FreshSignIn } from '../../oidc/prompts.ts'
import type { Offer } from '../method.ts'
import { codesAnswer, type CodesAnswerDeps } from './codes-offer.ts'
import { possessionAnswer } from './possession-offer.ts'
import type { Question } from './question.ts'

/** An offer by its name: a login method, `codes` or `possession`. */
export interface NamedOffer {
  name: string
  offer: Offer
}

export interface OfferQuestionDeps extends CodesAnswerDeps {
  /** The first that is due is asked; a sign-in is asked one. */
  offers: readonly NamedOffer[]
}

/** Does the person want an easier way to sign in next time, or a way back in? Its offer asks, and takes the answer. */
export const offerQuestion: Question<'offer', OfferQuestionDeps> = {
  name: 'offer',

  checks: ({ offerDue }) => {
    const due = async (ctx: KoaContextWithOIDC) => {
      const signIn = freshSignIn(ctx)
      return signIn && offerDue(signIn)
    }
    return [
      new interactionPolicy.Check(
        'offer_open',
        'something is offered after signing in',
        'interaction_required',
        async (ctx) => (await due(ctx)) !== undefined,
        // an offer may need what its method has found in the login before
        async (ctx) => ({ offer: await due(ctx), after: freshSignIn(ctx)?.attemptId }),
      ),
    ]
  },

  async ask({ offers }, ctx, attempt) {
    const named = offers.find(({ name }) => name === attempt.interaction.prompt.details['offer'])
    if (!named) throw new Error('the open offer has no name')
    await named.offer.ask(ctx, attempt)
  },

  routes(router, deps) {
    codesAnswer(router, deps)
    possessionAnswer(router, deps)
  },
}

/** The offers after a sign-in. */
export interface Offers {
  /** The name of the first offer that is due. */
  due(signIn: FreshSignIn): Promise<string | undefined>
  /** Offers need oidc-provider, which asks for them: so they come in after it, before the first request. */
  open(offers: readonly NamedOffer[]): void
}

export function createOffers(): Offers {
  let all: readonly NamedOffer[] = []
  return {
    async due(signIn) {
      for (const { name, offer } of all) if (await offer.due(signIn)) return name
      return undefined
    },
    open(offers) {
      all = offers
    },
  }
}

/**
 * The sign-in of this authorization request, before its offer is answered; undefined for a later step-up. `again`: the person was signed
 * in, and has signed in once more.
 */
function freshSignIn({ oidc, req }: KoaContextWithOIDC): FreshSignIn | undefined {
  const { result, params } = oidc
  const answered = oidc.entities.Interaction
  if (!result?.login || result['offer'] !== undefined || !answered) return undefined
  const again = answered.session?.accountId !== undefined
  if (again && answered.prompt.name !== 'login') return undefined
  if (oidc.promptPending('none')) return undefined
  const { accountId: personId, acr, amr = [], ts: signedInAt = 0 } = result.login
  const clientId = String(params?.['client_id'])
  return { req, attemptId: answered.uid, clientId, personId, amr, level: levelOf(acr) ?? 2, signedInAt, again }
}
