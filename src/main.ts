import cluster from 'node:cluster'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { databaseFile, openHouse } from './admin/house.ts'
import { ownClient } from './account-centre/own-client.ts'
import { createPasswords } from './accounts/passwords/hash.ts'
import type { Settings } from './config/settings.ts'
import { createApp } from './http/app.ts'
import { createMetrics } from './http/metrics.ts'
import { serve } from './http/serve.ts'
import { start } from './http/start.ts'
import { openCookieKeys } from './keys/cookie-keys.ts'
import { deriveKey } from './keys/derived-key.ts'
import { openSigningKeys } from './keys/signing-keys.ts'
import { createHost } from './login/host.ts'
import { passwordMethod } from './login/password/password.ts'
import { qrMethod } from './login/qr/qr.ts'
import { createAccessTokens } from './oidc/access-tokens.ts'
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
const shareEveryMs = 2000

/** Wires one server process and answers requests with it. */
async function server(settings: Settings, log: Logger) {
  const resources = readResources(settings.resourcesFile)
  const back = await openHouse(settings, clock)
  const artifacts = await openArtifacts(settings, log)
  const { database, audit, persons, consents, clients, authenticators, devices, inbox, methodLocks, dataKeys } = back
  const { blindIndex, cipher } = dataKeys
  const cookieKeys = openCookieKeys(settings.keysDir)
  const passwords = createPasswords()

  const accountCentre = ownClient(settings.issuer)
  const findClient = freshFor(async (id: string) => {
    if (id === accountCentre.id) return accountCentre
    const client = await clients.find(id)
    return client?.status === 'active' ? client : undefined
  }, clock)
  const { representations, representeeChoices: choices } = back
  const lifetime = Math.max(settings.lifetimes.session, settings.lifetimes.refreshToken)
  const book = createRepresenteeBook({ artifacts, representations, clock, lifetime })
  const provider = createProvider({
    representees: createRepresentees({ representations, book, choices, artifacts, audit, findClient }),
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
  })
  const deliver = keepLogouts(provider, (notice) => deliveries.send([notice]))
  const deliveries = createLogoutDeliveries({ database, audit, clock, deliver, log })
  const sessions = createSessions({ artifacts, deliveries, cipher, lifetime: settings.lifetimes.session })

  const endings = createRepresentationEndings({ database, book, sessions, audit, clock, log })

  const { limits } = settings
  const accessTokens = createAccessTokens({ provider, sessions, artifacts, clock })
  const methods = [
    passwordMethod({ persons, authenticators, passwords, artifacts, blindIndex, limits, clock }),
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
      resources,
      artifacts,
      blindIndex,
      registrationsPerHour,
      audit,
      clock,
    },
    account: {
      issuer: settings.issuer,
      sessionCookie: provider.cookieName('session'),
      sessions,
      persons,
      methods,
      freshSeconds: settings.lifetimes.freshSignIn,
      legalPersons: back.legalPersons,
      mandates: back.mandates,
      principals: back.principals,
      representations,
      blindIndex,
      audit,
      organisationLevel: settings.organisationLevel,
      clock,
    },
    sessionMemory: { sessions, devices },
    portalAudit: { provider, audit, log },
  })
  app.silent = true
  app.on('error', (error) => log.debug({ err: error }, 'connection failed'))

  const sweep = setInterval(() => {
    artifacts.sweep().catch((error: unknown) => log.error({ err: error }, 'the artifact store could not be swept'))
  }, sweepEveryMs)
  const share = setInterval(() => {
    back
      .shareKeys()
      .catch((error: unknown) => log.error({ err: error }, 'the keys could not be compared with the store'))
  }, shareEveryMs)
  await serve({
    app,
    host: settings.host,
    port: settings.port,
    async close() {
      clearInterval(sweep)
      clearInterval(share)
      await endings.stop()
      await deliveries.stop()
      await artifacts.close()
      await back.close()
      cluster.worker?.disconnect()
    },
  })
  return { portals: (await clients.list()).length }
}

async function openArtifacts(settings: Settings, log: Logger) {
  if (!settings.redisUrls) return openSqliteArtifacts(artifactsFile(settings), clock)
  // loaded here and not above: the client takes a fifth of a second
  const { openRedisArtifacts } = await import('./storage/artifacts-redis.ts')
  return openRedisArtifacts(settings.redisUrls, clock, (error) => log.warn({ err: error }, 'Redis'))
}

const artifactsFile = ({ dataDir }: Settings) => join(dataDir, 'artifacts.sqlite')

/** Copies the write-ahead logs of the embedded stores back, until everybody has closed them. */
function checkpoint(settings: Settings, log: Logger): void {
  const files = [
    ...(settings.databaseUrl ? [] : [databaseFile(settings)]),
    ...(settings.redisUrls ? [] : [artifactsFile(settings)]),
  ]
  if (files.length === 0) return
  const stop = keepCheckpointing(files, (error) =>
    log.error({ err: error }, 'the logs of the stores are copied back by those who write'),
  )
  process.once('beforeExit', () => void stop())
}

await start({ server, beside: checkpoint }, process.env)
