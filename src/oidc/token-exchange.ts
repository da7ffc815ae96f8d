import { errors, type AccessToken, type KoaContextWithOIDC, type Provider, type ResourceServer } from 'oidc-provider'
import { z } from 'zod'
import { covers, everything } from '../accounts/mandates/matters.ts'
import type { Representation } from '../accounts/mandates/representations.ts'
import { downScope } from '../accounts/mandates/rules.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { isEnded } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { signInOf } from './claims.ts'
import { tokenExchange } from './client-metadata.ts'
import { openScopes, type ExchangeConsents } from './exchange-consents.ts'
import { representeeScope, type Representees } from '../representation/representee.ts'
import type { Resources } from './resources.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
/** Type of `authorization_details` (RFC 9396): a mandate, and in which of its matters. */
const mandateType = 'urn:yideng:mandate'

const params = z.object({
  subject_token: z.string().min(1),
  subject_token_type: z.literal(accessTokenType),
  requested_token_type: z.literal(accessTokenType).optional(),
  resource: z.string().optional(),
  audience: z.string().optional(),
  scope: z.string().optional(),
  authorization_details: z.string().optional(),
  actor_token: z.undefined(),
  actor_token_type: z.undefined(),
})

const wantedDetails = z
  .array(
    z.strictObject({
      type: z.literal(mandateType),
      mandate: z.string().optional(),
      matters: z.array(z.string()).optional(),
    }),
  )
  .length(1)

export interface TokenExchangeDeps {
  persons: NaturalPersons
  representees: Representees
  resources: Resources
  exchangeConsents: ExchangeConsents
  findClient(id: string): Promise<Client | undefined>
  resourceServerOf(client: Client, resource: string): ResourceServer
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
  audit: AuditLog
  clock: Clock
}

/** What a token of an exchange says beyond others: `sub` is the principal, `act` who acts (RFC 8693 section 4.1). */
const speaksFor = new WeakMap<object, { sub: string; act: { sub: string } }>()

/** For oidc-provider's `extraTokenClaims` and its JWT customizer. */
export const exchangedClaims = {
  extra: (_ctx: unknown, token: object) => {
    const said = speaksFor.get(token)
    return said && { act: said.act }
  },
  customize: (_ctx: KoaContextWithOIDC, token: object, deps: { payload: Record<string, unknown> }) => {
    const said = speaksFor.get(token)
    if (said) deps.payload['sub'] = said.sub
  },
}

/**
 * RFC 8693 at the token endpoint: a portal turns the access token of a person who acts for a principal into one for an API,
 * in which the principal is the subject. Never for more than is granted at that moment.
 */
export function registerTokenExchange(provider: Provider, deps: TokenExchangeDeps): void {
  const { persons, representees, resources, exchangeConsents, findClient, resourceServerOf, subjectOf, audit, clock } =
    deps

  async function exchange(ctx: KoaContextWithOIDC) {
    const { oidc } = ctx
    const client = oidc.client && (await findClient(oidc.client.clientId))
    if (!oidc.client || !client) throw new errors.InvalidClient('unknown')
    // sender-constrained tokens are for the one who holds the key: an exchange would loosen that
    if (ctx.get('dpop')) throw new errors.InvalidRequest('DPoP is not supported for token exchange')
    const read = params.safeParse(oidc.params)
    if (!read.success)
      throw new errors.InvalidRequest(`${read.error.issues[0]?.path.join('.')} is missing or not supported`)
    const asked = read.data

    const { person, subject, acting } = await subjectOfExchange(ctx, asked.subject_token)
    const { view, granted } = acting
    if (asked.audience !== undefined && asked.resource !== undefined)
      throw new errors.InvalidTarget('resource or audience, not both')
    const target = asked.resource ?? asked.audience
    if (target === undefined) throw new errors.InvalidTarget('resource is missing')
    const server = resourceServerOf(client, target)

    const wanted = readDetails(asked.authorization_details)
    const mandates = granted.mandates.filter(({ id }) => wanted.mandate === undefined || wanted.mandate === id)
    if (wanted.mandate !== undefined && mandates.length === 0) throw beyond()
    const given = granted.mandates.length === 0 ? granted.matters : mandates.flatMap((mandate) => mandate.matters)
    const matters = downScope([...new Set(given)], wanted.matters)
    if (!matters) throw beyond()
    const agreed = await exchangeConsents.agreed(client, person, target)
    const scope = scopesWithin(openScopes(resources, target, matters), asked.scope, agreed)

    // not one that outlives what it speaks for, nor the token it comes from
    const used = mandates.filter(
      (mandate) => covers(mandate.matters, matters) || mandate.matters.some((one) => matters.includes(one)),
    )
    const ends = used.map(({ expiresAt }) => Math.floor((expiresAt - clock()) / 1000))
    const expiresIn = Math.min(server.accessTokenTTL ?? 600, ...ends)
    if (expiresIn < 1) throw beyond()
    const details =
      used.length === 0
        ? [{ type: mandateType, role: granted.relation, matters }]
        : used.map(({ id, role, matters: held }) => ({
            type: mandateType,
            mandate: id,
            role,
            matters: matters.includes(everything) ? [...held] : matters.filter((one) => covers(held, [one])),
          }))

    const token: AccessToken = new provider.AccessToken({
      accountId: person,
      client: oidc.client,
      grantId: subject.grantId,
      gty: 'token_exchange',
      scope,
      expiresIn,
      rar: details,
    })
    token.resourceServer = new provider.ResourceServer(target, server)
    const sub = view.kind === 'legal_person' ? view.id : subjectOf(ctx, view.id)
    speaksFor.set(token, { sub, act: { sub: subjectOf(ctx, person) } })
    const value = await token.save()
    await audit.record({
      event: 'token.exchanged',
      actor: 'portal',
      personId: person,
      clientId: client.id,
      details: { principal: view.id, mandates: used.map(({ id }) => id), matters, scope, resource: target },
    })
    ctx.body = {
      access_token: value,
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope,
      authorization_details: details,
    }
  }

  /** The same answer to every token that is not good, whyever it is not. */
  async function subjectOfExchange(ctx: KoaContextWithOIDC, value: string) {
    const refuse = () =>
      new errors.InvalidRequest('subject_token is not a valid access token of this portal for a representee')
    const subject = await provider.AccessToken.find(value)
    if (!subject || subject.clientId !== ctx.oidc.client?.clientId || !subject.accountId) throw refuse()
    if (subject.isSenderConstrained() || subject.aud !== undefined || !subject.scopes.has(representeeScope))
      throw refuse()
    const grant = await provider.Grant.find(subject.grantId)
    if (!grant || grant.accountId !== subject.accountId || grant.clientId !== subject.clientId) throw refuse()
    const person = await persons.find(subject.accountId)
    const signIn = signInOf(subject)
    if (person?.status !== 'active' || !signIn || isEnded(person.endings, signIn)) throw refuse()
    const acting = await representees.actingBy(subject.grantId, subject.accountId)
    if (acting === 'ended' || !acting?.granted) throw refuse()
    return {
      person: subject.accountId,
      subject,
      acting: acting as Representation & { granted: NonNullable<Representation['granted']> },
    }
  }

  const handler = async (ctx: KoaContextWithOIDC) => {
    try {
      await exchange(ctx)
    } catch (error) {
      if (error instanceof errors.OIDCProviderError) {
        const details = { error: error.error }
        await audit.record({
          event: 'token.exchange-refused',
          actor: 'portal',
          clientId: ctx.oidc.client?.clientId,
          details,
        })
      }
      throw error
    }
  }
  provider.registerGrantType(tokenExchange, handler, Object.keys(params.shape))
}

const beyond = () => new errors.InvalidAuthorizationDetails('more than is granted')

function readDetails(text: string | undefined): { mandate?: string | undefined; matters?: string[] | undefined } {
  if (text === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new errors.InvalidAuthorizationDetails('not JSON', { cause })
  }
  const read = wantedDetails.safeParse(json)
  if (!read.success) throw new errors.InvalidAuthorizationDetails(`must be one object of type ${mandateType}`)
  const [{ mandate, matters } = {}] = read.data
  return { mandate, matters }
}

/** Of the scopes that the mandates open those the person agreed to; what was asked for must all be. */
function scopesWithin(open: readonly string[], asked: string | undefined, agreed: readonly string[] | 'all'): string {
  const wanted = asked === undefined ? open : asked.split(' ').filter(Boolean)
  if (wanted.length === 0 || !wanted.every((scope) => open.includes(scope)))
    throw new errors.InvalidScope('more than is granted', asked ?? '')
  const given = agreed === 'all' ? wanted : wanted.filter((scope) => agreed.includes(scope))
  if (given.length === 0 || (asked !== undefined && given.length < wanted.length))
    throw new errors.InvalidScope(
      'the person has not agreed to this API: ask at the authorization endpoint',
      asked ?? '',
    )
  return [...new Set(given)].join(' ')
}
