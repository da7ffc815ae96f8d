import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { WaitingComputer } from '../setup/qr.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const program = new URL('../../bin/server.mjs', import.meta.url).pathname

/** Opens the stream of a QR page and waits for its first frame. */
function openStream(computer: WaitingComputer, issuer: string): Promise<void> {
  const { address, options } = computer.streamAt(issuer)
  return new Promise((resolve, reject) => {
    get(address, options, (answer) => {
      answer.on('error', () => undefined) // the connection breaks at the end
      answer.once('data', () => resolve())
    }).on('error', reject)
  })
}

const allRequests = 'yideng_http_request_seconds_count'

/** The sum of a metric's lines, each request on its own connection. */
async function metric(issuer: string, name: string): Promise<number> {
  const text = await (await fetch(`${issuer}/metrics`, { headers: { connection: 'close' } })).text()
  const lines = text.split('\n').filter((line) => line.startsWith(name))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Uses its own connection. */
const statusOf = (address: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(address, { agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })

it('two processes share logins on the embedded store, and a dead one is replaced', async () => {
  const server = await startServer({ YIDENG_WORKERS: '2' })
  await until(async () => workersOf(server).length === 2)
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit' })
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))

  // each process returns the metrics of both, and counters of a dead one stay
  await until(async () => (await metric(server.issuer, 'yideng_server_processes{state="answering"}')) === 2)
  expect(await metric(server.issuer, 'yideng_server_processes_configured')).toBe(2)
  const deaths = () => metric(server.issuer, 'yideng_server_process_deaths_total')
  expect(await deaths()).toBe(0)
  const signIns = 'yideng_sign_ins_total{method="password",outcome="succeeded"}'
  const counted = async () => Promise.all(Array.from({ length: 6 }, () => metric(server.issuer, signIns)))
  expect(await counted()).toEqual([1, 1, 1, 1, 1, 1])
  const requests = await metric(server.issuer, allRequests)
  expect(requests).toBeGreaterThan(5)

  const [killed = 0, other] = workersOf(server)
  process.kill(killed, 'SIGKILL')
  // a request may use a connection to the dead process
  await until(async () => {
    const { url } = await portal.begin()
    const page = await visitor.get(url).catch(() => undefined)
    return page?.leads?.searchParams.has('code') === true
  })
  await until(async () => workersOf(server).length === 2)
  expect(await counted()).toEqual([1, 1, 1, 1, 1, 1])
  expect(await metric(server.issuer, allRequests)).toBeGreaterThanOrEqual(requests)
  expect(workersOf(server)).toContain(other)
  expect(workersOf(server)).not.toContain(killed)
  expect(await deaths()).toBe(1)

  // a connection is not lost either while one process hangs
  const [halted = 0] = workersOf(server)
  process.kill(halted, 'SIGSTOP')
  const answers = Array.from({ length: 12 }, () => statusOf(`${server.issuer}/healthz`))
  expect(await Promise.all(answers)).toEqual(answers.map(() => 200))
  process.kill(halted, 'SIGKILL')
  await until(async () => workersOf(server).length === 2 && !workersOf(server).includes(halted))

  const computer = await WaitingComputer.at((await portal.begin()).url, server.issuer)
  await computer.start()
  await openStream(computer, server.issuer)
  await services.close()
  const began = performance.now()
  expect(await server.kill('SIGINT')).toBe(0)
  expect(performance.now() - began).toBeLessThan(4000)
  for (const name of ['yideng.sqlite-wal', 'artifacts.sqlite-wal']) {
    expect(existsSync(join(server.dataDir, name)), name).toBe(false)
  }
  expect(server.output().match(/listens on/g)).toHaveLength(1)
})

it('stops silently with 0 when a stop comes before the first worker listens', async () => {
  const { environment, kill } = await startServer()
  await kill('SIGINT')
  const env = { ...environment, YIDENG_WORKERS: '2' }
  const starting = spawn(process.execPath, [program], { env, stdio: 'pipe' })
  let said = ''
  for (const stream of [starting.stdout, starting.stderr]) stream.on('data', (text) => (said += String(text)))
  const ended = new Promise((resolve) => starting.once('exit', (code, signal) => resolve({ code, signal })))
  await until(async () => workersOf({ pid: () => starting.pid ?? 0 }).length === 1)
  starting.kill('SIGTERM')
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(said).toBe('')
})

it('no worker starts when the first cannot, and the reason is logged once', async () => {
  const { environment } = await startServer()
  const { status, stderr } = spawnSync(process.execPath, [program], {
    env: { ...environment, YIDENG_WORKERS: '4' },
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect([status, stderr.trim().split('\n')]).toEqual([1, [expect.stringContaining('PORT')]])
})
