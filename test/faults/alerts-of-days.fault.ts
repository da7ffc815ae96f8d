import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../setup/free-port.ts'
import { registerOldPortal } from '../setup/old-portal.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { startUpstreamLogin } from '../setup/upstream-login.ts'
import { Visitor } from '../setup/visitor.ts'
import { yideng } from './people.ts'
import { backedUp, machine, watchAtNight } from './night.ts'

const dayMs = 86_400_000

/** A certificate for localhost that ends after these days. */
function certificateFor(days: number): { key: Buffer; cert: Buffer } {
  const directory = temporaryDirectory()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const asked = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=localhost`
  execFileSync('openssl', [...asked.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

/** What blackbox_exporter reports about an address: whether it answers 200, and when its certificate ends. */
function probe(port: number): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ port, path: '/healthz', rejectUnauthorized: false, agent: false }, (answer) => {
      const ends = Date.parse((answer.socket as TLSSocket).getPeerCertificate().valid_to) / 1000
      answer.resume()
      resolve(`probe_success ${answer.statusCode === 200 ? 1 : 0}\nprobe_ssl_earliest_cert_expiry ${ends}\n`)
    })
    asked.on('error', () => resolve('probe_success 0\n'))
    asked.end()
  })
}

describe.skipIf(cannotRun('promtool'))('alerts about days, and from outside', () => {
  it('YidengOutsideDown, YidengCertificateEnds: the proxy does not answer, its certificate is old', async () => {
    const server = await backedUp(await startServer())
    const proxy = createServer(certificateFor(90), (_request, response) => {
      void fetch(`${server.issuer}/healthz`).then(({ status }) => response.writeHead(status).end())
    })
    const listen = (port: number) => new Promise<void>((resolve) => void proxy.listen(port, 'localhost', resolve))
    await listen(0)
    const { port } = proxy.address() as AddressInfo
    const stop = () => new Promise((resolve) => void proxy.close(resolve))
    onTestFinished(() => void proxy.close())
    const outside = { job: 'yideng-outside' as const, instance: 'https://login', read: () => probe(port) }
    const night = watchAtNight([machine(server), outside])
    await night.pass(1)
    night.isQuiet()
    await stop()
    await night.pass(2.5)
    night.fires('YidengOutsideDown')
    await listen(port)
    await night.pass(1)
    night.isQuiet()
    proxy.setSecureContext(certificateFor(10))
    await night.pass(1)
    night.still(60)
    night.fires('YidengCertificateEnds')
    proxy.setSecureContext(certificateFor(90))
    await night.pass(1)
    night.isQuiet()
    night.judge()
  })

  it('YidengBackupOld: there is none; YidengLegacyEnds: a portal has ten days', async () => {
    const server = await startServer()
    const services = await server.services()
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    night.still(61)
    night.fires('YidengBackupOld')
    await backedUp(server)
    await night.pass(1)
    night.isQuiet()
    const soon = new Date(Date.now() + 10 * dayMs).toISOString().slice(0, 10)
    const { client } = await registerOldPortal(services, { legacy_until: soon })
    await server.forward(61_000)
    await night.pass(0.5)
    night.fires('YidengLegacyEnds')
    await services.clients.setStatus(client.id, 'suspended', 'administrator:test')
    await server.forward(122_000)
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })

  it('YidengSigningKeyOld: a key is 401 days old', async () => {
    const server = await backedUp(await startServer({ YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' }))
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const file = join(server.environment['YIDENG_KEYS_DIR'] ?? '', 'signing.json')
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: object[] }
    const created_at = new Date(Date.now() - 401 * dayMs).toISOString()
    writeFileSync(file, JSON.stringify({ keys: keys.map((key) => ({ ...key, created_at })) }))
    await server.kill('SIGTERM')
    await server.restart()
    await night.pass(1)
    night.fires('YidengSigningKeyOld')
    await yideng(server, ['keys', 'rotate'])
    await server.forward(25 * 3_600_000)
    const isOld = async () => /age_seconds{.*state="signs"} 3[5-9]\d{6}/.test(await machine(server).read())
    await until(async () => !(await isOld()))
    await night.sees('yideng_audit_unsigned_seconds 0')
    await night.pass(1)
    night.isQuiet()
    night.judge()
  })

  it.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('YidengClockWrong, YidengClockDrifts', async () => {
    const server = await backedUp(await startServer({ ...(await scaleOut()), YIDENG_CLOCK_SECONDS: '5' }))
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const offset = async () =>
      Number(/^yideng_clock_offset_seconds (\S+)/m.exec(await machine(server).read())?.[1] ?? expect.fail())
    for (const direction of [1, -1]) {
      await server.forward(direction * 3000)
      await until(async () => Math.abs(await offset()) > 2)
      await night.pass(5.5)
      night.fires('YidengClockDrifts')
      await server.forward(direction * 600_000)
      await night.sees('yideng_ready{need="clock"} 0')
      await night.pass(2)
      night.fires('YidengClockDrifts', 'YidengClockWrong')
      await server.forward(-direction * 603_000)
      await night.sees('yideng_ready{need="clock"} 1')
      await night.pass(0.5)
      night.isQuiet()
    }
    night.judge()
  })

  it('YidengLogoutsGivenUp: a portal takes no notice of a sign-out', async () => {
    const server = await backedUp(await startServer())
    const services = await server.services()
    const person = await openPerson(services)
    const dead = `http://127.0.0.1:${await freePort()}/logout`
    const portal = await registerPortal(services, { consent: 'implicit', backchannel_logout_uri: dead })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    /** Attempts so far, and milliseconds until the next; while one is under way, these are five seconds. */
    const notice = async () => {
      const row = await services.database.selectFrom('logout_deliveries').selectAll().executeTakeFirst()
      return { attempts: row?.attempts ?? 0, next: (row?.next_attempt_at ?? 0) - services.clock() }
    }
    for (const [tried, wait] of [2, 10, 60, 300, 900, 2400].entries()) {
      await until(async () => {
        const { attempts, next } = await notice()
        return attempts > tried && (wait < 60 || next > (wait - 30) * 1000)
      })
      await server.forward((wait + 10) * 1000)
    }
    await night.sees('yideng_logout_deliveries{state="abandoned"} 1')
    await night.sees('yideng_audit_unsigned_seconds 0')
    await night.pass(0.5)
    night.fires('YidengLogoutsGivenUp')
    night.still(61)
    night.isQuiet()
    night.judge()
  }, 400_000)

  it('YidengUpstreamIdentityChanged: an account of a city belongs to another person', async () => {
    const all = await startUpstreamLogin()
    await backedUp(all.server)
    const [who, person] = [await all.citizen({ registered: true }), await all.person()]
    await all.linked({ ...who, id_number: person.number }, person)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1)
    night.isQuiet()
    expect((await all.walk(await all.begin(), who)).status).toBe(403)
    await night.sees('yideng_audit_events_total{event="upstream.identity-changed"} 1')
    await night.pass(0.5)
    night.fires('YidengUpstreamIdentityChanged')
    night.still(61)
    night.isQuiet()
    night.judge()
  })
})
