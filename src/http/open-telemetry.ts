import { randomUUID } from 'node:crypto'
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Context, Middleware } from 'koa'
import type { Fetch } from '../guards/outbound.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Queried } from '../storage/database.ts'
import { methodOf, routeOf, timedOperations } from './metrics.ts'
import type { Tracing } from './tracing.ts'

const reportEveryMs = 60_000

/**
 * Traces with the official packages, which read the standard settings (sampler, headers, batches, service name). Attribute
 * names are OpenTelemetry's semantic conventions.
 */
export function createTracing(): Tracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const named = resourceFromAttributes({ 'service.name': 'yideng', 'service.instance.id': randomUUID() })
  const provider = new BasicTracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('yideng')
  return {
    requests: (options) => traceRequests(tracer, options),
    queried: (query) => recordQuery(tracer, query),
    artifacts: (store) => traceArtifacts(tracer, store),
    // one span with the wait in the queue, and in it one for the work
    hashing: (gate) => (work, line) =>
      childSpan(tracer, 'password', {}, () => gate(() => childSpan(tracer, 'argon2', {}, work), line)),
    faces: (pool) => ({ ...pool, read: (frames) => childSpan(tracer, 'face engine', {}, () => pool.read(frames)) }),
    outbound: (fetch) => traceFetch(tracer, fetch),
    logFields() {
      const span = trace.getActiveSpan()?.spanContext()
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
    },
    complainTo: reportFailures,
    // waits for an unavailable collector as long as OTEL_EXPORTER_OTLP_TIMEOUT allows
    close: () => provider.shutdown().catch(() => undefined),
  }
}

const propagator = new W3CTraceContextPropagator()

/** Runs within a span. An error marks the span as failed, without its message, which may hold personal data. */
async function within<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await context.with(trace.setSpan(context.active(), span), run)
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/** A span below the active one; without an active span there is none. */
function childSpan<T>(tracer: Tracer, name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
  return trace.getActiveSpan() ? within(tracer.startSpan(name, { attributes }), run) : run()
}

function traceRequests(tracer: Tracer, { trustProxy }: { trustProxy: boolean }): Middleware {
  return (ctx, next) => {
    const parent = trustProxy ? propagator.extract(ROOT_CONTEXT, ctx.headers, defaultTextMapGetter) : ROOT_CONTEXT
    const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent)
    return within(span, () => next().finally(() => describeRequest(span, ctx)))
  }
}

function describeRequest(span: Span, ctx: Context): void {
  const [method, route] = [methodOf(ctx.method), routeOf(ctx)]
  span.updateName(`${method} ${route}`)
  span.setAttributes({
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': ctx.status,
    'yideng.request.id': requestOf(ctx).id,
  })
  if (ctx.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
}

function recordQuery(tracer: Tracer, { system, statement, ms, failed }: Parameters<Queried>[0]): void {
  if (!trace.getActiveSpan()) return
  const [operation, table] = summaryOf(statement)
  const now = performance.now()
  const attributes = {
    'db.system.name': system,
    'db.operation.name': operation,
    ...(table ? { 'db.collection.name': table } : {}),
  }
  const name = table ? `${operation} ${table}` : operation
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime: now - ms })
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(now)
}

function traceArtifacts(tracer: Tracer, store: Artifacts): Artifacts {
  const traced = timedOperations.map((operation) => {
    const run = store[operation] as (...given: unknown[]) => Promise<unknown>
    const one = (...given: unknown[]) => {
      const attributes = { 'yideng.artifact.kind': String(given[0]) }
      return childSpan(tracer, `artifacts ${operation}`, attributes, () => run.apply(store, given))
    }
    return [operation, one]
  })
  return { ...store, ...(Object.fromEntries(traced) as Partial<Artifacts>) }
}

function traceFetch(tracer: Tracer, fetch: Fetch): Fetch {
  return (given, init) => {
    const { hostname } = new URL(given instanceof Request ? given.url : given)
    const method = methodOf(init?.method ?? 'GET')
    const attributes = { 'http.request.method': method, 'server.address': hostname }
    const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes })
    return within(span, async () => {
      const carrier: Record<string, string> = {}
      propagator.inject(context.active(), carrier, defaultTextMapSetter)
      const headers = { ...Object.fromEntries(new Headers(init?.headers)), ...carrier }
      const answer = await fetch(given, { ...init, headers })
      span.setAttribute('http.response.status_code', answer.status)
      if (answer.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
      return answer
    })
  }
}

/** Logs that traces cannot be sent, at most once in `reportEveryMs`. */
function reportFailures(log: { warn(details: object, message: string): void }): void {
  let reported = -Infinity
  const report = (message: string) => {
    if (performance.now() < reported + reportEveryMs) return
    reported = performance.now()
    log.warn({ detail: /"message":"([^"]*)"/.exec(message)?.[1] ?? message.slice(0, 200) }, 'traces cannot be sent')
  }
  const quiet = () => undefined
  const logger = { error: report, warn: report, info: quiet, debug: quiet, verbose: quiet }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}

/** First word and first table of a statement, such as `select natural_persons`; never a value. */
function summaryOf(statement: string): [string, string?] {
  const operation = /^\s*(\w+)/.exec(statement)?.[1]?.toLowerCase() ?? 'statement'
  const table = /\b(?:from|into|update|table)\s+"?(\w+)"?/i.exec(statement)?.[1]
  return table === undefined ? [operation] : [operation, table]
}
