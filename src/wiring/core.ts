import type { Logger } from 'pino'
import { ownClient } from '../account-centre/own-client.ts'
import { createHashGate } from '../accounts/passwords/hash-gate.ts'
import { createPasswords, defaultGate, type Passwords } from '../accounts/passwords/hash.ts'
import { followLegacyWork } from '../accounts/passwords/legacy-hashes/store-work.ts'
import { createSums } from '../audit/sums.ts'
import { createChannelAnswers } from '../channels/channel-answers.ts'
import { createChannels, type OpenChannels } from '../channels/open-channels.ts'
import type { Client, Clients } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { fileSentence } from '../config/machine-errors.ts'
import { SettingsError, type Settings } from '../config/settings.ts'
import { createChannelFetch } from '../guards/channel-fetch.ts'
import { watchChannels } from '../http/channel-metrics.ts'
import { countUpstreams } from '../http/upstream-metrics.ts'
import { createMetrics, type Metrics } from '../http/metrics.ts'
import type { Tracing } from '../http/tracing.ts'
import { createCookieKeys, type CookieKeys } from '../keys/cookie-keys.ts'
import { keyFingerprint } from '../keys/keys-in-store.ts'
import { commandLineClient } from '../oidc/command-line-client.ts'
import { readResources, type Resources } from '../oidc/resources.ts'
import { openServices, type Services } from '../services.ts'
import type { OpenUpstreams } from '../upstreams/open-upstreams.ts'
import { createUpstreamAnswers, isFault, noteAnswers } from '../upstreams/upstream-answers.ts'
import { watchUpstreams, type WatchedUpstreams } from '../upstreams/outages.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { cached } from '../storage/cached.ts'
import { createReasons, type Reasons } from '../storage/reasons.ts'
import type { Events } from '../storage/events.ts'
import { reportRefusedRows } from './refused-rows.ts'
import { claimRedis, openArtifacts, openEvents, redisOwnedByOther } from '../storage/stores.ts'

/** The stores of one server process, the services over them, and the process's own keys and counters. */
export interface Core {
  settings: Settings
  clock: Clock
  log: Logger
  tracing: Tracing
  metrics: Metrics
  events: Events
  services: Services
  artifacts: Artifacts
  /** WeChat and Alipay; all processes share the tokens of their servers. */
  channels: OpenChannels
  /** Existing account systems; the list changes with its file. */
  upstreams: OpenUpstreams & WatchedUpstreams
  /** Why requests were refused, by reference number. */
  reasons: Reasons
  /** Active clients, of portals and of our own; cached. */
  findClient(id: string): Promise<Client | undefined>
  cookieKeys: CookieKeys
  passwords: Passwords
  /** How many passwords are hashed and wait, for metrics. */
  passwordLoad(): { running: number; waiting: number }
  resources: Resources
}

/** @throws SettingsError also for a Redis of another installation */
export async function openCore(settings: Settings, clock: Clock, log: Logger, tracing: Tracing): Promise<Core> {
  const resources = readResources(settings.resourcesFile)
  const metrics = createMetrics(log)
  const events = openEvents(settings, {
    listens: true,
    failed(error) {
      const reason = fileSentence(error)
      log.warn(
        reason === undefined ? { err: error } : { reason },
        'events do not come through: the stores are asked often instead',
      )
    },
  })
  const services: Services = await openServices(settings, clock, {
    seen: metrics.seen,
    texts: { counted: metrics.texted, out: process.stdout },
    sums: createSums(clock),
    queried: tracing.queried,
    traced: tracing.outbound,
    events,
    refusedRow: reportRefusedRows({ log, record: (event) => services.audit.record(event), clock }),
  })
  const opened = await openArtifacts(settings, clock, log, metrics.committed)
  const artifacts = tracing.artifacts(settings.redisUrls ? metrics.timed(opened) : opened)
  if (settings.redisUrls && !(await claimRedis(artifacts, keyFingerprint(services.dataKeys.blindIndex).underFirstKey)))
    throw new SettingsError(redisOwnedByOther)
  const gate = createHashGate(defaultGate)
  return {
    settings,
    clock,
    log,
    tracing,
    metrics,
    events,
    services,
    artifacts,
    channels: openChannels({ services, artifacts, metrics, clock, log }),
    upstreams: openUpstreams({ services, metrics, clock, log }),
    reasons: createReasons(artifacts),
    findClient: cached(activeClients(settings.issuer, services.clients), { events, topic: 'client', all: true }, clock),
    cookieKeys: createCookieKeys(settings.keysDir, clock),
    passwords: createPasswords({
      gate: tracing.hashing(gate),
      legacyWork: followLegacyWork(services.database, events, clock),
    }),
    passwordLoad: gate.load,
    resources,
  }
}

/** The upstreams, with their outages; each answer is counted and noted. */
function openUpstreams({ services, metrics, clock, log }: Omit<ForChannels, 'artifacts'>) {
  const answers = createUpstreamAnswers({
    database: services.database,
    clock,
    failed: (error) => log.warn({ err: error }, 'an answer of an upstream could not be remembered'),
  })
  const counted = countUpstreams(metrics.registry, answers)
  const answered: typeof counted.answered = (upstream, outcome, milliseconds) => {
    counted.answered(upstream, outcome, milliseconds)
    // the other outcomes are the person's, and no matter of the operator
    if (isFault(outcome)) log.warn({ upstream, outcome }, 'an upstream did not work: see yideng upstream check')
  }
  const upstreams = watchUpstreams(noteAnswers(services.upstreams, { answered, clock }), clock)
  counted.watch(upstreams)
  return upstreams
}

type ForChannels = Pick<Core, 'services' | 'artifacts' | 'metrics' | 'clock' | 'log'>

function openChannels({ services, artifacts, metrics, clock, log }: ForChannels) {
  const { list } = services.channels
  const answers = createChannelAnswers({
    database: services.database,
    clock,
    failed: (error) => log.warn({ err: error }, 'an answer of a channel could not be remembered'),
  })
  const count = watchChannels({ registry: metrics.registry, ids: list.map(({ id }) => id), answers })
  return createChannels({
    channels: list,
    fetch: createChannelFetch(),
    artifacts,
    cipher: services.dataKeys.cipher,
    clock,
    counted(channel, outcome) {
      count(channel, outcome)
      // the other outcomes are the person's, and no matter of the operator
      if (outcome === 'unavailable' || outcome === 'channel_misconfigured')
        log.warn({ channel, outcome }, 'a channel did not work: see yideng channel check')
    },
  })
}

/** Portals that are not suspended, the account centre, and the administrators' command line. */
function activeClients(issuer: string, clients: Clients) {
  const own = new Map([ownClient(issuer), commandLineClient].map((client) => [client.id, client]))
  return async (id: string): Promise<Client | undefined> => {
    const known = own.get(id)
    if (known) return known
    const client = await clients.find(id)
    return client?.status === 'active' ? client : undefined
  }
}
