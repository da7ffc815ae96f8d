import { readFileSync } from 'node:fs'
import { get as getTls, request } from 'node:https'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { documentedNginx, noNginx, startNginx } from '../setup/nginx.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { WaitingComputer } from '../setup/qr.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

describe.skipIf(noNginx)('behind the nginx of docs/deploy.md', () => {
  it('people sign in over TLS, forged headers change nothing, QR frames arrive at once', async () => {
    const [certificate, port] = [makeCertificate(), await freePort()]
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate.cert, 'utf8')])
    const issuer = `https://localhost:${port}`
    const server = await startServer({
      YIDENG_ISSUER: issuer,
      YIDENG_TRUST_PROXY: 'true',
      YIDENG_WORKERS: '2',
    })
    await until(async () => workersOf(server).length === 2)
    await startNginx(documentedNginx(port, [Number(server.environment['PORT'])], certificate))
    await until(async () => (await fetch(`${issuer}/healthz`).catch(() => undefined))?.ok === true)

    // paths that only the operator may ask
    for (const path of ['/metrics', '/readyz']) expect((await fetch(issuer + path)).status).toBe(403)

    const services = await server.services()
    const portal = await registerPortal(services, { consent: 'implicit' })
    const person = await openPerson(services)
    const forged = {
      'x-forwarded-for': '203.0.113.66',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
    }
    const visitor = new Visitor(issuer, forged)
    const begun = await portal.begin()
    expect(begun.url.origin).toBe(issuer)
    const page = await visitor.get(begun.url)
    expect(page.url.origin).toBe(issuer)
    expect(page.html).not.toContain('evil.example')
    expect(page.headers.get('strict-transport-security')).toContain('max-age')
    const tokens = await begun.finish(await signIn(visitor, page, person.username))
    expect(tokens.claims()?.iss).toBe(issuer)
    const names = visitor.cookies.filter(({ path }) => path === '/').map(({ name }) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !name.startsWith('__Host-'))).toEqual([])

    // limits and audit log use the address that nginx saw
    const { events, opened } = await entriesOf(services)
    expect(events).toContain('login.succeeded')
    expect(opened).not.toContain('203.0.113')
    expect(opened).toContain('127.0.0')

    // another host name leads only to the issuer
    const status = await new Promise<string>((resolve, reject) => {
      const headers = { host: 'evil.example', accept: 'text/html' }
      request({ host: 'localhost', servername: 'localhost', port, path: '/account', headers }, (answer) => {
        answer.resume()
        resolve(`${answer.statusCode} ${answer.headers.location ?? ''}`)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toMatch(new RegExp(`^30\\d ${issuer}/account$`))

    const computer = await WaitingComputer.at((await portal.begin()).url, issuer)
    await computer.start()
    expect(await framesWithin(computer, issuer, 3500)).toBeGreaterThanOrEqual(3)
  })
})

async function entriesOf(services: Awaited<ReturnType<Awaited<ReturnType<typeof startServer>>['services']>>) {
  const { restrictedAad } = await import('../../src/audit/chain.ts')
  const entries = await services.database.selectFrom('audit_events').selectAll().execute()
  const opened = entries.map(({ restricted, sequence }) =>
    restricted === null ? '' : services.dataKeys.auditCipher.open(restricted, restrictedAad(sequence)),
  )
  return { events: entries.map(({ event }) => event), opened: opened.join() }
}

/** Number of QR frames that arrive in separate chunks. */
function framesWithin(computer: WaitingComputer, issuer: string, ms: number): Promise<number> {
  const { address, options } = computer.streamAt(issuer)
  return new Promise((resolve, reject) => {
    const asked = getTls(address, options, (answer) => {
      let pieces = 0
      answer.on('data', (piece: Buffer) => (pieces += piece.includes('data:') ? 1 : 0))
      answer.on('error', () => undefined) // the test ends the stream
      setTimeout(() => {
        asked.destroy()
        resolve(pieces)
      }, ms)
    }).on('error', reject)
  })
}
