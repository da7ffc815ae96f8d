import { createHmac, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { errors, Provider, type Client as OidcClient, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { Consents } from '../accounts/consents.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { acrValues } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import { knownScopes } from '../clients/metadata.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { SigningKey } from '../keys/signing-keys.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { languages } from '../pages/languages.ts'
import type { SessionRows } from '../sessions/rows.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits } from '../guards/limits.ts'
import { createAdapterFactory, keyOfCommandLine } from './adapter.ts'
import { assertClaimsRequest } from './claims-request.ts'
import { claimsConfiguration, createFindAccount } from './claims.ts'
import { toOidcMetadata } from './client-metadata.ts'
import { createLoadGrant } from './grants.ts'
import { adminScope } from './command-line-client.ts'
import { createAssertClientAssertion } from './client-authentication.ts'
import { deviceAuthorizationPath, devicePath, type DeviceFlowOfAdministrators } from './device-flow.ts'
import { makeModelsOnce } from './engine/made-once.ts'
import { createExchangeConsents } from './exchange-consents.ts'
import type { Fetch } from '../guards/outbound.ts'
import { createOidcPages } from './pages.ts'
import { copyModelsPlainly } from './engine/plain-models.ts'
import { createPrompts, type CheckDeps, type PromptQuestion } from './prompts.ts'
import { compareSecretsByHash, findClientsOnce, nameLevelsAsAsked } from './engine/provider-changes.ts'
import { dropEndedLogins } from './pending-logins.ts'
import { introspectsOwn, keepToRegistration } from './registered.ts'
import { detectReplaysAtomically } from '../guards/replay-detection.ts'
import { limitRequest } from '../guards/request-limits.ts'
import { createRepresenteeClaim } from '../representation/representee-claim.ts'
import type { Representees } from '../representation/representee.ts'
import { resourceServer, type Resources } from './resources.ts'
import { createSuccessorOf, deriveRotatedTokens } from './rotation.ts'
import { createSecretGuesses } from '../guards/secret-guesses.ts'
import { keySet } from './engine/signing.ts'
import { createStoredBudget } from '../guards/stored-budget.ts'
import { exchangedClaims, registerTokenExchange } from './token-exchange.ts'

export interface ProviderDeps {
  settings: Settings
  clock: Clock
  artifacts: Artifacts
  sessions: SessionRows
  findPerson: Parameters<typeof createFindAccount>[0]['findPerson']
  findClient(id: string): Promise<Client | undefined>
  /** Ids of the clients that are part of this server. */
  ownClients: ReadonlySet<string>
  persons: NaturalPersons
  consents: Consents
  representees: Representees
  /** Whether something is offered to a person who has just signed in. */
  /** The questions to a person, in their order. */
  questions: readonly PromptQuestion[]
  offerDue: CheckDeps['offerDue']
  audit: AuditLog
  resources: Resources
  signingKeys: readonly SigningKey[]
  cookieKeys: string[]
  pairwiseKey: KeyObject
  blindIndex: BlindIndex
  /** How portals' addresses are asked. */
  outbound: Fetch
  deviceFlow: DeviceFlowOfAdministrators
}

/** oidc-provider, configured as DESIGN 1.4 says; everything it can be told stands here or in the file it is taken from. */
export function createProvider(deps: ProviderDeps): Provider {
  const { settings, clock, artifacts, findClient, persons, consents, representees, resources, audit, blindIndex } = deps
  const { lifetimes } = settings
  const secure = settings.issuer.startsWith('https:')
  const pages = createOidcPages(findClient)
  const pairwise = createPairwise(deps.pairwiseKey)
  const successorOf = createSuccessorOf(deps.pairwiseKey)
  const subjectOf = (ctx: KoaContextWithOIDC, personId: string) => {
    const { client } = ctx.oidc
    if (!client) throw new Error('a subject is known to a portal only')
    return client.subjectType === 'pairwise' ? pairwise(ctx, personId, client) : personId
  }
  const representeeClaim = createRepresenteeClaim(subjectOf, clock)
  const resourceServerOf = (client: Client, resource: string) =>
    resourceServer(resources, client.resources, resource, lifetimes.accessToken)

  const exchangeConsents = createExchangeConsents({ findClient, consents, representees, resources })

  const policy = createPrompts(deps.questions, {
    findClient,
    representees,
    exchangeConsents,
    isClosing: async (id) => ((await persons.find(id))?.closesAt ?? null) !== null,
    offerDue: deps.offerDue,
    subjectOf,
  })
  deps.deviceFlow.addChecks(policy)

  const configuration: Configuration = {
    acrValues,
    adapter: createAdapterFactory({
      artifacts,
      sessions: deps.sessions,
      clock,
      refreshGraceSeconds: lifetimes.refreshGrace,
      successorOf,
      storedBudget: createStoredBudget(settings.limits.addressStored, clock),
      findClient: async (id) => {
        const client = await findClient(id)
        return client && toOidcMetadata(client)
      },
    }),
    allowOmittingSingleRegisteredRedirectUri: false,
    assertJwtClientAuthClaimsAndHeader: createAssertClientAssertion(clock),
    claims: claimsConfiguration,
    // what stands in the ID token and what at userinfo is decided in claims.ts
    conformIdTokenClaims: false,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin && origin !== 'null'),
    cookies: {
      keys: deps.cookieKeys,
      // those of a running login are never sent (login-browser.ts)
      names: { session: hostCookie('yideng_session', secure) },
      // Not signed: it holds 256 random bits and is looked up under its hash; a signature would add nothing but time.
      long: { httpOnly: true, sameSite: 'lax', secure, signed: false },
    },
    discovery: { ui_locales_supported: [...languages] },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
    },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true, assertClaimsParameter: assertClaimsRequest },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      deviceFlow: deps.deviceFlow.flow,
      dPoP: { enabled: true },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      introspection: { enabled: true, allowedPolicy: introspectsOwn },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_ctx, resource, client) => {
          const registered = await findClient(client.clientId)
          if (!registered) throw new errors.InvalidTarget()
          return resourceServerOf(registered, resource)
        },
      },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) => pages.confirmLogout(ctx),
        postLogoutSuccessSource: (ctx) => pages.loggedOut(ctx),
      },
      userinfo: { enabled: true },
    },
    fetch: deps.outbound,
    // checked in every authorization request, pushed or not, before anything is stored
    extraParams: { representee_hint: (ctx) => limitRequest(ctx, deps.ownClients) },
    extraTokenClaims: exchangedClaims.extra,
    findAccount: createFindAccount({ ...deps, representeeClaim }),
    formats: { customizers: { jwt: exchangedClaims.customize } },
    interactions: {
      policy,
      url: (_ctx, interaction) => `/login/${interaction.uid}`,
    },
    jwks: keySet(deps.signingKeys),
    loadExistingGrant: createLoadGrant(consents, findClient, representees),
    pairwiseIdentifier: pairwise,
    pkce: { required: () => true },
    renderError: pages.error,
    responseTypes: ['code'],
    // the grant of one command line may be that of others too
    revokeGrantPolicy: (ctx) =>
      !(ctx.oidc.route === 'revocation' && (ctx.oidc.entities.AccessToken || keyOfCommandLine(ctx) !== undefined)),
    rotateRefreshToken: true,
    routes: {
      authorization: '/authorize',
      code_verification: devicePath,
      device_authorization: deviceAuthorizationPath,
      end_session: '/logout',
      introspection: '/introspect',
      jwks: '/jwks',
      pushed_authorization_request: '/par',
      revocation: '/revoke',
      token: '/token',
      userinfo: '/userinfo',
    },
    scopes: [...knownScopes, adminScope],
    // The administrator who registers a portal names its sector; there is no document to fetch and compare.
    sectorIdentifierUriValidate: () => false,
    subjectTypes: ['pairwise', 'public'],
    ttl: {
      AccessToken: lifetimes.accessToken,
      AuthorizationCode: lifetimes.code,
      ClientCredentials: lifetimes.accessToken,
      Grant: Math.max(lifetimes.session, lifetimes.refreshToken),
      IdToken: lifetimes.idToken,
      Interaction: lifetimes.interaction,
      // A rotated token does not outlive the first of its family.
      RefreshToken: (ctx) => ctx?.oidc.entities.RotatedRefreshToken?.remainingTTL ?? lifetimes.refreshToken,
      Session: (_ctx, session) => {
        const now = Math.floor(clock() / 1000)
        const left = session.loginTs === undefined ? lifetimes.session : session.loginTs + lifetimes.session - now
        return Math.max(1, Math.min(lifetimes.sessionIdle, left))
      },
    },
  }

  const provider = new Provider(settings.issuer, configuration)
  registerTokenExchange(provider, {
    persons,
    representees,
    resources,
    exchangeConsents,
    findClient,
    resourceServerOf,
    subjectOf,
    audit,
    clock,
  })
  nameLevelsAsAsked(provider)
  compareSecretsByHash(
    provider,
    createSecretGuesses({ limits: createLimits(artifacts, clock), blindIndex, audit, clock }),
  )
  findClientsOnce(provider, findClient)
  copyModelsPlainly(provider, exchangedClaims.extra)
  makeModelsOnce(provider)
  dropEndedLogins(provider, persons)
  keepToRegistration(provider)
  deriveRotatedTokens(provider, successorOf)
  detectReplaysAtomically(provider, artifacts, clock)
  return provider
}

const mostSubjectsKept = 10_000

/** Pairwise subjects (OIDC Core 8.1); the latest are remembered, for one sign-in asks several times. */
function createPairwise(key: KeyObject) {
  const known = new LRUCache<string, string>({ max: mostSubjectsKept })
  return (_ctx: KoaContextWithOIDC, accountId: string, client: OidcClient): string => {
    const whom = `${String(client.sectorIdentifier)}\0${accountId}`
    let subject = known.get(whom)
    if (subject === undefined) {
      subject = createHmac('sha256', key).update(whom).digest('base64url')
      known.set(whom, subject)
    }
    return subject
  }
}
