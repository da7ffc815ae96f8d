import { ownClientId } from '../account-centre/own-client.ts'
import { listedRegions } from '../config/networks.ts'
import { createOutbound } from '../guards/outbound.ts'
import { createPortalBudgets } from '../guards/portal-budgets.ts'
import { reachRule } from '../guards/reachable.ts'
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
import { createRepresentees } from '../representation/representees.ts'
import { createSessionRows } from '../sessions/rows.ts'
import { createSessions } from '../sessions/sessions.ts'
import { cached } from '../storage/cached.ts'
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
  const { provider, jwtTokens } = createProvider({
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
    keySetFailed: (client, error) => log.warn({ client, err: error }, 'the key set of a portal could not be fetched'),
    outbound: tracing.outbound(createOutbound({ allowed: reachRule(settings) })),
  })
  reportRefused(provider, log)
  const deliveries = createLogoutDeliveries({ database, audit, events, clock, log })
  const deliver = queueLogouts(provider, (notice) => deliveries.send([notice]))
  const { publish } = events
  const lifetime = session
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
  const accessTokens = createAccessTokens({ provider, sessions, artifacts, clock })
  return {
    provider,
    jwtTokens,
    offers,
    sessions,
    accessTokens,
    deliveries,
    deliver,
    deviceFlow,
    portalBudgets,
    readKeys,
    signatureServer,
  }
}
