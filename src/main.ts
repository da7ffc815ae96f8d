import cluster from 'node:cluster'
import type { Logger } from 'pino'
import { openServices } from './services.ts'
import { createCheckpoints } from './audit/checkpoints.ts'
import { createSums } from './audit/sums.ts'
import { ownClient, ownClientId } from './account-centre/own-client.ts'
import { createMethodSwitches } from './account-centre/method-switches.ts'
import { sealOlderAuthenticators } from './admin/keys/seal.ts'
import { createHashGate } from './accounts/passwords/hash-gate.ts'
import { createPasswords, defaultGate } from './accounts/passwords/hash.ts'
import { listedRegions } from './config/networks.ts'
import { SettingsError, type Settings } from './config/settings.ts'
import { createApp } from './http/app.ts'
import { watchServices } from './http/service-metrics.ts'
import { createMetrics } from './http/metrics.ts'
import { serve } from './http/serve.ts'
import { start } from './http/start.ts'
import { plainCookiesPage } from './http/too-many-cookies.ts'
import type { Tracing } from './http/tracing.ts'
import { createCookieKeys } from './keys/cookie-keys.ts'
import { keyFingerprint } from './keys/keys-in-store.ts'
import { signersFirst, openSigningKeys } from './keys/signing-keys.ts'
import { createHost } from './login/host.ts'
import { isOfferDue } from './login/questions/offer-question.ts'
import { questions } from './login/questions/questions.ts'
import { createMethods } from './login/methods/create-methods.ts'
import { createSignatures } from './login/methods/passkey/signing.ts'
import { createRegisterMatches } from './guards/register-matches.ts'
import { numberDisputesDue } from './jobs/number-disputes-due.ts'
import { accountClosings } from './jobs/account-closings.ts'
import { artifactSweep } from './jobs/artifact-sweep.ts'
import { auditCheckpoints, auditMonths, auditSums } from './jobs/audit-upkeep.ts'
import { createAccessTokens } from './oidc/access-tokens.ts'
import { keyRefresh } from './jobs/key-rotation.ts'
import { commandLineClient, commandLineId } from './oidc/command-line-client.ts'
import { createDeviceFlow } from './oidc/device-flow.ts'
import { createLogoutDeliveries } from './jobs/logout-deliveries.ts'
import { bindLogins } from './oidc/engine/login-binding.ts'
import { createOutbound, isPublic } from './guards/outbound.ts'
import { createProvider } from './oidc/provider.ts'
import { queueLogouts } from './oidc/engine/logouts.ts'
import { createPortalBudgets } from './guards/portal-budgets.ts'
import { representationEndings } from './jobs/representation-endings.ts'
import { createRepresentees } from './representation/representees.ts'
import { readResources } from './oidc/resources.ts'
import { leaveOutTraces } from './oidc/engine/untraced-errors.ts'
import { loadAssets } from './pages/assets.ts'
import { createPages } from './pages/render.ts'
import { localVerifier } from './proofing/face/local.ts'
import { createFacePool } from './proofing/face/pool.ts'
import { thresholds } from './proofing/face/thresholds.ts'
import { readVendors } from './proofing/face/vendors/vendors.ts'
import { chooseVerifiers } from './proofing/face/choose-verifier.ts'
import { startJob, type Job } from './jobs/runner.ts'
import { sessionEndings } from './jobs/session-endings.ts'
import { createSessionRows } from './sessions/rows.ts'
import { createSessions } from './sessions/sessions.ts'
import { cached } from './storage/cached.ts'
import { claimRedis, keepLogsShort, openArtifacts, openEvents, redisOwnedByOther } from './storage/stores.ts'

leaveOutTraces()

const clock = () => Date.now()

/** Wires one server process and answers requests with it. */
async function server(settings: Settings, log: Logger, tracing: Tracing) {
  const secure = settings.issuer.startsWith('https:')
  const resources = readResources(settings.resourcesFile)
  const metrics = createMetrics(log)
  const events = openEvents(settings, {
    listens: true,
    failed: (error) => log.warn({ err: error }, 'events do not come through: the stores are asked often instead'),
  })
  const services = await openServices(settings, clock, {
    seen: metrics.seen,
    sums: createSums(clock),
    queried: tracing.queried,
    events,
    unsealed: (row) => log.error(row, 'an authenticator was changed in the store and is not used: see doctor'),
  })
  const opened = await openArtifacts(settings, clock, log, metrics.committed)
  const artifacts = tracing.artifacts(settings.redisUrls ? metrics.timed(opened) : opened)
  const { database, audit, persons, consents, clients, devices, dataKeys } = services
  const { blindIndex, cipher } = dataKeys
  if (settings.redisUrls && !(await claimRedis(artifacts, keyFingerprint(blindIndex).underFirstKey)))
    throw new SettingsError(redisOwnedByOther)
  const cookieKeys = createCookieKeys(settings.keysDir, clock)
  const gate = createHashGate(defaultGate)
  const passwords = createPasswords({ gate: tracing.hashing(gate) })

  const accountCentre = ownClient(settings.issuer)
  const findClient = cached(
    async (id: string) => {
      if (id === accountCentre.id) return accountCentre
      if (id === commandLineId) return commandLineClient
      const client = await clients.find(id)
      return client?.status === 'active' ? client : undefined
    },
    { events, topic: 'client', all: true },
    clock,
  )
  const lifetime = Math.max(settings.lifetimes.session, settings.lifetimes.refreshToken)
  const readKeys = () => openSigningKeys(settings.keysDir, clock)
  const deviceFlow = createDeviceFlow({
    administrators: services.administrators,
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
  const provider = createProvider({
    admitClient: portalBudgets.admit,
    sessions: rows,
    findPerson,
    representees: createRepresentees({ ...services, artifacts, findClient, lifetime }),
    questions,
    offerDue: (signIn) => isOfferDue(methods, signIn),
    audit,
    settings,
    clock,
    artifacts,
    findClient,
    ownClients: new Set([ownClientId, commandLineId]),
    persons,
    consents,
    resources,
    signingKeys: signersFirst(readKeys(), clock()),
    cookieKeys: cookieKeys.accepted(),
    pairwiseKey: dataKeys.pairwise,
    blindIndex,
    deviceFlow,
    // outside production portals run on loopback and private addresses
    outbound: tracing.outbound(createOutbound({ allowed: settings.production ? isPublic : () => true })),
  })
  const deliveries = createLogoutDeliveries({ database, audit, events, clock, log })
  const deliver = queueLogouts(provider, (notice) => deliveries.send([notice]))
  const { session: sessionLifetime, sessionIdle: idle } = settings.lifetimes
  const sessions = createSessions({
    ...services,
    rows,
    artifacts,
    deliveries,
    cipher,
    publish: events.publish,
    lifetime: sessionLifetime,
    idle,
  })

  const { limits } = settings
  const accessTokens = createAccessTokens({ provider, sessions, artifacts, clock })
  const vendors = readVendors(settings.face.vendorsFile, clock, settings.production)
  const facePool = tracing.faces(createFacePool(settings.face))
  const local = localVerifier({ pool: facePool, references: services.faceReferences, limits: thresholds })
  /** What most parts are made of. */
  const common = {
    ...services,
    settings,
    artifacts,
    events,
    cipher,
    blindIndex,
    matches: createRegisterMatches({ artifacts, blindIndex, clock }),
    sessions,
    findClient,
    limits,
    ownClientId,
  }
  const signatures = createSignatures(common)
  const methods = await createMethods({
    ...common,
    passwords,
    cookieKeys,
    accessTokens,
    signatures,
    faceVerifiers: chooseVerifiers(settings.face, [local, ...vendors]),
    facePool,
  })
  const logins = bindLogins(provider, secure)
  const host = createHost({ ...common, logins, methods })
  watchServices({ registry: metrics.registry, database, passwordLoad: gate.load, signingKeys: readKeys, clock })

  const assets = loadAssets()
  const pages = createPages({ assets })
  const app = createApp({
    provider,
    settings,
    clock,
    log,
    metrics,
    tracing,
    assets,
    clients,
    artifacts,
    methods,
    ready: async () => {
      await database.selectFrom('house').select('key').limit(1).execute()
      await artifacts.get('ready', 'ready')
    },
    requests: { pages, words: pages.words, csrfKeys: cookieKeys.accepted, secure, trustProxy: settings.trustProxy },
    login: {
      ...common,
      host,
      methods,
      passwords,
      choices: services.representeeChoices,
      resources,
      registrationsPerHour: limits.addressRegistrations,
      secure,
    },
    account: {
      ...common,
      issuer: settings.issuer,
      sessionCookie: provider.cookieName('session'),
      methodSwitches: createMethodSwitches({ ...common, methods }),
      resources,
      regionOf: listedRegions(),
      closingDays: settings.closingDays,
      methods,
      freshSeconds: settings.lifetimes.freshSignIn,
      signatures,
      organisationLevel: settings.organisationLevel,
    },
    logins,
    originDeps: { sessions, devices },
    portalAudit: { provider, audit, log },
    deviceDoor: deviceFlow.door,
    portalBudgets: portalBudgets.middleware,
    admin: { services: services, artifacts, accessTokens, sessions },
  })
  app.silent = true
  app.on('error', (error) => log.debug({ err: error }, 'connection failed'))

  const keyDeps = { refreshDataKeys: dataKeys.refresh, shareKeys: services.shareKeys }
  const startOne = (job: Job) => startJob(job, { events, clock, log })
  // stopped in this order: jobs that end sessions before the deliveries, and the last checkpoint after the last entries
  const jobs = [
    startOne(keyRefresh({ ...keyDeps, provider, readKeys, cookieKeys, clock, log })),
    startOne(representationEndings({ ...services, artifacts, sessions })),
    startOne(accountClosings({ ...services, sessions })),
    startOne(numberDisputesDue(services)),
    startOne(sessionEndings({ database, sessions, audit, clock })),
    deliveries.start(deliver),
    startOne(auditSums(audit)),
    startOne(auditCheckpoints(createCheckpoints({ database, settings, clock }), log)),
    ...(settings.databaseUrl ? [startOne(auditMonths({ database, clock, log }))] : []),
    startOne(artifactSweep(artifacts)),
  ]

  // of several processes one does it
  if ((cluster.worker?.id ?? 1) === 1) {
    sealOlderAuthenticators(services).catch((error: unknown) =>
      log.error({ err: error }, 'authenticators of older versions could not be sealed'),
    )
  }

  await serve({
    app,
    host: settings.host,
    port: settings.port,
    cookiesPage: plainCookiesPage(pages.words),
    async close() {
      for (const job of jobs) await job.stop()
      await facePool.close()
      await events.stop()
      await artifacts.close()
      await services.close()
      await tracing.close()
      cluster.worker?.disconnect()
    },
  })
  return { portals: (await clients.list()).length }
}

await start({ server, beside: keepLogsShort }, process.env)
