import { errors, type KoaContextWithOIDC, type Provider, type ResourceServer } from 'oidc-provider'
import { covers, everything } from '../../accounts/mandates/matters.ts'
import { downScope, type Granted } from '../../accounts/mandates/mandate-rules.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Client } from '../../clients/clients.ts'
import type { Clock } from '../../config/clock.ts'
import { tokenExchange } from '../client-metadata.ts'
import { registrationOf } from '../client-registrations.ts'
import type { Resources } from '../resources.ts'
import type { ActorClaims } from './actor-claims.ts'
import type { ExchangeConsents } from './exchange-consents.ts'
import { accessTokenType, mandateType, parameterNames, readDetails, readParameters, readTarget } from './parameters.ts'
import { grantedScopes, openScopes } from './scopes.ts'
import { readSubjectToken, type SubjectTokenDeps } from './subject-token.ts'

export interface TokenExchangeDeps extends SubjectTokenDeps {
  resources: Resources
  exchangeConsents: ExchangeConsents
  actorClaims: ActorClaims
  findClient(id: string): Promise<Client | undefined>
  resourceServerOf(client: Client, resource: string): ResourceServer
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
  audit: AuditLog
  clock: Clock
}

/** Seconds, for an API that names no lifetime of its own. */
const defaultLifetime = 600

/**
 * RFC 8693 at the token endpoint. A portal holds the access token of a person who acts for a principal.
 * It gets a token for an API, with the principal as subject, limited to the mandates at that moment.
 */
export function registerTokenExchange(provider: Provider, deps: TokenExchangeDeps): void {
  const handler = async (ctx: KoaContextWithOIDC) => {
    try {
      await exchange(deps, ctx)
    } catch (error) {
      if (error instanceof errors.OIDCProviderError) {
        const clientId = ctx.oidc.client?.clientId
        const details = { error: error.error }
        await deps.audit.record({ event: 'token.exchange-refused', actor: 'portal', clientId, details })
      }
      throw error
    }
  }
  provider.registerGrantType(tokenExchange, handler, parameterNames)
}

async function exchange(deps: TokenExchangeDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const { resources, exchangeConsents, findClient, resourceServerOf, audit, clock } = deps
  const { oidc } = ctx
  const client = oidc.client && (await findClient(oidc.client.clientId))
  if (!oidc.client || !client) throw new errors.InvalidClient('unknown')
  // a sender-constrained token is for the holder of its key: an exchange would remove that limit
  if (ctx.get('dpop')) throw new errors.InvalidRequest('DPoP is not supported for token exchange')
  const asked = readParameters(oidc.params)
  const subject = await readSubjectToken(deps, ctx, asked.subject_token)
  const { view, granted } = subject.acting
  const target = readTarget(asked)
  const { id_token_alg, sm2_signature } = registrationOf(oidc.client)
  const server = resourceServerOf({ ...client, id_token_alg, sm2_signature }, target)

  const { mandates, matters } = narrow(granted, readDetails(asked.authorization_details))
  const agreed = await exchangeConsents.agreed(client, subject.personId, target)
  const scope = grantedScopes(openScopes(resources, target, matters), asked.scope, agreed)
  const used = mandatesFor(mandates, matters)
  const expiresIn = lifetimeOf(used, server.accessTokenTTL ?? defaultLifetime, clock())
  const details = detailsOf(used, granted.relation, matters)

  const token = new oidc.provider.AccessToken({
    accountId: subject.personId,
    client: oidc.client,
    grantId: subject.token.grantId,
    gty: 'token_exchange',
    scope,
    expiresIn,
    rar: details,
  })
  token.resourceServer = new oidc.provider.ResourceServer(target, server)
  const sub = view.kind === 'legal_person' ? view.id : deps.subjectOf(ctx, view.id)
  deps.actorClaims.set(token, { sub, act: { sub: deps.subjectOf(ctx, subject.personId) }, signIn: subject.token.extra })
  const value = await token.save()
  await audit.record({
    event: 'token.exchanged',
    actor: 'portal',
    personId: subject.personId,
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

type Mandates = Granted['mandates']

const beyond = () => new errors.InvalidAuthorizationDetails('more than is granted')

/** @throws InvalidAuthorizationDetails for a mandate or matter that is not granted */
function narrow(granted: Granted, wanted: ReturnType<typeof readDetails>) {
  const mandates = granted.mandates.filter(({ id }) => wanted.mandate === undefined || wanted.mandate === id)
  if (wanted.mandate !== undefined && mandates.length === 0) throw beyond()
  // a relation such as legal representative needs no mandate
  const given = granted.mandates.length === 0 ? granted.matters : mandates.flatMap((mandate) => mandate.matters)
  const matters = downScope([...new Set(given)], wanted.matters)
  if (!matters) throw beyond()
  return { mandates, matters }
}

const mandatesFor = (mandates: Mandates, matters: readonly string[]) =>
  mandates.filter((mandate) => covers(mandate.matters, matters) || mandate.matters.some((one) => matters.includes(one)))

/**
 * The token ends with the first of its mandates.
 * @returns seconds
 * @throws InvalidAuthorizationDetails when a mandate ends within this second
 */
function lifetimeOf(used: Mandates, most: number, now: number): number {
  const expiresIn = Math.min(most, ...used.map(({ expiresAt }) => Math.floor((expiresAt - now) / 1000)))
  if (expiresIn < 1) throw beyond()
  return expiresIn
}

/** The `authorization_details` of the token (RFC 9396). */
const detailsOf = (used: Mandates, relation: string, matters: string[]) =>
  used.length === 0
    ? [{ type: mandateType, role: relation, matters }]
    : used.map(({ id, role, matters: held }) => ({
        type: mandateType,
        mandate: id,
        role,
        matters: matters.includes(everything) ? [...held] : matters.filter((one) => covers(held, [one])),
      }))
