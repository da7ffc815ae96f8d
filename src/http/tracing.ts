import type { Middleware } from 'koa'
import type { HashGate } from '../accounts/passwords/hash-gate.ts'
import { SettingsError } from '../config/settings.ts'
import type { Fetch } from '../guards/outbound.ts'
import type { FacePool } from '../proofing/face/pool.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Queried } from '../storage/database.ts'

/**
 * What a request spends its time on, told to a collector of traces (OpenTelemetry): each part is given back as it came where
 * nobody asked for them. No span says who a request is by or about: route, method, status, kinds and tables, nothing else.
 */
export interface Tracing {
  /** Around everything that is done for a request. Only a trusted proxy's `traceparent` is taken. */
  requests?(options: { trustProxy: boolean }): Middleware
  /** Told of every statement after it ran. */
  queried?: Queried
  artifacts(store: Artifacts): Artifacts
  hashing(gate: HashGate): HashGate
  faces(pool: FacePool): FacePool
  /** Sends `traceparent` along. */
  outbound(fetch: Fetch): Fetch
  /** What each line of the log has beside its own. */
  logFields?(): object
  /** Where it is told that traces cannot be sent, once a minute at most. */
  complainTo(log: { warn(details: object, message: string): void }): void
  /** Sends what is not sent yet. */
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
 * Traces as the standard settings say (OpenTelemetry, "Environment Variable Specification"); without an endpoint nothing of
 * it is even loaded.
 * @throws SettingsError for a value that its own readers would pass over or take for another
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
