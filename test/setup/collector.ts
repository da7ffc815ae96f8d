import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

/** Traces of OTLP/HTTP with JSON (OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding"); other members are refused. */
const attribute = z.strictObject({
  key: z.string().min(1),
  value: z.union([z.strictObject({ stringValue: z.string() }), z.strictObject({ intValue: z.number().int() })]),
})
const nanoseconds = z.string().regex(/^\d{19}$/)
const span = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  traceState: z.string().optional(),
  flags: z.number().int(),
  name: z.string().min(1),
  /** 1 internal, 2 server, 3 client */
  kind: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: z.array(attribute),
  droppedAttributesCount: z.literal(0),
  events: z.array(z.never()),
  droppedEventsCount: z.literal(0),
  links: z.array(z.never()),
  droppedLinksCount: z.literal(0),
  /** 0 unset, 2 error */
  status: z.strictObject({ code: z.union([z.literal(0), z.literal(2)]) }),
})
const exported = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute), droppedAttributesCount: z.literal(0) }),
      scopeSpans: z.array(z.strictObject({ scope: z.looseObject({ name: z.string() }), spans: z.array(span) })),
    }),
  ),
})

export interface CollectedSpan {
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  name: string
  kind: number
  failed: boolean
  attributes: Record<string, string | number>
}

/** A collector of traces that accepts documented messages only. */
export interface Collector {
  url: string
  /** All received bodies. */
  bodies: string[]
  /** Headers of the latest request. */
  headers(): IncomingHttpHeaders
  resource(): Record<string, string | number>
  /** @throws ZodError if a message differs from the protocol */
  spans(): CollectedSpan[]
  stop(): Promise<void>
}

const flat = (attributes: z.infer<typeof attribute>[]) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, 'stringValue' in value ? value.stringValue : value.intValue]),
  )

export async function startCollector(): Promise<Collector> {
  const bodies: string[] = []
  let headers: IncomingHttpHeaders = {}
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const here = request.method === 'POST' && request.url === '/v1/traces'
      if (here) bodies.push(Buffer.concat(chunks).toString())
      if (here) ({ headers } = request)
      response.writeHead(here ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(stop)

  const read = () => bodies.flatMap((body) => exported.parse(JSON.parse(body)).resourceSpans)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    headers: () => headers,
    resource: () => flat(read()[0]?.resource.attributes ?? []),
    spans: () =>
      read()
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
        .map(({ traceId, spanId, parentSpanId, name, kind, status, attributes }) => ({
          traceId,
          spanId,
          parentSpanId,
          name,
          kind,
          failed: status.code === 2,
          attributes: flat(attributes),
        })),
    stop,
  }
}

/** Settings of a server that sends its traces to the collector every moment. */
export const sendingTo = ({ url }: Collector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: '100',
})
