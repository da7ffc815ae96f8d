import type { Middleware } from 'koa'
import type { HashGate } from '../accounts/passwords/hash-gate.ts'
import { SettingsError } from '../config/settings.ts'
import type { Fetch } from '../guards/outbound.ts'
import type { FacePool } from '../proofing/face/pool.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Queried } from '../storage/database.ts'

/**
 * Spans for a collector of traces (OpenTelemetry). Without tracing, each function returns its argument unchanged. A
 * span never names a person: it has route, method, status, kinds and tables.
 */
export interface Tracing {
  /** Middleware around all work of a request. It takes `traceparent` only from a trusted proxy. */
  requests?(options: { trustProxy: boolean }): Middleware
  /** Called after each statement. */
  queried?: Queried
  artifacts(store: Artifacts): Artifacts
  hashing(gate: HashGate): HashGate
  faces(pool: FacePool): FacePool
  /** Adds `traceparent` to requests. */
  outbound(fetch: Fetch): Fetch
  /** Extra fields of each log line. */
  logFields?(): object
  /** Sets the log for failed exports, at most one line a minute. */
  complainTo(log: { warn(details: object, message: string): void }): void
  /** Exports the remaining spans. */
  close(): Promise<void>
}

export const untraced: Tracing = {
  artifacts: (store) => store,
  hashing: (gate) => gate,
  faces: (pool) => pool,
  outbound: (fetch) => fetch,
  complainTo: () => undefined,
  close: async () => undefined,
}

const samplers = ['always_on', 'always_off', 'traceidratio']
const knownSamplers = new Set(samplers.flatMap((name) => [name, `parentbased_${name}`]))

/**
 * Configures tracing by the standard settings (OpenTelemetry, "Environment Variable Specification"). Without an
 * endpoint, it loads no package.
 * @throws SettingsError for a value that the packages would ignore or read differently
 */
export async function openTracing(environment: Record<string, string | undefined>): Promise<Tracing> {
  const of = (name: string) => environment[`OTEL_${name}`]?.trim() ?? ''
  const endpoints = ['EXPORTER_OTLP_TRACES_ENDPOINT', 'EXPORTER_OTLP_ENDPOINT']
  if (of('SDK_DISABLED').toLowerCase() === 'true' || of('TRACES_EXPORTER') === 'none') return untraced
  if (endpoints.every((name) => of(name) === '')) return untraced
  const check = (name: string, holds: (value: string) => boolean, must: string) => {
    // headers and addresses may hold secrets
    if (of(name) !== '' && !holds(of(name))) throw new SettingsError(`The setting OTEL_${name} ${must}.`)
  }
  const isWebAddress = (value: string) => /^https?:\/\//.test(value) && URL.canParse(value)
  for (const name of endpoints) check(name, isWebAddress, 'must be a web address such as http://127.0.0.1:4318')
  for (const name of ['EXPORTER_OTLP_TRACES_PROTOCOL', 'EXPORTER_OTLP_PROTOCOL']) {
    check(name, (value) => value === 'http/json', 'must be http/json, the one protocol that is spoken')
  }
  check('TRACES_EXPORTER', (value) => value === 'otlp', 'must be otlp or none')
  check('TRACES_SAMPLER', (value) => knownSamplers.has(value), `must be one of ${[...knownSamplers].join(', ')}`)
  check('TRACES_SAMPLER_ARG', (value) => /^(0|1|0?\.\d+|1\.0+|0\.\d+)$/.test(value), 'must be a number from 0 to 1')
  return (await import('./open-telemetry.ts')).createTracing()
}
