import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { openTracing, untraced } from '../../src/http/tracing.ts'
import { sendingTo, startCollector } from '../setup/collector.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

it('is off, and not loaded, without an endpoint or when disabled', async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  for (const environment of [
    {},
    { OTEL_SERVICE_NAME: 'yideng' },
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
  ]) {
    expect(await openTracing(environment)).toBe(untraced)
  }
})

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf'],
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_TRACES_SAMPLER', 'sometimes'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
])('stops the start for %s=%s, in one sentence that names it and not its value', async (name, value) => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', [name]: value }
  await expect(openTracing(environment)).rejects.toThrow(new RegExp(`^The setting ${name} must .+\\.$`))
})

/** A portal's server that records the headers of back-channel logouts. */
async function portalServer() {
  const told: (string | undefined)[] = []
  const server = createServer((request, response) => {
    told.push(request.headers['traceparent'] as string | undefined)
    request.resume().on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout?secret=of-the-portal` }
}

it('sends the spans of a sign-in to a collector, without the person', async () => {
  const collector = await startCollector()
  const server = await startServer({
    ...sendingTo(collector),
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=key-of-the-collector',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    OTEL_SERVICE_NAME: 'yideng-guangdong',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_LOG_LEVEL: 'debug',
  })
  const services = await server.services()
  const person = await openPerson(services)
  const { told, url: logout } = await portalServer()
  const portal = await registerPortal(services, { consent: 'implicit', backchannel_logout_uri: logout })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
  await services.persons.find(person.id)

  // the proxy's trace continues here, and a trace without sampling is not recorded
  const [traceId, unrecorded] = ['0af7651916cd43dd8448eb211c80319c', 'aaf7651916cd43dd8448eb211c80319c']
  const traced = (id: string, flags: string) => ({ headers: { traceparent: `00-${id}-b7ad6b7169203331-${flags}` } })
  await fetch(`${server.issuer}/register?x=${person.number}`, traced(traceId, '01'))
  await fetch(`${server.issuer}/register`, traced(unrecorded, '00'))

  const out = await visitor.get(`${server.issuer}/logout?id_token_hint=${tokens.id_token}`)
  await visitor.submit(out, '/logout/confirm', { logout: 'yes' })
  await until(async () => told.length > 0 && collector.spans().some(({ name }) => name === 'POST end_session_confirm'))
  const spans = collector.spans()
  const named = (name: string) => spans.filter((span) => span.name === name)

  const [signedIn] = named('POST /login/:attempt/password')
  expect(signedIn).toMatchObject({
    kind: 2,
    failed: false,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/login/:attempt/password',
      'http.response.status_code': 303,
    },
  })
  expect(signedIn?.parentSpanId).toBeUndefined()
  const within = spans.filter((span) => span.traceId === signedIn?.traceId && span !== signedIn)
  const names = within.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining([
      'password',
      'argon2',
      'artifacts compareAndSet',
      'select natural_persons',
      'insert audit_events',
    ]),
  )
  const password = within.find(({ name }) => name === 'password')
  expect(password?.parentSpanId).toBe(signedIn?.spanId)
  expect(within.find(({ name }) => name === 'argon2')?.parentSpanId).toBe(password?.spanId)

  // a log line and a reference number lead to their trace
  const lines = server.output().split('\n')
  const line = lines.find((one) => one.includes('"msg":"request"') && one.includes('/password"'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    trace_id: signedIn?.traceId,
    id: signedIn?.attributes['yideng.request.id'],
  })

  expect(spans.find((span) => span.traceId === traceId && span.name === 'GET /register')).toMatchObject({
    parentSpanId: 'b7ad6b7169203331',
  })
  expect(spans.filter((span) => span.traceId === unrecorded)).toEqual([])

  // portals receive traceparent
  const [, toldTrace, toldSpan] = told[0]?.split('-') ?? []
  expect(spans.find(({ spanId }) => spanId === toldSpan)).toMatchObject({
    traceId: toldTrace,
    name: 'POST',
    kind: 3,
    attributes: { 'http.request.method': 'POST', 'server.address': '127.0.0.1', 'http.response.status_code': 204 },
  })

  expect(collector.headers()).toMatchObject({ 'content-type': 'application/json', 'x-api-key': 'key-of-the-collector' })
  expect(collector.resource()).toMatchObject({
    'service.name': 'yideng-guangdong',
    'deployment.environment.name': 'test',
  })
  const all = collector.bodies.join('\n')
  for (const secret of [person.id, person.username, person.number, person.phone, 'of-the-portal', portal.clientId]) {
    expect(all, secret).not.toContain(secret)
  }

  // a missing collector disturbs nothing
  await collector.stop()
  for (let index = 0; index < 20; index += 1) expect((await fetch(`${server.issuer}/register`)).status).toBe(200)
  await until(async () => server.output().includes('traces cannot be sent'))
  expect(server.output()).not.toContain('key-of-the-collector')
  expect(await server.kill('SIGINT')).toBe(0)
})
