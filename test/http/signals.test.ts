import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/server.ts'

const project = new URL('../../', import.meta.url).pathname

/** Starts a script of package.json by npm, as a unit or a container does. */
async function npm(script: string, settings: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-npm-'))
  const port = await freePort()
  const child = spawn('npm', ['run', script], {
    cwd: project,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      PORT: String(port),
      YIDENG_DATA_DIR: join(directory, 'data'),
      YIDENG_KEYS_DIR: join(directory, 'keys'),
      ...settings,
    },
  })
  afterFile(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const answers = () =>
    fetch(`http://localhost:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(answers)
  return { child, port, answers, data: join(directory, 'data') }
}

/** Sends a request whose end follows later; returns how to send the end, and the whole answer. */
async function slowRequest(port: number) {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
  await new Promise((resolve) => socket.once('connect', resolve))
  const head = ['POST /token HTTP/1.1', `Host: localhost:${port}`, 'Content-Type: application/x-www-form-urlencoded']
  socket.write([...head, 'Content-Length: 29', '', 'grant_type='].join('\r\n'))
  await new Promise((resolve) => setTimeout(resolve, 200)) // the server has read the beginning by then
  return async () => {
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('authorization_code')
    await closed
    return answer
  }
}

const ended = (child: ChildProcess) =>
  new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )

it.each([
  ['SIGTERM', {}],
  ['SIGINT', {}],
  ['SIGTERM', { YIDENG_WORKERS: '2' }],
] as const)('npm start passes %s on: requests under way are answered, nothing stays (%j)', async (signal, settings) => {
  const { child, port, answers, data } = await npm('start', settings)
  const rest = await slowRequest(port)
  const end = ended(child)
  child.kill(signal)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await rest()).toMatch(/^HTTP\/1\.1 40[01]/)
  expect(await end).toEqual({ code: 0, signal: null })
  expect(await answers()).toBe(false)
  // the stores were closed: their logs are copied back
  expect(readdirSync(data).filter((name) => name.endsWith('-wal'))).toEqual([])
})

it('npm run demo ends with all its servers, also when the signal comes twice, as from a terminal', async () => {
  // its portals and API take some of 101 ports, below those that the system gives to the other tests
  const base = 12_000 + (process.pid % 100) * 150
  const { child, answers } = await npm('demo', { DEMO_PORT_BASE: String(base) })
  const end = ended(child)
  child.kill('SIGTERM')
  child.kill('SIGINT')
  await end
  await until(async () => !(await answers()))
})
