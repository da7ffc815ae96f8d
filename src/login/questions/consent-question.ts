import { scannerScope } from '../../clients/metadata.ts'
import { interactionPolicy } from 'oidc-provider'
import { mergeResources, type Consents, type Granted } from '../../accounts/consents.ts'
import { maskName, maskDocumentNumber, maskPhone } from '../../accounts/identifiers/masking.ts'
import type { Clock } from '../../config/clock.ts'
import { attributesOf, personClaims, sensitiveClaims } from '../../oidc/claims.ts'
import { dutiesOf } from '../../oidc/pages.ts'
import { withinRegistration } from '../../oidc/registered.ts'
import { wordedScope, type Resources } from '../../oidc/resources.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import type { RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'
import type { Question } from './question.ts'
import { chosenPrincipal, type RepresenteeQuestionDeps } from './representee-question.ts'

export interface ConsentQuestionDeps extends RepresenteeQuestionDeps {
  consents: Consents
  resources: Resources
  clock: Clock
}

/** May the portal have what it asks for: attributes of the person, access to APIs? */
export const consentQuestion: Question<'consent', ConsentQuestionDeps> = {
  name: 'consent',

  // the APIs that a portal may reach by token exchange are agreed to with the rest
  checks: ({ exchangeConsents: { missing } }) => [
    new interactionPolicy.Check(
      'exchange_missing',
      'APIs reached by token exchange not agreed to',
      'consent_required',
      async (ctx) => Object.keys(await missing(ctx)).length > 0,
      async (ctx) => ({ missingExchangeScopes: await missing(ctx) }),
    ),
  ],

  async ask(deps, ctx, attempt) {
    const { person } = await signedIn(deps.persons, attempt)
    const wanted = await wantedOf(deps, attempt, person.id)
    const attributes = await attributesWanted(deps, ctx, attempt, wanted)
    const request = requestOf(ctx)
    showPage(ctx, 'login/consent', {
      portal: { ...attempt.portal, ...dutiesOf(attempt.client) },
      action: pathOf(attempt, 'consent'),
      attributes,
      separate: attributes.some(({ name }) => separateClaims.has(name)),
      level: attempt.needed,
      permissions: Object.entries(wanted.resources).flatMap(([resource, scopes]) =>
        scopes.map((scope) => wordedScope(deps.resources, resource, scope, request.language)),
      ),
      offline: wanted.scopes.includes('offline_access'),
      scanner: wanted.scopes.includes(scannerScope),
      remembered: attempt.client.type !== 'native',
      person: maskName(deps.persons.reveal(person).name),
      csrf: request.csrf(),
    })
  },

  routes(router, deps) {
    router.post('/login/:attempt/consent', (ctx) => decide(deps, ctx))
  },
}

async function decide(deps: ConsentQuestionDeps, ctx: RouterContext): Promise<void> {
  const { host, persons, consents, audit } = deps
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'consent')
  const { person } = await signedIn(persons, attempt)
  const { decision, separate } = requestOf(ctx).form
  if (decision === 'allow') {
    if (separate !== 'yes' && (await askSeparately(deps, ctx, attempt, person.id))) return
    await consents.give(person.id, attempt.client.id, missingConsent(attempt), actorOf(ctx))
    await host.finish(ctx, { consent: {} })
  } else if (decision === 'deny') {
    const about = { ...actorOf(ctx), personId: person.id, clientId: attempt.client.id }
    await audit.record({ event: 'consent.refused', ...about })
    await host.finish(ctx, { error: 'access_denied', error_description: 'the person refused' })
  } else {
    throw new Refusal('bad_request', 'no decision')
  }
}

/** Sensitive information that a person agrees to by an act of its own (PIPL article 29: 单独同意). */
const separateClaims: ReadonlySet<string> = new Set(['id_number', 'id_type'])

/** Shows the page for the sensitive information alone; false where the portal wants none. */
async function askSeparately(
  deps: ConsentQuestionDeps,
  ctx: RouterContext,
  attempt: Attempt,
  personId: string,
): Promise<boolean> {
  const wanted = await wantedOf(deps, attempt, personId)
  const attributes = (await attributesWanted(deps, ctx, attempt, wanted)).filter(({ name }) => separateClaims.has(name))
  if (attributes.length === 0) return false
  showPage(ctx, 'login/consent-separate', {
    portal: { ...attempt.portal, ...dutiesOf(attempt.client) },
    action: pathOf(attempt, 'consent'),
    attributes,
    csrf: requestOf(ctx).csrf(),
  })
  return true
}

async function wantedOf(deps: ConsentQuestionDeps, attempt: Attempt, personId: string): Promise<Granted> {
  const missing = missingConsent(attempt)
  return holdsNothing(missing) ? askedAgain(deps, attempt, personId) : missing
}

const maskDate = (date: string) => `${date.slice(0, 4)}-**-**`

const masks: Record<string, (value: string) => string> = {
  birthdate: maskDate,
  name: maskName,
  id_number: maskDocumentNumber,
  phone_number: maskPhone,
}

/** Attributes whose values are codes, or are made for each portal, with the area of views/words that words them. */
const worded: Record<string, string> = {
  id_type: 'documents.',
  gender: 'attributes.gender_',
  preferred_username: 'attributes.preferred_username_',
}

/** The attributes that the portal would receive, masked. */
async function attributesWanted(deps: ConsentQuestionDeps, ctx: RouterContext, attempt: Attempt, wanted: Granted) {
  const { persons, clock } = deps
  const { person } = await signedIn(persons, attempt)
  const claims = personClaims(persons, person, clock)
  const made: Record<string, unknown> = { preferred_username: 'made' }
  const principal = wanted.scopes.includes('representee') ? await chosenPrincipal(deps, attempt) : undefined
  return attributesOf(wanted.scopes, wanted.claims).flatMap((name) => {
    const value = name === 'representee' ? principal : (made[name] ?? claims[name])
    if (typeof value !== 'string') return []
    const area = worded[name]
    const shown = area ? requestOf(ctx).t(`${area}${value}`) : (masks[name]?.(value) ?? value)
    return [{ name, value: shown, sensitive: sensitiveClaims.has(name) }]
  })
}

/** The scopes, claims and APIs that the checks of this question, ours and oidc-provider's, found missing. */
function missingConsent({ client, interaction }: Attempt): Granted {
  const {
    missingOIDCScope: scopes = [],
    missingOIDCClaims: claims = [],
    missingResourceScopes = {},
    missingExchangeScopes = {},
  } = interaction.prompt.details as {
    missingOIDCScope?: string[]
    missingOIDCClaims?: string[]
    missingResourceScopes?: Record<string, string[]>
    missingExchangeScopes?: Record<string, string[]>
  }
  const resources = mergeResources(missingResourceScopes, missingExchangeScopes)
  return withinRegistration({ scopes, claims, resources }, client)
}

const holdsNothing = ({ scopes, claims, resources }: Granted) =>
  scopes.length + claims.length + Object.keys(resources).length === 0

/**
 * What a request asks for that was agreed to before: of an app, which is asked for at each sign-on (RFC 8252 section 8.6), or by
 * `prompt=consent` (OpenID Connect Core 3.1.2.1).
 */
async function askedAgain(deps: ConsentQuestionDeps, { client, params }: Attempt, personId: string): Promise<Granted> {
  const { claims = [], resources = {} } = (await deps.consents.find(personId, client.id)) ?? {}
  const named = new Set([params['resource'] ?? []].flat())
  return withinRegistration(
    {
      scopes: typeof params['scope'] === 'string' ? params['scope'].split(' ') : [],
      claims,
      resources: Object.fromEntries(Object.entries(resources).filter(([resource]) => named.has(resource))),
    },
    client,
  )
}
