import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkpointFileOf } from '../../src/audit/checkpoint-file.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { underWayMs } from '../../src/http/serve.ts'
import { startServer, type RunningServer, until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const serverFile = new URL('../../bin/server.mjs', import.meta.url).pathname

/** Starts the server in a state that it refuses. */
const start = (environment: Record<string, string>) =>
  spawnSync(process.execPath, [serverFile], { env: environment, encoding: 'utf8', timeout: 45_000 })

const keys = (server: RunningServer) => server.environment['YIDENG_KEYS_DIR'] ?? ''

describe('the server', () => {
  /** For tests that only read, and leave it running. */
  let server: RunningServer
  let demo: RunningServer

  beforeAll(async () => {
    server = await startServer()
    demo = await startServer({ YIDENG_DEMO: 'true' })
    await demo.kill('SIGINT')
  })

  it('prints in one line its address and the next step', () => {
    expect(server.output().trim().split('\n')).toEqual([
      `Yideng 一登 listens on ${server.issuer} — register the first portal: npx yideng client create --help`,
    ])
  })

  it('answers requests under way before it stops, and ends with 0', async () => {
    const own = await startServer()
    const services = await own.services()
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(own.issuer)
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    // the password takes some 30 ms, so the signal arrives in between
    const underWay = visitor.submit(page, '/password', { identifier: person.username, password: 'wrong-password' })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const began = performance.now()
    const ended = own.kill('SIGINT')
    expect((await underWay).status).toBe(400)
    expect(await ended).toBe(0)
    // and it does not wait for the browser's open connection
    expect(performance.now() - began).toBeLessThan(underWayMs)
    await expect(fetch(`${own.issuer}/healthz`)).rejects.toBeDefined()
  })

  it('keeps keys, accounts and sessions over a restart', async () => {
    const own = await startServer()
    const services = await own.services()
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(own.issuer)
    const begun = await portal.begin()
    await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    await own.kill('SIGINT')
    const signed = await services.database.selectFrom('audit_roots').select('signed').executeTakeFirstOrThrow()
    expect(readFileSync(checkpointFileOf(own.dataDir), 'utf8').split('~')[0]).toBe(signed.signed)
    expect(own.output()).toContain(signed.signed)
    await own.restart()
    const again = await portal.begin()
    expect((await again.finish(await visitor.get(again.url))).claims()?.acr).toBe('urn:yideng:loa:3')
  })

  it('refuses demo data in production', () => {
    const environment = { ...demo.environment, NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.example.gov.cn' }
    const refused = start({ ...environment, YIDENG_DEMO: 'false' })
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('YIDENG_DATA_DIR')
  })

  it('refuses a store with a missing or wrong data key, and creates none', async () => {
    const file = join(keys(demo), 'data.json')
    renameSync(file, `${file}.aside`)
    const missing = start(demo.environment)
    expect(missing.status).toBe(1)
    expect(missing.stderr).toContain('YIDENG_KEYS_DIR')
    expect(missing.stderr.trim().split('\n')).toHaveLength(1)
    copyFileSync(join(keys(server), 'data.json'), file)
    expect(start(demo.environment).stderr).toContain('YIDENG_KEYS_DIR')
    rmSync(file)
    renameSync(`${file}.aside`, file)
    await demo.restart()
  })

  it('explains plainly a port in use or a wrong setting', () => {
    const taken = start(server.environment)
    expect(taken.stderr.trim().split('\n')).toHaveLength(1)
    expect(taken.stderr).toContain('PORT')
    expect(start({ YIDENG_LOG_LEVEL: 'loud' }).stderr.trim().split('\n')).toHaveLength(1)
  })

  it('shows health, readiness and metrics, without personal data', async () => {
    expect(await (await fetch(`${server.issuer}/healthz`)).json()).toEqual({ status: 'up' })
    expect(await (await fetch(`${server.issuer}/readyz`)).json()).toEqual({ status: 'ready' })
    await fetch(`${server.issuer}/somewhere/440300199001011234`)
    const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
    expect(metrics).toMatch(/yideng_http_requests_total\{method="GET",route="none",status="404"\} \d/)
    expect(metrics).not.toContain('440300')
  })

  it('sees changes of the command line within two seconds', async () => {
    const services = await server.services()
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const { url } = await portal.begin()
    expect((await visitor.get(url)).status).toBe(200)
    for (const [status, answer] of [
      ['suspended', 400],
      ['active', 200],
    ] as const) {
      const changed = performance.now()
      await services.clients.setStatus(portal.clientId, status, 'administrator:test')
      await until(async () => (await visitor.get(url)).status === answer)
      expect(performance.now() - changed).toBeLessThan(2000)
    }
  })
})

it.each([
  ['node', '20.1.0', 'Yideng needs Node.js 24.7 but this is 20.1.0.'],
  ['node', '24.6.0', 'Yideng needs Node.js 24.7 but this is 24.6.0.'],
  ['node', '24.7.0', ''],
  ['node', '25.0.0', ''],
  ['openssl', '3.0.13', 'Yideng needs a Node.js with OpenSSL 3.2, for argon2, but this one has 3.0.13.'],
  ['openssl', '3.2.0+quic', ''],
])('the runtime check explains plainly what does not fit: %s %s', (name, version, said) => {
  const source = readFileSync(new URL('../../bin/runtime.mjs', import.meta.url), 'utf8')
  const program = `Object.defineProperty(process.versions, '${name}', { value: '${version}' });${source}`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  expect(status).toBe(said === '' ? 0 : 1)
  expect(stderr.split(' Run "npm ci"')[0]).toBe(said)
})

it.each(['server.mjs', 'yideng.mjs'])('bin/%s checks the runtime before a newer name of Node.js is needed', (name) => {
  const source = readFileSync(new URL(`../../bin/${name}`, import.meta.url), 'utf8')
  const linkedFirst = [...source.matchAll(/^import .*?'([^']+)'$/gm)].map(([, from]) => from)
  expect(linkedFirst.filter((from) => from !== './runtime.mjs')).toEqual(
    name === 'server.mjs' ? [] : ['node:child_process', 'node:fs', 'node:url'],
  )
})
