import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import { auditEvents, type AuditEvent } from '../audit/audit-events.ts'
import { legacyProtocols } from '../config/legacy-protocols.ts'
import { loginMethods } from '../login-methods.ts'
import { receiptForms } from '../channels/senders/sms/receipts.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { metricsOfAll } from './metrics-of-all.ts'

export interface Metrics {
  contentType: string
  /** Metrics of all server processes of this machine. */
  text(): Promise<string>
  /** The registry for metrics of other parts. */
  registry: Registry
  /** Counts and times each request by route, never by address or person. */
  middleware: Middleware
  /** Counts acts by name, and sign-ins by method and outcome. */
  seen(event: AuditEvent): void
  /** Counts a text to a telephone by its purpose and outcome. */
  texted(purpose: string, outcome: 'sent' | 'failed'): void
  /** Counts what became of an accepted text, as its sender reports it. */
  textReported(sender: string, outcome: 'delivered' | 'failed' | 'late'): void
  /** The same store with each operation timed; for a remote store. */
  timed(artifacts: Artifacts): Artifacts
  /**
   * Milliseconds of a commit of the embedded store. Its reads are from memory, where measuring takes longer than
   * reading.
   */
  committed(ms: number): void
}

/** The route of a request without its parameters. All unknown paths share one label. */
export function routeOf(ctx: Context): string {
  const route = ctx as { routerPath?: string; _matchedRoute?: string | RegExp; _matchedRouteName?: string }
  return String(route._matchedRouteName ?? route._matchedRoute ?? 'none')
}

/**
 * Runs a measurement. Its failure must not break the commit or the response it measures, so each fault is logged once.
 */
function createSafely(log: Pick<Logger, 'error'>): (measure: () => void) => void {
  const told = new Set<string>()
  return (measure) => {
    try {
      measure()
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      if (told.has(what) || told.size > 100) return
      told.add(what)
      log.error({ err: error }, 'a measurement failed')
    }
  }
}

export function createMetrics(log: Pick<Logger, 'error'>): Metrics {
  const safely = createSafely(log)
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const signIns = new Counter({
    name: 'yideng_sign_ins_total',
    help: 'Sign-ins by method and outcome (succeeded, or the code of the refusal)',
    labelNames: ['method', 'outcome'],
    registers,
  })
  for (const { name: method } of loginMethods) signIns.inc({ method, outcome: 'succeeded' }, 0)
  const acts = new Counter({
    name: 'yideng_audit_events_total',
    help: 'Audit events by name (docs/audit-events.md)',
    labelNames: ['event'],
    registers,
  })
  // An alert sees no increase of a series that begins with its first event.
  for (const event of Object.keys(auditEvents)) acts.inc({ event }, 0)

  const attacks = new Counter({
    name: 'yideng_client_secret_attacks_total',
    help: 'Times that wrong secrets of one portal were more than 200 in five minutes, from all networks together',
    registers,
  })

  const entries = new Counter({
    name: 'yideng_portal_entries_total',
    help: 'Sign-ins at portals by protocol (oidc, or the legacy protocol of the portal)',
    labelNames: ['protocol'],
    registers,
  })
  for (const protocol of ['oidc', ...legacyProtocols]) entries.inc({ protocol }, 0)

  const texts = new Counter({
    name: 'yideng_texts_total',
    help: 'Texts to telephones by purpose and outcome (sent: accepted by the vendor; failed)',
    labelNames: ['purpose', 'outcome'],
    registers,
  })

  const reports = new Counter({
    name: 'yideng_text_receipts_total',
    help: 'Receipts of texts by sender and outcome (delivered, failed, late: after five minutes)',
    labelNames: ['sender', 'outcome'],
    registers,
  })
  for (const sender of Object.keys(receiptForms))
    for (const outcome of ['delivered', 'failed', 'late']) reports.inc({ sender, outcome }, 0)

  const storeTimes = new Histogram({
    name: 'yideng_artifact_store_seconds',
    help: 'Time of an operation of the artifact store on Redis, of a commit where it is embedded',
    labelNames: ['operation'],
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  })

  return {
    contentType: registry.contentType,
    text: metricsOfAll(registry, (error) => log.error({ err: error }, 'the metrics could not be read')),
    registry,
    middleware: timedRequests(registers, safely),
    seen: ({ event, details }) =>
      safely(() => {
        acts.inc({ event })
        if (event === 'client.secret-guessed' && details?.['everywhere'] === true) attacks.inc()
        if (event === 'portal.entered') entries.inc({ protocol: String(details?.['protocol'] ?? 'oidc') })
        if (event !== 'login.succeeded' && event !== 'login.refused') return
        const { method = '', code = 'succeeded' } = details ?? {}
        signIns.inc({ method: String(method), outcome: String(code) })
      }),
    texted: (purpose, outcome) => safely(() => texts.inc({ purpose, outcome })),
    textReported: (sender, outcome) => safely(() => reports.inc({ sender, outcome })),
    timed: (artifacts) => timedStore(artifacts, storeTimes, safely),
    committed: (ms) => safely(() => storeTimes.observe({ operation: 'commit' }, ms / 1000)),
  }
}

type Safely = ReturnType<typeof createSafely>

function timedRequests(registers: Registry[], safely: Safely): Middleware {
  const requests = new Counter({
    name: 'yideng_http_requests_total',
    help: 'Requests by method, route and status',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'yideng_http_request_seconds',
    help: 'Time until the answer, by route',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const series = new Map<string, { count: Counter.Internal; time: Histogram.Internal<'route'> }>()
  const seriesOf = (method: string, route: string, status: number) => {
    const key = `${method} ${route} ${status}`
    let known = series.get(key)
    if (!known) {
      known = { count: requests.labels({ method, route, status }), time: durations.labels({ route }) }
      series.set(key, known)
    }
    return known
  }
  return async (ctx, next) => {
    const began = performance.now()
    try {
      await next()
    } finally {
      safely(() => {
        const { count, time } = seriesOf(methodOf(ctx.method), routeOf(ctx), ctx.status)
        count.inc()
        time.observe((performance.now() - began) / 1000)
      })
    }
  }
}

const methods = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'])
/** A client may invent methods, and each would be a series of its own. */
export const methodOf = (method: string) => (methods.has(method) ? method : 'other')

export const timedOperations = [
  'get',
  'getByAlias',
  'put',
  'take',
  'compareAndSet',
  'add',
  'increment',
  'remove',
] as const

function timedStore(artifacts: Artifacts, times: Histogram<'operation'>, safely: Safely): Artifacts {
  const timed = timedOperations.map((operation) => {
    const time = times.labels({ operation })
    const run = artifacts[operation] as (...given: unknown[]) => Promise<unknown>
    const measured = async (...given: unknown[]) => {
      const began = performance.now()
      try {
        return await run.apply(artifacts, given)
      } finally {
        safely(() => time.observe((performance.now() - began) / 1000))
      }
    }
    return [operation, measured]
  })
  return { ...artifacts, ...(Object.fromEntries(timed) as Partial<Artifacts>) }
}
