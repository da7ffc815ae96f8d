import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { levelOf } from '../../assurance/levels.ts'
import type { CheckDeps, FreshSignIn } from '../../oidc/prompts.ts'
import type { Offer } from '../method.ts'
import { codesAnswer, type CodesAnswerDeps } from './codes-offer.ts'
import { possessionAnswer } from './possession-offer.ts'
import { readSignedInHere } from '../signed-in-here.ts'
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

  checks: ({ offerDue, readPerson }) => {
    // the check and its details ask the same in one request
    const asked = new WeakMap<KoaContextWithOIDC, Promise<string | undefined>>()
    const due = (ctx: KoaContextWithOIDC) => {
      const known = asked.get(ctx)
      if (known) return known
      const signIn = freshSignIn(ctx, readPerson)
      const found = signIn ? offerDue(signIn) : Promise.resolve(undefined)
      asked.set(ctx, found)
      return found
    }
    return [
      new interactionPolicy.Check(
        'offer_open',
        'something is offered after signing in',
        'interaction_required',
        async (ctx) => (await due(ctx)) !== undefined,
        // an offer may need what its method has found in the login before
        async (ctx) => ({ offer: await due(ctx), after: readSignedInHere(ctx.oidc.result)?.attempt }),
      ),
    ]
  },

  async ask({ offers, host }, ctx, attempt) {
    const named = offers.find(({ name }) => name === attempt.interaction.prompt.details['offer'])
    // another browser of the person took the offer between the check and its details
    if (!named) return host.offered(ctx)
    return named.offer.ask(ctx, attempt)
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
      const open = all.filter(({ offer }) => !signIn.asked || offer.evenAsked)
      for (const { name, offer } of open) if (await offer.due(signIn)) return name
      return undefined
    },
    open(offers) {
      all = offers
    },
  }
}

/** The sign-in of this authorization request, before its offer is answered; undefined where it had none, as for a later step-up. */
function freshSignIn({ oidc, req }: KoaContextWithOIDC, readPerson: CheckDeps['readPerson']): FreshSignIn | undefined {
  const { result, params } = oidc
  const here = readSignedInHere(result)
  if (!result?.login || !here || result['offer'] !== undefined || oidc.promptPending('none')) return undefined
  const { accountId: personId, acr, amr = [], ts: signedInAt = 0 } = result.login
  return {
    person: () => readPerson(personId),
    req,
    attemptId: here.attempt,
    asked: oidc.entities.Interaction?.uid !== here.attempt,
    clientId: String(params?.['client_id']),
    personId,
    amr,
    level: levelOf(acr) ?? 2,
    signedInAt,
    again: here.again,
  }
}
