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
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Context } from 'koa'
import { requestOf } from '../pages/request-context.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { methodOf, routeOf, timedOperations } from './metrics.ts'
import type { Tracing } from './tracing.ts'

const complainEveryMs = 60_000

/**
 * By the official packages, which read the standard settings themselves (sampler, headers, batches, service name). Names of
 * attributes are OpenTelemetry's semantic conventions.
 */
export function createTracing(): Tracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const named = resourceFromAttributes({ 'service.name': 'yideng', 'service.instance.id': randomUUID() })
  const provider = new BasicTracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('yideng')
  const propagator = new W3CTraceContextPropagator()

  /** Runs within a span; what is thrown makes it a failed one, without saying what it was: messages may hold anything. */
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

  /** A part of something that is traced; by itself it is none. */
  function part<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
    return trace.getActiveSpan() ? within(tracer.startSpan(name, { attributes }), run) : run()
  }

  function describe(span: Span, ctx: Context): void {
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

  return {
    requests:
      ({ trustProxy }) =>
      (ctx, next) => {
        const parent = trustProxy ? propagator.extract(ROOT_CONTEXT, ctx.headers, defaultTextMapGetter) : ROOT_CONTEXT
        const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent)
        return within(span, () => next().finally(() => describe(span, ctx)))
      },

    queried({ system, statement, ms, failed }) {
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
    },

    artifacts(store) {
      const traced = timedOperations.map((operation) => {
        const run = store[operation] as (...given: unknown[]) => Promise<unknown>
        const one = (...given: unknown[]) =>
          part(`artifacts ${operation}`, { 'yideng.artifact.kind': String(given[0]) }, () => run.apply(store, given))
        return [operation, one]
      })
      return { ...store, ...(Object.fromEntries(traced) as Partial<Artifacts>) }
    },

    // the wait for its turn, and in it the work
    hashing: (gate) => (work, line) => part('password', {}, () => gate(() => part('argon2', {}, work), line)),

    faces: (pool) => ({ ...pool, read: (frames) => part('face engine', {}, () => pool.read(frames)) }),

    outbound: (fetch) => (given, init) => {
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
    },

    logFields() {
      const span = trace.getActiveSpan()?.spanContext()
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
    },

    complainTo(log) {
      let spoken = -Infinity
      const complain = (message: string) => {
        if (performance.now() < spoken + complainEveryMs) return
        spoken = performance.now()
        log.warn({ detail: /"message":"([^"]*)"/.exec(message)?.[1] ?? message.slice(0, 200) }, 'traces cannot be sent')
      }
      const quiet = () => undefined
      const logger = { error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet }
      diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
    },

    // one that is away is waited for as long as OTEL_EXPORTER_OTLP_TIMEOUT says
    close: () => provider.shutdown().catch(() => undefined),
  }
}

/** `select natural_persons` of a statement: the first word and the first table, never a value. */
function summaryOf(statement: string): [string, string?] {
  const operation = /^\s*(\w+)/.exec(statement)?.[1]?.toLowerCase() ?? 'statement'
  const table = /\b(?:from|into|update|table)\s+"?(\w+)"?/i.exec(statement)?.[1]
  return table === undefined ? [operation] : [operation, table]
}
