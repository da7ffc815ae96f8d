import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openHouse, type Back } from '../../src/admin/house.ts'
import { readSettings } from '../../src/config/settings.ts'
import { freePort } from './free-port.ts'
import { serverStores } from './stores.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** What stops each server of this file; a hook registered while another hook runs would never be called. */
const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
})

const serverFile = new URL('../../bin/server.mjs', import.meta.url).pathname

export interface RunningServer {
  issuer: string
  environment: Record<string, string>
  dataDir: string
  /** Everything it printed. */
  output(): string
  /** The same durable store through the same services, in this process. */
  house(): Promise<Back>
  pid(): number
  kill(signal: 'SIGINT' | 'SIGKILL'): Promise<number | null>
  /** Starts it again on the same stores, after `kill`. */
  restart(): Promise<void>
}

/** Starts the real server under plain Node.js, on a port and in directories of its own; stopped after the file's tests. */
export async function startServer(settings: Record<string, string> = {}): Promise<RunningServer> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-server-'))
  const port = await freePort()
  const environment = {
    PORT: String(port),
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_LOG_LEVEL: 'info',
    ...(await serverStores()),
    ...settings,
  }
  const issuer = `http://localhost:${port}`
  const houses: Back[] = []
  let output = ''
  let child = await run()

  async function run(): Promise<ChildProcess> {
    const started = spawn(process.execPath, [serverFile], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    }
    await until(async () => {
      if (started.exitCode !== null) throw new Error(`the server ended:\n${output}`)
      const answer = await fetch(`${issuer}/readyz`).catch(() => undefined)
      return answer?.ok === true
    })
    return started
  }

  const kill = (signal: 'SIGINT' | 'SIGKILL') =>
    new Promise<number | null>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode)
      child.once('exit', (code) => resolve(code))
      child.kill(signal)
      return undefined
    })

  stops.push(async () => {
    await kill('SIGKILL')
    await Promise.all(houses.map((house) => house.close()))
    rmSync(directory, { recursive: true, force: true })
  })

  return {
    issuer,
    environment,
    dataDir: join(directory, 'data'),
    output: () => output,
    async house() {
      const house = await openHouse(readSettings(environment), Date.now)
      houses.push(house)
      return house
    },
    pid: () => child.pid ?? 0,
    kill,
    async restart() {
      child = await run()
    },
  }
}

/** The processes of a server that answer requests, where it has several. */
export function workersOf(server: RunningServer): number[] {
  const pid = server.pid()
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

/** Asks again and again, for at most half a minute: a machine with much else to do starts a server slowly. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited half a minute for nothing')
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
