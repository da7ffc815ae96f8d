import type { IncomingMessage } from 'node:http'
import { decodeJwt } from 'jose'
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { levelAsked, levelOf, type Level } from '../assurance/levels.ts'
import type { Client } from '../clients/clients.ts'
import { acrValuesAsked } from './claims-request.ts'
import type { ExchangeConsents } from './token-exchange/consents.ts'
import type { Representees } from '../representation/representees.ts'
import { selectRepresentee } from '../representation/selection.ts'

const { Check, Prompt, base } = interactionPolicy

/** OpenID Connect Core Unmet Authentication Requirements 1.0. */
export const unmetRequirements = 'unmet_authentication_requirements'

/** The `acr` values a request would take: from `acr_values` and from `claims` (OIDC Core 3.1.2.1, 5.5.1.1). */
export function acrValuesOf(params: Record<string, unknown>): string[] {
  const { acr_values: values, claims } = params
  const asked = typeof values === 'string' ? values.split(' ') : []
  return typeof claims === 'string' ? [...asked, ...acrValuesAsked(claims)] : asked
}

/** A person has signed in a moment ago. */
export interface FreshSignIn {
  /** The request, for `visitOf`. */
  req: IncomingMessage
  /** The login that was answered (src/login/attempt.ts). */
  attemptId: string
  clientId: string
  personId: string
  amr: string[]
}

type OfferDue = (signIn: FreshSignIn) => Promise<boolean>

/**
 * The questions an authorization request may put to a person, in this order; a person is asked only what is missing.
 * 1. `login`: who is it, and recently enough; 2. `closing`: is the account to be kept, where it is to be closed; 3. `level`:
 * proven well enough; 4. `offer`: an easier way in next time; 5. `select_representee`: for whom; 6. `consent`: may the portal
 * have it.
 */
export function createPrompts(deps: {
  findClient(id: string): Promise<Client | undefined>
  representees: Representees
  exchangeConsents: ExchangeConsents
  isClosing(personId: string): Promise<boolean>
  offerDue: OfferDue
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
  /** What is asked of who lets the administrators' command line in. */
  addDeviceChecks(policy: interactionPolicy.DefaultPolicy): void
}): interactionPolicy.DefaultPolicy {
  const { findClient, representees, exchangeConsents, isClosing, offerDue, subjectOf, addDeviceChecks } = deps
  const policy = base()
  const login = policy.get('login')
  if (!login) throw new Error('oidc-provider has no login prompt')

  // The levels are ordered, so equality of acr values (oidc-provider's checks) is not the question: `level` asks it.
  login.checks.remove('essential_acrs')
  login.checks.remove('essential_acr')
  login.checks.add(
    new Check('account_gone', 'the account of this session cannot be used', 'login_required', (ctx) =>
      Boolean(ctx.oidc.session?.accountId) && !ctx.oidc.account ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  )

  // oidc-provider looks at `id_token_hint` before it asks, not at who answers
  login.checks.add(
    new Check('other_person', 'somebody else than id_token_hint means signed in', 'login_required', (ctx) => {
      const { params, account, result } = ctx.oidc
      const hint = params?.['id_token_hint']
      if (typeof hint !== 'string' || !result?.login || !account) return Check.NO_NEED_TO_PROMPT
      return decodeJwt(hint).sub === subjectOf(ctx, account.accountId) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
    }),
  )

  const tooLow = async (ctx: KoaContextWithOIDC): Promise<boolean> => {
    const client = await findClient(String(ctx.oidc.params?.['client_id']))
    const reached = levelOf(ctx.oidc.acr) ?? 2
    return !client || reached < neededLevel(client, ctx.oidc.params ?? {})
  }
  const level = new Prompt(
    { name: 'level', requestable: false },
    new Check('level_too_low', 'a higher level of assurance is required', unmetRequirements, tooLow),
  )
  policy.add(level, 1)
  const offer = new Prompt(
    { name: 'offer', requestable: false },
    new Check('offer_open', 'something is offered after signing in', 'interaction_required', async (ctx) => {
      const signIn = freshSignIn(ctx)
      return signIn !== undefined && offerDue(signIn)
    }),
  )
  policy.add(offer, 2)
  const representee = new Prompt(
    { name: selectRepresentee, requestable: true },
    new Check('representee_open', 'the person has to choose for whom they act', 'interaction_required', (ctx) =>
      representees.mustAsk(ctx),
    ),
  )
  // a portal that may not know for whom somebody acts does not get to ask either: `mustAsk` looks at `prompt` itself
  representee.checks.remove(`${selectRepresentee}_prompt`)
  policy.add(representee, 3)

  // asked once after each sign-in: who goes on as it is is not asked again by the next portal
  const closes = async ({ oidc }: KoaContextWithOIDC): Promise<boolean> => {
    const { login: justNow, closing: answered } = oidc.result ?? {}
    return Boolean(justNow) && !answered && oidc.account !== undefined && isClosing(oidc.account.accountId)
  }
  const closing = new Prompt(
    { name: 'closing', requestable: false },
    new Check('account_closing', 'the account is to be closed', 'interaction_required', closes),
  )
  policy.add(closing, 1)
  addDeviceChecks(policy)
  addExchangeCheck(policy, exchangeConsents)
  return policy
}

/** What a portal may reach by token exchange is agreed to with the rest. */
function addExchangeCheck(policy: interactionPolicy.DefaultPolicy, { missing }: ExchangeConsents): void {
  policy.get('consent')?.checks.add(
    new Check(
      'exchange_missing',
      'APIs reached by token exchange not agreed to',
      'consent_required',
      async (ctx) => Object.keys(await missing(ctx)).length > 0,
      async (ctx) => ({ missingExchangeScopes: await missing(ctx) }),
    ),
  )
}

/** A first sign-in in this very authorization request: neither a later one for a step-up, nor one already asked about. */
function freshSignIn(ctx: KoaContextWithOIDC): FreshSignIn | undefined {
  const { oidc } = ctx
  const { result, params } = oidc
  const answered = oidc.entities.Interaction
  if (!result?.login || result['offer'] !== undefined || !answered || answered.session?.accountId) return undefined
  if (oidc.promptPending('none')) return undefined
  const { accountId: personId, amr = [] } = result.login
  return { req: ctx.req, attemptId: answered.uid, clientId: String(params?.['client_id']), personId, amr }
}

/** The level this request needs from this portal's people. */
export function neededLevel(client: Client, params: Record<string, unknown>): Level {
  return levelAsked({ minLevel: client.min_level, acrValues: acrValuesOf(params) })
}
