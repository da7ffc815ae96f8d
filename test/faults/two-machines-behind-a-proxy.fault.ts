import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { noHaproxy, startHaproxy } from '../setup/haproxy.ts'
import { documentedNginx, noNginx, startNginx } from '../setup/nginx.ts'
import { cannotRun } from '../setup/parts.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { enter, gather, manyFromHere, type Crowd } from './people.ts'

const minutes = 60_000

const proxies = [
  {
    proxy: 'nginx',
    there: !noNginx,
    start: (port: number, machines: number[], certificate: { key: string; cert: string }) =>
      startNginx(documentedNginx(port, machines, certificate)),
  },
  { proxy: 'HAProxy', there: !noHaproxy, start: startHaproxy },
].filter(({ there }) => there)

describe.skipIf(proxies.length === 0 || cannotRun('PostgreSQL') || cannotRun('Redis')).each(proxies)(
  'two machines behind the $proxy of docs/deploy.md',
  ({ start }) => {
    let machines: RunningServer[]
    let crowd: Crowd

    beforeAll(async () => {
      const [certificate, port] = [makeCertificate(), await freePort()]
      setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate.cert, 'utf8')])
      const settings = {
        ...manyFromHere,
        ...(await scaleOut()),
        YIDENG_ISSUER: `https://localhost:${port}`,
        YIDENG_TRUST_PROXY: 'true',
        YIDENG_CLOCK_SECONDS: '5',
        YIDENG_DRAIN_SECONDS: '5',
        YIDENG_LOG_LEVEL: 'info',
      }
      const first = await startServer(settings)
      const keys = { YIDENG_KEYS_DIR: first.environment['YIDENG_KEYS_DIR'] ?? '' }
      machines = [first, await startServer({ ...settings, ...keys })]
      const ports = machines.map(({ environment }) => Number(environment['PORT']))
      await start(port, ports, certificate)
      await until(async () => (await fetch(`https://localhost:${port}/healthz`).catch(() => undefined))?.ok === true)
      crowd = await gather(first)
    })

    /** People sign in, four at once and each once, until the end of `harm`. */
    async function whileSigningIn(harm: () => Promise<void>, least: number) {
      const harmed = new AbortController()
      let total = 0
      const failures: unknown[] = []
      const lanes = Array.from({ length: 4 }, async () => {
        while (!harmed.signal.aborted || total < least) {
          total += 1
          const username = crowd.usernames[total % crowd.usernames.length] ?? ''
          await enter(crowd, username).catch((error: unknown) => failures.push(error))
        }
      })
      await harm()
      harmed.abort()
      await Promise.all(lanes)
      console.log(`${total} flows, ${failures.length} failed`)
      return failures
    }

    const ready = (machine: RunningServer) =>
      until(async () => {
        const address = `http://127.0.0.1:${machine.environment['PORT'] ?? ''}/readyz`
        return (await fetch(address).catch(() => undefined))?.status === 200
      })

    it('a brisk rolling restart fails no sign-in', async () => {
      const failures = await whileSigningIn(async () => {
        for (const machine of machines) {
          expect(await machine.kill('SIGTERM')).toBe(0)
          await machine.restart()
          await ready(machine)
          await new Promise((resolve) => setTimeout(resolve, 1000))
        }
      }, 500)
      expect(failures).toEqual([])
    })

    it.each([10, -10])('a clock that is %s minutes wrong on one of them fails no sign-in', async (wrong) => {
      const [, second] = machines
      await second?.forward(wrong * minutes)
      await until(async () => {
        const answer = await fetch(`http://127.0.0.1:${second?.environment['PORT'] ?? ''}/readyz`)
        return answer.status === 503
      })
      const failures = await whileSigningIn(async () => undefined, 200)
      await second?.forward(-wrong * minutes)
      expect(failures).toEqual([])
      await until(
        async () => (await fetch(`http://127.0.0.1:${second?.environment['PORT'] ?? ''}/readyz`)).status === 200,
      )
    })
  },
)
