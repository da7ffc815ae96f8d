import { createServer } from 'node:http'
import { join } from 'node:path'
import { pino } from 'pino'
import { openHouse } from './admin/house.ts'
import { ownClient, ownClientId } from './account-centre/own-client.ts'
import { createChangePassword } from './accounts/passwords/change.ts'
import { createWaysIn } from './account-centre/ways-in.ts'
import { createPasswords } from './accounts/passwords/hash.ts'
import { listedRegions } from './config/networks.ts'
import { readSettings, SettingsError } from './config/settings.ts'
import { createApp } from './http/app.ts'
import { createMetrics } from './http/metrics.ts'
import { openCookieKeys } from './keys/cookie-keys.ts'
import { deriveKey } from './keys/derived-key.ts'
import { openSigningKeys } from './keys/signing-keys.ts'
import { createHost } from './login/host.ts'
import { passkeyMethod } from './login/passkey/passkey.ts'
import { createSignatures } from './login/passkey/signing.ts'
import { passwordMethod } from './login/password/password.ts'
import { qrMethod } from './login/qr/qr.ts'
import { createAccountClosings } from './oidc/account-closings.ts'
import { createAccessTokens } from './oidc/access-tokens.ts'
import { commandLineClient, commandLineId } from './oidc/command-line-client.ts'
import { createDeviceFlow } from './oidc/device-flow.ts'
import { createLogoutDeliveries } from './oidc/logout-deliveries.ts'
import { createProvider, keepLogouts } from './oidc/provider.ts'
import { createRepresentationEndings } from './oidc/representation-endings.ts'
import { createRepresenteeBook } from './oidc/representee-book.ts'
import { createRepresentees } from './oidc/representee.ts'
import { readResources } from './oidc/resources.ts'
import { createSessions } from './oidc/sessions.ts'
import { loadAssets } from './pages/assets.ts'
import { createPages } from './pages/render.ts'
import { freshFor } from './storage/fresh.ts'
import { openSqliteArtifacts } from './storage/artifacts-sqlite.ts'
import { keepCheckpointing } from './storage/checkpoints.ts'

// oidc-provider makes errors ahead of need on every userinfo request; deep traces would cost a twentieth of each
Error.stackTraceLimit = 4

const clock = () => Date.now()
const sweepEveryMs = 10_000
const drainMs = 10_000

async function start() {
  const settings = readSettings(process.env)
  const log = pino({ level: settings.logLevel })
  const resources = readResources(settings.resourcesFile)
  const back = await openHouse(settings, clock)
  const artifactsFile = join(settings.dataDir, 'artifacts.sqlite')
  const artifacts = openSqliteArtifacts(artifactsFile, clock)
  const stopCheckpoints = keepCheckpointing([back.databaseFile, artifactsFile], (error) =>
    log.error({ err: error }, 'the logs of the stores are copied back by those who write'),
  )
  const { database, audit, persons, consents, clients, authenticators, devices, inbox, methodLocks, dataKeys } = back
  const { blindIndex, cipher } = dataKeys
  const cookieKeys = openCookieKeys(settings.keysDir)
  const passwords = createPasswords()

  const accountCentre = ownClient(settings.issuer)
  const findClient = freshFor(async (id: string) => {
    if (id === accountCentre.id) return accountCentre
    if (id === commandLineId) return commandLineClient
    const client = await clients.find(id)
    return client?.status === 'active' ? client : undefined
  }, clock)
  const { representations, representeeChoices: choices } = back
  const lifetime = Math.max(settings.lifetimes.session, settings.lifetimes.refreshToken)
  const book = createRepresenteeBook({ artifacts, representations, clock, lifetime })
  const deviceFlow = createDeviceFlow({
    administrators: back.administrators,
    artifacts,
    audit,
    blindIndex,
    cipher,
    regionOf: listedRegions(),
    clock,
  })
  const provider = createProvider({
    representees: createRepresentees({ representations, book, choices, artifacts, audit, findClient }),
    offerDue: (signIn) => host.offerDue(signIn),
    audit,
    settings,
    clock,
    artifacts,
    findClient,
    persons,
    consents,
    resources,
    signingKeys: openSigningKeys(settings.keysDir, clock),
    cookieKeys,
    pairwiseKey: dataKeys.pairwise,
    deviceFlow,
  })
  const deliver = keepLogouts(provider, (notice) => deliveries.send([notice]))
  const deliveries = createLogoutDeliveries({ database, audit, clock, deliver, log })
  const { session: sessionLifetime, sessionIdle: idle } = settings.lifetimes
  const sessions = createSessions({ artifacts, deliveries, cipher, lifetime: sessionLifetime, idle, clock })

  const endings = createRepresentationEndings({ database, book, sessions, audit, clock, log })

  const closings = createAccountClosings({ ...back, sessions, log })

  const { limits } = settings
  const accessTokens = createAccessTokens({ provider, sessions, artifacts, clock })
  const passkeyParts = {
    settings,
    clock,
    database,
    artifacts,
    cipher,
    blindIndex,
    persons,
    authenticators,
    methodLocks,
    devices,
    notifier: inbox,
    sessions,
    audit,
    ownClientId,
  }
  const methods = [
    passkeyMethod(passkeyParts),
    passwordMethod({
      persons,
      authenticators,
      passwords,
      changePassword: createChangePassword({ database, authenticators, notifier: inbox, audit }),
      sessions,
      artifacts,
      blindIndex,
      limits,
      clock,
    }),
    qrMethod({
      settings,
      clock,
      artifacts,
      frameKey: deriveKey(cookieKeys[0] ?? '', 'qr'),
      cipher,
      blindIndex,
      persons,
      authenticators,
      methodLocks,
      devices,
      notifier: inbox,
      sessions,
      audit,
      findClient,
      accessTokens,
    }),
  ]
  const host = createHost({
    provider,
    methods,
    findClient,
    persons,
    methodLocks,
    devices,
    notifier: inbox,
    sessions,
    audit,
    limits,
    clock,
  })

  const assets = loadAssets()
  const pages = createPages({ assets })
  const secure = settings.issuer.startsWith('https:')
  const registrationsPerHour = limits.addressRegistrations
  const app = createApp({
    provider,
    settings,
    log,
    metrics: createMetrics(),
    assets,
    clients,
    methods,
    ready: async () => {
      await database.selectFrom('house').select('key').limit(1).execute()
      await artifacts.get('ready', 'ready')
    },
    visit: { pages, words: pages.words, csrfKey: cookieKeys[0] ?? '', secure, trustProxy: settings.trustProxy },
    login: {
      host,
      persons,
      passwords,
      consents,
      sessions,
      representations,
      choices,
      closing: back.closing,
      resources,
      artifacts,
      blindIndex,
      registrationsPerHour,
      recovery: back.recovery,
      limits,
      secure,
      audit,
      clock,
    },
    account: {
      issuer: settings.issuer,
      sessionCookie: provider.cookieName('session'),
      sessions,
      persons,
      inbox,
      waysIn: createWaysIn({ methods, methodLocks, sessions, audit }),
      authenticators,
      methodLocks,
      devices,
      consents,
      clients,
      resources,
      regionOf: listedRegions(),
      closing: back.closing,
      closingDays: settings.closingDays,
      methods,
      freshSeconds: settings.lifetimes.freshSignIn,
      legalPersons: back.legalPersons,
      mandates: back.mandates,
      signatures: createSignatures(passkeyParts),
      artifacts,
      cipher,
      principals: back.principals,
      representations,
      blindIndex,
      audit,
      organisationLevel: settings.organisationLevel,
      recovery: back.recovery,
      clock,
    },
    sessionMemory: { sessions, devices },
    portalAudit: { provider, audit, log },
    deviceDoor: deviceFlow.door,
    admin: { house: back, artifacts, accessTokens, sessions },
  })
  app.silent = true
  app.on('error', (error) => log.debug({ err: error }, 'connection failed'))

  const sweep = setInterval(() => {
    artifacts.sweep().catch((error: unknown) => log.error({ err: error }, 'the artifact store could not be swept'))
  }, sweepEveryMs)
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 15_000, optimizeEmptyRequests: true },
    app.callback(),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.host, resolve)
  })
  const many = await clients.list()
  console.log(
    `Yideng 一登 listens on ${settings.issuer} — ` +
      (many.length === 0
        ? 'register the first portal: npx yideng client create --help'
        : `${many.length} portal${many.length === 1 ? '' : 's'} registered; stop with Ctrl-C`),
  )

  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    clearInterval(sweep)
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), drainMs).unref()
    server.close(() => {
      void (async () => {
        await endings.stop()
        await closings.stop()
        await deliveries.stop()
        await stopCheckpoints()
        await artifacts.close()
        await back.close()
      })()
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

start().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof SettingsError) console.error(message)
  else if (code === 'EADDRINUSE')
    console.error('The port is taken by another program: choose another one with PORT=3001.')
  else console.error(error)
  process.exit(1)
})
