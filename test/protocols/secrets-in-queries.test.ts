import { expect, it } from 'vitest'
import { casBase, tifProfiles } from '../../src/config/legacy-protocols.ts'
import { codeOf } from '../../src/protocols/cas/cas-answer.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { called, codeAt, registerOldPortal } from '../setup/old-portal.ts'
import { casPortal } from '../setup/cas-portal.ts'
import { sendingTo, startCollector } from '../setup/collector.ts'
import { openPerson } from '../setup/person.ts'
import { startServer, until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const isLegacy = (path: string) =>
  path.startsWith(`${casBase}/`) ||
  tifProfiles.some(({ base, oneOffCode }) => path.startsWith(base) || path === oneOffCode)

/** Every parameter that carries a secret in a legacy protocol. */
const secretParameters = ['client_secret', 'code', 'access_token', 'ticket', 'state', 'ryz_access_token']

it('no secret of a query reaches a log, a trace, a metric, a page, a referrer or the audit log', async () => {
  const collector = await startCollector()
  const server = await startServer({ ...sendingTo(collector), YIDENG_LOG_LEVEL: 'debug' })
  const services = await server.services()
  const portal = await registerOldPortal(services)
  const { username } = await openPerson(services)
  const visitor = new Visitor(server.issuer)

  // real ones, of a flow that succeeds
  const code = await codeAt(portal, visitor, username)
  const { body } = await called(portal.tokens(code))
  const token = String(body['access_token'])
  expect((await called(portal.info(token))).status).toBe(200)
  expect((await called(portal.tokens(code))).status).toBe(400)
  const cas = await casPortal(services)
  const ticket = (await visitor.get(cas.login())).leads?.searchParams.get('ticket') ?? ''
  expect(await cas.ask('p3/serviceValidate', { ticket })).toContain('<cas:user>')
  expect(await cas.ask('p3/serviceValidate', { ticket })).toContain('INVALID_TICKET')
  const planted = `ST-${'planted'.repeat(5)}`
  expect((await visitor.get(cas.login({ service: `${cas.service}?ticket=${planted}` }))).status).toBe(404)
  const secrets = [portal.secret, code, token, ticket, codeOf(ticket) ?? ticket, planted]

  // and those of requests that fail, at every endpoint, as a program and as a browser
  const paths = Object.keys(endpoints).filter(isLegacy)
  expect(paths.length).toBeGreaterThan(6)
  const pages: string[] = []
  for (const [index, path] of paths.entries()) {
    const sentinels = secretParameters.map((name): [string, string] => [
      name,
      `sentinel-${name}-${index}-${'x'.repeat(30)}`,
    ])
    secrets.push(...sentinels.map(([, value]) => value))
    const common = {
      client_id: portal.client.id,
      redirect_uri: portal.redirectUri,
      scope: 'all',
      service: 'initService',
    }
    const query = new URLSearchParams([...Object.entries(common), ...sentinels])
    for (const method of ['GET', 'POST', 'HEAD', 'PUT'])
      for (const accept of ['text/html', 'application/json']) {
        const answer = await fetch(`${server.issuer}${path}?${query.toString()}`, {
          method,
          redirect: 'manual',
          headers: { accept },
        })
        pages.push(await answer.text())
        expect(answer.headers.get('referrer-policy'), path).toBe('same-origin')
        expect(answer.headers.get('cache-control'), path).toBe('no-store')
      }
  }

  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  await until(async () => collector.spans().some(({ name }) => name.includes('tokeninfo')))
  const audited = await services.database.selectFrom('audit_events').selectAll().execute()
  const places = {
    log: server.output(),
    metrics,
    traces: collector.bodies.join('\n'),
    pages: pages.join('\n'),
    audit: JSON.stringify(audited),
  }
  expect(places.log.length).toBeGreaterThan(1000)
  for (const [place, text] of Object.entries(places))
    for (const secret of secrets) expect(text.includes(secret), `${place} has ${secret.slice(0, 30)}`).toBe(false)
})
