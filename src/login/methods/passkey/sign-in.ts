import { requestOf } from '../../../pages/request-context.ts'
import { Refusal, type RefusalCode } from '../../../refusal/refusal.ts'
import { perNetwork } from '../../../guards/network-limit.ts'
import { assertQuestion, type Attempt } from '../../attempt.ts'
import { actorOf } from '../../actor.ts'
import type { LoginHost, Router } from '../../method.ts'
import { checkAssertion, type AssertionFault } from './assertion.ts'
import type { Challenges } from './challenges.ts'
import type { OfferMemory } from './offer-memory.ts'
import { name, type PasskeyDeps } from './passkey-deps.ts'
import { relyingParty } from './relying-party.ts'

const addressWindowSeconds = 600

/** Passkeys on the sign-in page: /login/:attempt/passkey. */
export function signInRoutes(
  router: Router,
  host: LoginHost,
  deps: PasskeyDeps & { challenges: Challenges; memory: OfferMemory },
): void {
  const { settings, challenges, memory } = deps
  const { id: rpId } = relyingParty(settings.issuer)

  const ofOneNetwork = { name: 'passkey-tries', most: settings.limits.addressTries, seconds: addressWindowSeconds }

  const limit = perNetwork(deps, ofOneNetwork)
  const tooMany = `more than ${settings.limits.addressTries} ${ofOneNetwork.name}`

  // A script asks, so the browser has WebAuthn. The answer names no passkeys: the browser finds them.
  router.post('/options', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    if (requestOf(ctx).form['here'] === 'yes') await memory.canMakeHere(attempt.id)
    const challenge = await challenges.issue('login', attempt.id)
    ctx.body = { challenge, rpId, userVerification: 'required', timeout: settings.lifetimes.interaction * 1000 }
  })

  router.post('/', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    // a valid passkey never waits: else a neighbour could block all others in the network
    const wait = await limit.count(requestOf(ctx))
    const text = requestOf(ctx).form['response'] ?? ''
    const challenge = await challenges.take('login', attempt.id)
    const checked = await checkAssertion(deps, { text, challenge, by: actorOf(ctx), of: mustBe(attempt) })
    if (!checked.ok) {
      if (wait > 0) throw new Refusal('too_many_requests', tooMany, wait)
      const { fault, personId, unknownId } = checked
      if (unknownId !== undefined)
        requestOf(ctx).signals.push({ method: 'signalUnknownCredential', options: { rpId, credentialId: unknownId } })
      return host.refuse(ctx, { method: name, code: codeOf(fault), fault, personId })
    }
    const { personId, amr, authenticator } = checked
    return host.succeed(ctx, {
      method: name,
      personId,
      amr,
      authenticatorId: authenticator.id,
      refusal: 'passkey_refused',
    })
  })
}

function codeOf(fault: AssertionFault): RefusalCode {
  if (fault === 'unknown_credential') return 'passkey_unknown'
  if (fault === 'other_person') return 'passkey_other_person'
  return fault === 'held' ? 'passkey_held' : 'passkey_refused'
}

/** A repeated sign-in must be of the signed-in person, as long as their account can be used. */
function mustBe({ session, interaction }: Attempt): string | undefined {
  return interaction.prompt.reasons.includes('account_gone') ? undefined : session?.personId
}
