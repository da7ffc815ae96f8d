import { ownClientId } from '../account-centre/own-client.ts'
import type { Client } from '../clients/clients.ts'
import { listedRegions } from '../config/networks.ts'
import { createOutbound } from '../guards/outbound.ts'
import { createPortalBudgets } from '../guards/portal-budgets.ts'
import { createLimits } from '../guards/limits.ts'
import { reachRule } from '../guards/reachable.ts'
import { createSecretGuesses } from '../guards/secret-guesses.ts'
import { countSignatureCalls, watchSignatureServer } from '../http/signature-server-metrics.ts'
import { createLogoutDeliveries } from '../jobs/logout-deliveries.ts'
import { signersFirst } from '../keys/signing-keys.ts'
import { openTokenKeys, signatureServerOf } from '../keys/token-keys.ts'
import { createOffers } from '../login/questions/offer-question.ts'
import { questions } from '../login/questions/questions.ts'
import { createAccessTokens } from '../oidc/access-tokens.ts'
import { commandLineId } from '../oidc/command-line-client.ts'
import { createDeviceFlow } from '../oidc/device-flow.ts'
import { queueLogouts } from '../oidc/engine/logouts.ts'
import { createProvider } from '../oidc/provider.ts'
import { refuseWithoutSigner } from '../oidc/sm2-admission.ts'
import { reportRefused } from '../oidc/refused-requests.ts'
import { createUpstreamSignOut } from '../oidc/upstream-sign-out.ts'
import { legacyAnswer } from '../protocols/answers.ts'
import { createSingleLogout } from '../protocols/cas/single-logout.ts'
import { createRepresentees } from '../representation/representees.ts'
import { createSessionRows } from '../sessions/rows.ts'
import { createSessions } from '../sessions/sessions.ts'
import { createUpstreamSessions } from '../sessions/upstream-sessions.ts'
import { cached, cachedList } from '../storage/cached.ts'
import type { Core } from './core.ts'

export type Protocol = ReturnType<typeof createProtocol>

/** oidc-provider, and the services that need it: sessions, access tokens, logout notices, the administrators' device flow. */
export function createProtocol(core: Core) {
  const { settings, clock, log, tracing, metrics, events, services, artifacts, findClient, cookieKeys, resources } =
    core
  const { database, audit, persons, consents, endSignIns, dataKeys, administrators } = services
  const { blindIndex, cipher } = dataKeys
  const { session, sessionIdle, refreshToken } = settings.lifetimes
  const deviceFlow = createDeviceFlow({
    administrators,
    artifacts,
    audit,
    blindIndex,
    cipher,
    regionOf: listedRegions(),
    clock,
  })
  const findPerson = cached((id: string) => persons.find(id), { events, topic: 'person', all: false }, clock)
  const rows = createSessionRows({ artifacts, findPerson })
  const portalBudgets = createPortalBudgets(settings.limits, clock)
  const offers = createOffers()
  const signatureServer =
    settings.sm2Keys === 'svs' ? signatureServerOf(settings, countSignatureCalls(metrics.registry)) : undefined
  if (signatureServer) watchSignatureServer(metrics.registry, signatureServer)
  const readKeys = () => openTokenKeys(settings, clock, signatureServer)
  const { upstreams } = core
  const upstreamSignOut = createUpstreamSignOut({
    upstreams,
    artifacts,
    cipher,
    lifetime: session,
    issuer: settings.issuer,
  })
  const outbound = tracing.outbound(createOutbound({ allowed: reachRule(settings) }))
  const secretGuesses = createSecretGuesses({ limits: createLimits(artifacts, clock), blindIndex, audit, clock })
  const { provider, findAccount, subjectOf, jwtTokens, direct } = createProvider({
    upstreamSignOut,
    async admitClient(ctx, client) {
      portalBudgets.admit(ctx, client)
      await refuseWithoutSigner(signatureServer, ctx, client)
    },
    sessions: rows,
    findPerson,
    knownBefore: services.merging.knownBefore,
    representees: createRepresentees({
      representations: services.representations,
      representeeChoices: services.representeeChoices,
      artifacts,
      audit,
      findClient,
      lifetime: Math.max(session, refreshToken),
    }),
    questions,
    offerDue: offers.due,
    audit,
    settings,
    clock,
    artifacts,
    findClient,
    findRegistered: services.clients.find,
    ownClients: new Set([ownClientId, commandLineId]),
    persons,
    phoneProofs: services.phoneProofs,
    consents,
    resources,
    signingKeys: signersFirst(readKeys(), clock()),
    cookieKeys: cookieKeys.accepted(),
    pairwiseKey: dataKeys.pairwise,
    blindIndex,
    deviceFlow,
    legacyAnswer,
    secretGuesses,
    keySetFailed: (client, error) => log.warn({ client, err: error }, 'the key set of a portal could not be fetched'),
    outbound,
  })
  reportRefused(provider, log)
  const deliveries = createLogoutDeliveries({ database, audit, events, clock, log })
  const { publish } = events
  const lifetime = session
  const singleLogout = createSingleLogout({ artifacts, outbound, lifetime, clock })
  const deliver = queueLogouts(provider, { send: (notice) => deliveries.send([notice]), toCas: singleLogout.deliver })
  const sessions = createSessions({
    database,
    audit,
    endSignIns,
    rows,
    artifacts,
    deliveries,
    cipher,
    publish,
    clock,
    lifetime,
    idle: sessionIdle,
    persons,
  })
  const upstreamSessions = createUpstreamSessions({ artifacts, cipher, blindIndex, sessions, clock, lifetime })
  const accessTokens = createAccessTokens({ provider, sessions, artifacts, clock })
  return {
    provider,
    findAccount,
    subjectOf,
    jwtTokens,
    direct,
    offers,
    sessions,
    upstreamSessions,
    upstreamSignOut,
    accessTokens,
    deliveries,
    deliver,
    deviceFlow,
    portalBudgets,
    casPortals: casPortals(core),
    singleLogout,
    secretGuesses,
    readKeys,
    signatureServer,
  }
}

/** Old portals are few. */
function casPortals({ services, events, clock }: Core): () => Promise<readonly Client[]> {
  const find = async () => (await services.clients.list()).filter(({ legacy }) => legacy === 'cas')
  return cachedList(find, { events, topic: 'client' }, clock)
}
