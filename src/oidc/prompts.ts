import type { IncomingMessage } from 'node:http'
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { levelAsked, type Level } from '../assurance/levels.ts'
import type { Client } from '../clients/clients.ts'
import type { ReadPerson } from './person-of-request.ts'
import { acrValuesAsked } from './claims-request.ts'
import type { ExchangeConsents } from './token-exchange/exchange-consents.ts'
import type { Representees } from '../representation/representees.ts'

const { Prompt, base } = interactionPolicy

/** OpenID Connect Core Unmet Authentication Requirements 1.0. */
export const unmetRequirements = 'unmet_authentication_requirements'

/** A person has signed in a moment ago. */
export interface FreshSignIn {
  /** The request, for `requestOf`. */
  req: IncomingMessage
  /** The login that was answered (src/login/attempt.ts). */
  attemptId: string
  /** Another question was asked since. */
  asked: boolean
  clientId: string
  personId: string
  amr: string[]
  level: Level
  /** Seconds since 1970 UTC. */
  signedInAt: number
  /** The person was signed in before, and signs in once more. */
  again: boolean
  /** The person, read once in this request. */
  person(): ReturnType<ReadPerson>
}

/** Everything that the checks of the questions look at, beside the request. */
export interface CheckDeps {
  findClient(id: string): Promise<Client | undefined>
  representees: Representees
  exchangeConsents: ExchangeConsents
  isClosing(personId: string): Promise<boolean>
  readPerson: ReadPerson
  /** The name of the offer after this sign-in. */
  offerDue(signIn: FreshSignIn): Promise<string | undefined>
  /** The `sub` of this person at the portal that asks. */
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
}

/** A question to a person, as oidc-provider knows it: a prompt with the checks that make it necessary. */
export interface PromptQuestion {
  readonly name: string
  /** A portal may ask for it by `prompt=<name>`. oidc-provider's own prompts are all requestable. */
  readonly requestable?: boolean
  /** Checks of oidc-provider that do not apply, by their reason. */
  readonly without?: readonly string[]
  checks(deps: CheckDeps): readonly interactionPolicy.Check[]
}

/**
 * The prompts of oidc-provider, in the order of `questions`. A person is asked the first question that one of its checks
 * finds open, then the next.
 * @throws Error where oidc-provider has a prompt that is not among the questions
 */
export function createPrompts(questions: readonly PromptQuestion[], deps: CheckDeps): interactionPolicy.DefaultPolicy {
  const policy = base()
  const builtIn = new Map(policy.map((prompt) => [prompt.name, prompt]))
  policy.clear()
  for (const { name, requestable = false, without = [], checks } of questions) {
    const prompt = builtIn.get(name) ?? new Prompt({ name, requestable })
    for (const reason of without) prompt.checks.remove(reason)
    for (const check of checks(deps)) prompt.checks.add(check)
    policy.add(prompt)
    builtIn.delete(name)
  }
  policy.add(selectAccount)
  if (builtIn.size > 0) throw new Error(`no question for the prompt ${[...builtIn.keys()].join()}`)
  return policy
}

/** It asks nothing itself: `selectAccountByLogin` turns it into `login`. */
const selectAccount = new Prompt({ name: 'select_account', requestable: true })
selectAccount.checks.clear()

/**
 * `prompt=select_account` (OpenID Connect Core 3.1.2.1) asks for the sign-in page, where any account may sign in.
 * It runs before a request is stored, pushed or not.
 */
export function selectAccountByLogin({ oidc }: KoaContextWithOIDC): void {
  if (!oidc.params || !oidc.prompts.has(selectAccount.name)) return
  const asked = [...oidc.prompts].map((prompt) => (prompt === selectAccount.name ? 'login' : prompt))
  oidc.params['prompt'] = [...new Set(asked)].join(' ')
}

/**
 * Values of `prompt` for discovery (Initiating User Registration via OpenID Connect 1.0 section 5): those of OpenID Connect
 * Core alone. Nimbus, and so Spring, refuses the whole document for a value that it does not know.
 */
export const promptValues: readonly string[] = ['none', ...base().map(({ name }) => name), selectAccount.name]

/** The `acr` values a request would take: from `acr_values` and from `claims` (OIDC Core 3.1.2.1, 5.5.1.1). */
export function acrValuesOf(params: Record<string, unknown>): string[] {
  const { acr_values: values, claims } = params
  const asked = typeof values === 'string' ? values.split(' ') : []
  return typeof claims === 'string' ? [...asked, ...acrValuesAsked(claims)] : asked
}

/** The level this request needs from this portal's people. */
export function neededLevel(client: Client, params: Record<string, unknown>): Level {
  return levelAsked({ minLevel: client.min_level, acrValues: acrValuesOf(params) })
}
