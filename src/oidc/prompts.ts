import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { levelAsked, levelOf, type Level } from '../assurance/levels.ts'
import type { Client } from '../clients/clients.ts'
import { selectRepresentee, type Representees } from './representee.ts'

const { Check, Prompt, base } = interactionPolicy

/** OpenID Connect Core Unmet Authentication Requirements 1.0. */
export const unmetRequirements = 'unmet_authentication_requirements'

interface AcrRequest {
  essential?: boolean
  value?: string
  values?: string[]
}

/** The `acr` values a request would take: from `acr_values` and from `claims` (OIDC Core 3.1.2.1, 5.5.1.1). */
export function acrValuesOf(params: Record<string, unknown>): string[] {
  const { acr_values: values, claims } = params
  const asked = typeof values === 'string' ? values.split(' ') : []
  if (typeof claims !== 'string') return asked
  const request = (JSON.parse(claims) as { id_token?: { acr?: AcrRequest | null } }).id_token?.acr
  return [...asked, ...(request?.values ?? []), ...(request?.value === undefined ? [] : [request.value])]
}

/**
 * The questions an authorization request may put to a person, in this order; a person is asked only what is missing.
 * 1. `login`: who is it, and recently enough; 2. `level`: proven well enough; 3. `select_representee`: for whom;
 * 4. `consent`: may the portal have it.
 */
export function createPrompts(
  findClient: (id: string) => Promise<Client | undefined>,
  representees: Representees,
  addDeviceChecks: (policy: interactionPolicy.DefaultPolicy) => void,
): interactionPolicy.DefaultPolicy {
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
  const representee = new Prompt(
    { name: selectRepresentee, requestable: true },
    new Check('representee_open', 'the person has to choose for whom they act', 'interaction_required', (ctx) =>
      representees.mustAsk(ctx),
    ),
  )
  // a portal that may not know for whom somebody acts does not get to ask either: `mustAsk` looks at `prompt` itself
  representee.checks.remove(`${selectRepresentee}_prompt`)
  policy.add(representee, 2)
  addDeviceChecks(policy)
  return policy
}

/** The level this request needs from this portal's people. */
export function neededLevel(client: Client, params: Record<string, unknown>): Level {
  return levelAsked({ minLevel: client.min_level, acrValues: acrValuesOf(params) })
}
