import type { KeyObject } from 'node:crypto'
import type { Middleware } from 'koa'
import { errors, Provider, type Client as OidcClient, type Configuration } from 'oidc-provider'
import type { Consents } from '../accounts/consents.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { PhoneProofs } from '../accounts/phone-proofs.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Fetch } from '../guards/outbound.ts'
import { limitRequest } from '../guards/request-limits.ts'
import { keepHint } from './idp-hint.ts'
import type { SecretGuesses } from '../guards/secret-guesses.ts'
import { createStoredBudget } from '../guards/stored-budget.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { sm2Algorithm } from '../keys/guomi/sm2.ts'
import type { TokenKey } from '../keys/token-keys.ts'
import { createRepresenteeClaim } from '../representation/representee-claim.ts'
import type { Representees } from '../representation/representees.ts'
import type { SessionRows } from '../sessions/rows.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createAdapterFactory } from './artifacts/adapter.ts'
import { keyOfCommandLine } from './artifacts/revocation.ts'
import { assertClaimsRequest } from './claims-request.ts'
import { createFindAccount } from './claims.ts'
import { assertRequestObject, createAssertClientAssertion } from './client-authentication.ts'
import { toOidcMetadata } from './client-metadata.ts'
import { registrationOf } from './client-registrations.ts'
import { cookies, fixedConfiguration, timesToLive } from './provider-configuration.ts'
import type { DeviceFlowOfAdministrators } from './device-flow.ts'
import { withFreshness } from './engine/answer-freshness.ts'
import { nameLevelsAsAsked } from './engine/acr.ts'
import { keepRedirectQueries } from './engine/answer-addresses.ts'
import { sendFormsByOwnPage } from './engine/answer-forms.ts'
import { alwaysNameSessions, hashAccessTokens } from './engine/id-token-claims.ts'
import { acceptOwnHints } from './engine/own-hints.ts'
import { compareSecretsByHash } from './engine/client-secrets.ts'
import { findClientsOnce, type FindClientsDeps } from './engine/find-clients-once.ts'
import { directAnswers } from './direct/direct-answers.ts'
import { dropEndedLogins } from './engine/ended-logins.ts'
import { keepJwtTokens } from './engine/kept-jwt-tokens.ts'
import { nameRefusedScopes } from './engine/named-scopes.ts'
import { keepToRegistration } from './engine/narrowed-grants.ts'
import { copyModelsPlainly } from './engine/plain-models.ts'
import { createSuccessorOf, deriveRotatedTokens } from './engine/refresh-rotation.ts'
import { detectReplaysAtomically } from './engine/replay-detection.ts'
import { addSm2Keys, keySet } from './engine/provider-key-set.ts'
import { signWithSm2 } from './engine/sm2-tokens.ts'
import { createLoadGrant } from './grants.ts'
import { createIntrospectionPolicy } from './introspection.ts'
import { answerForJwtTokens } from './jwt-tokens.ts'
import { isOpenTo, type LegacyAnswer } from './legacy-requests.ts'
import { keepOfflineAccess } from './offline-access.ts'
import { createOidcPages } from './pages.ts'
import { readPersonOnce, type ReadPerson } from './person-of-request.ts'
import { createPrompts, promptValues, selectAccountByLogin, type CheckDeps, type PromptQuestion } from './prompts.ts'
import { resourceServer, type Resources } from './resources.ts'
import { createSubjects } from './subjects.ts'
import type { UpstreamSignOut } from './upstream-sign-out.ts'
import { createActorClaims } from './token-exchange/actor-claims.ts'
import { createExchangeConsents } from './token-exchange/exchange-consents.ts'
import { registerTokenExchange } from './token-exchange/exchange.ts'

export interface ProviderDeps {
  upstreamSignOut: Pick<UpstreamSignOut, 'offer'>
  settings: Settings
  clock: Clock
  artifacts: Artifacts
  sessions: SessionRows
  findPerson: Parameters<typeof createFindAccount>[0]['findPerson']
  knownBefore: Parameters<typeof createFindAccount>[0]['knownBefore']
  findClient(id: string): Promise<Client | undefined>
  /** A portal, suspended or not, to name it on a page. */
  findRegistered(id: string): Promise<Client | undefined>
  /** Refuses a request of a client that has used up its calls (guards/portal-budgets.ts). */
  admitClient: FindClientsDeps['admit']
  /** Ids of the clients that are part of this server. */
  ownClients: ReadonlySet<string>
  persons: NaturalPersons
  phoneProofs: Pick<PhoneProofs, 'find'>
  consents: Consents
  representees: Representees
  /** The questions to a person, in their order. */
  questions: readonly PromptQuestion[]
  /** Whether a person who has just signed in gets an offer. */
  offerDue: CheckDeps['offerDue']
  audit: AuditLog
  resources: Resources
  signingKeys: readonly TokenKey[]
  cookieKeys: string[]
  pairwiseKey: KeyObject
  blindIndex: BlindIndex
  /** Sends requests to the addresses of portals. */
  outbound: Fetch
  keySetFailed: FindClientsDeps['keySetFailed']
  deviceFlow: DeviceFlowOfAdministrators
  legacyAnswer: LegacyAnswer
  secretGuesses: SecretGuesses
}

interface CreatedProvider extends Pick<Shared, 'findAccount' | 'subjectOf'> {
  provider: Provider
  jwtTokens: Middleware
  direct: Middleware
}

/** oidc-provider with our configuration (DESIGN 1.4) and with the changes of engine/ (engine/README.md). */
export function createProvider(deps: ProviderDeps): CreatedProvider {
  const { settings, clock, artifacts, findClient, persons } = deps
  const subjects = createSubjects(deps.pairwiseKey)
  const representeeClaim = createRepresenteeClaim(subjects.subjectOf, clock)
  const findAccount = createFindAccount({ ...deps, ...subjects, representeeClaim })
  const shared = {
    ...subjects,
    findAccount,
    readPerson: readPersonOnce(persons),
    introspectionPolicy: createIntrospectionPolicy(findAccount, findClient),
    actorClaims: createActorClaims(),
    exchangeConsents: createExchangeConsents(deps),
    successorOf: createSuccessorOf(deps.pairwiseKey),
    resourceServerOf: (client: Client, resource: string) =>
      resourceServer(deps.resources, client, resource, settings.lifetimes.accessToken),
  }
  const provider = new Provider(settings.issuer, configuration(deps, shared))
  addSm2Keys(provider, deps.signingKeys)
  signWithSm2(provider, (client) => registrationOf(client).sm2_signature ?? 'raw')
  registerTokenExchange(provider, { ...deps, ...shared })
  nameLevelsAsAsked(provider)
  nameRefusedScopes()
  acceptOwnHints(provider, fixedConfiguration.enabledJWA.idTokenSigningAlgValues)
  const authenticate = compareSecretsByHash(provider, deps.secretGuesses)
  findClientsOnce(provider, { findClient, admit: deps.admitClient, isOpenTo, keySetFailed: deps.keySetFailed })
  copyModelsPlainly(provider, shared.actorClaims.extra)
  keepJwtTokens(provider)
  hashAccessTokens(provider)
  alwaysNameSessions(provider)
  keepRedirectQueries(provider, deps.legacyAnswer)
  sendFormsByOwnPage(provider)
  dropEndedLogins(provider, shared.readPerson)
  keepToRegistration(provider)
  deriveRotatedTokens(provider, shared.successorOf)
  detectReplaysAtomically(provider, artifacts, clock)
  const jwtTokens = answerForJwtTokens({ provider, findAccount, findClient, artifacts, clock })
  const direct = directAnswers({ provider, authenticate, ...shared })
  return { provider, findAccount, subjectOf: subjects.subjectOf, jwtTokens, direct }
}

interface Shared extends ReturnType<typeof createSubjects> {
  findAccount: ReturnType<typeof createFindAccount>
  introspectionPolicy: ReturnType<typeof createIntrospectionPolicy>
  actorClaims: ReturnType<typeof createActorClaims>
  exchangeConsents: ReturnType<typeof createExchangeConsents>
  successorOf: ReturnType<typeof createSuccessorOf>
  readPerson: ReadPerson
  resourceServerOf(client: Client, resource: string): ReturnType<typeof resourceServer>
}

function promptPolicy(deps: ProviderDeps, shared: Shared) {
  const isClosing = async (id: string) => ((await shared.readPerson(id))?.closesAt ?? null) !== null
  const policy = createPrompts(deps.questions, { ...deps, ...shared, isClosing })
  deps.deviceFlow.addChecks(policy)
  return policy
}

function configuration(deps: ProviderDeps, shared: Shared): Configuration {
  const { settings, clock, findClient, consents, representees } = deps
  const { lifetimes, limits } = settings
  const pages = createOidcPages(deps)
  return {
    ...fixedConfiguration,
    discovery: {
      ...fixedConfiguration.discovery,
      prompt_values_supported: promptValues,
      ...(deps.signingKeys.some(({ alg }) => alg === sm2Algorithm)
        ? { gm_jwks_uri: `${settings.issuer}/jwks-gm` }
        : {}),
    },
    adapter: createAdapterFactory({
      ...deps,
      refreshGraceSeconds: lifetimes.refreshGrace,
      successorOf: shared.successorOf,
      storedBudget: createStoredBudget(limits.addressStored, clock),
      async findClient(id) {
        const client = await findClient(id)
        return client && toOidcMetadata(client)
      },
    }),
    assertJwtClientAuthClaimsAndHeader: createAssertClientAssertion(clock),
    cookies: cookies(deps.cookieKeys, settings.issuer.startsWith('https:')),
    features: features(deps, shared, pages),
    fetch: withFreshness(deps.outbound),
    // runs in every authorization request, pushed or not, before anything is stored
    extraParams: {
      // before the request is measured: a hint of no use is no error
      idp_hint: keepHint,
      representee_hint(ctx) {
        limitRequest(ctx, deps.ownClients)
        selectAccountByLogin(ctx)
        keepOfflineAccess(ctx)
      },
    },
    extraTokenClaims: shared.actorClaims.extra,
    findAccount: shared.findAccount,
    formats: { customizers: { jwt: shared.actorClaims.customize } },
    interactions: {
      policy: promptPolicy(deps, shared),
      url: (_ctx, interaction) => `/login/${interaction.uid}`,
    },
    jwks: keySet(deps.signingKeys),
    loadExistingGrant: createLoadGrant(consents, findClient, representees),
    pairwiseIdentifier: shared.pairwise,
    renderError: pages.error,
    // several command lines may share one grant
    revokeGrantPolicy: (ctx) =>
      !(ctx.oidc.route === 'revocation' && (ctx.oidc.entities.AccessToken || keyOfCommandLine(ctx) !== undefined)),
    ttl: timesToLive(lifetimes, clock),
  }
}

/** A registration may change during a request: all tokens of one answer have the algorithm of its client. */
const signedAlike = (now: Client, client: OidcClient): Client => {
  const { id_token_alg, sm2_signature } = registrationOf(client)
  return { ...now, id_token_alg, sm2_signature }
}

const features = (
  { findClient, deviceFlow }: ProviderDeps,
  { resourceServerOf, introspectionPolicy }: Shared,
  pages: ReturnType<typeof createOidcPages>,
): NonNullable<Configuration['features']> => ({
  backchannelLogout: { enabled: true },
  claimsParameter: { enabled: true, assertClaimsParameter: assertClaimsRequest },
  clientCredentials: { enabled: true },
  devInteractions: { enabled: false },
  deviceFlow: deviceFlow.flow,
  dPoP: { enabled: true },
  externalSigningSupport: { enabled: true, ack: 'experimental-01' },
  introspection: { enabled: true, allowedPolicy: introspectionPolicy },
  pushedAuthorizationRequests: { enabled: true },
  requestObjects: { enabled: true, assertJwtClaimsAndHeader: assertRequestObject },
  resourceIndicators: {
    enabled: true,
    async getResourceServerInfo(_ctx, resource, client) {
      const registered = await findClient(client.clientId)
      if (!registered) throw new errors.InvalidTarget()
      return resourceServerOf(signedAlike(registered, client), resource)
    },
  },
  revocation: { enabled: true },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (ctx) => pages.confirmLogout(ctx),
    postLogoutSuccessSource: (ctx) => pages.loggedOut(ctx),
  },
  userinfo: { enabled: true },
})
