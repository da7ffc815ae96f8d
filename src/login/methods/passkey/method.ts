import { requestOf } from '../../../pages/request-context.ts'
import type { CreateMethod } from '../../method-services.ts'
import { readRoots } from './attestation.ts'
import { createChallenges } from './challenges.ts'
import { passkeyEnrolment } from './enrolment.ts'
import { createOfferMemory } from './offer-memory.ts'
import { offerRoutes, passkeyOffer } from './offer.ts'
import { name } from './passkey-deps.ts'
import { canHavePasskeys } from './relying-party.ts'
import { signInRoutes } from './sign-in.ts'

/**
 * Sign-in by passkey (WebAuthn Level 3). The browser signs for this address only, so a copied page gets no sign-in. Passkeys are
 * found without a name, by autofill or a button, and always verify the person.
 */
export const createMethod: CreateMethod = (given) => {
  const { settings, artifacts } = given
  const deps = {
    ...given,
    roots: readRoots(settings.methods.passkey.rootsFile),
    challenges: createChallenges(artifacts),
    memory: createOfferMemory({
      artifacts,
      interaction: settings.lifetimes.interaction,
      offerDays: settings.methods.passkey.offerDays,
    }),
  }
  return {
    name,
    strongEnoughForAdmin: true,
    offered: () => canHavePasskeys(settings.issuer),
    part: async (ctx) => ({ scripts: ['passkey-sign-in.js'], container: requestOf(ctx).container }),
    routes(router, host) {
      signInRoutes(router, host, deps)
      offerRoutes(router, host, deps)
    },
    offer: passkeyOffer(deps),
    enrolment: passkeyEnrolment(deps),
  }
}
