import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashOf } from '../../src/login/methods/password/stored-password.ts'
import { openServices, type Services } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import { laySigningKeys } from './signing-keys.ts'
import { serverStores } from './stores.ts'

/** Upper limit in milliseconds; a busy machine needs it. */
const longest = 45_000

const movingClock = new URL('moving-clock.mjs', import.meta.url).href
const thisTree = new URL('../../', import.meta.url)

export interface RunningServer {
  issuer: string
  environment: Record<string, string>
  dataDir: string
  /** All text it printed. */
  output(): string
  /** The same durable store through the same services, in this process. */
  services(): Promise<Services>
  pid(): number
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null>
  /** Starts it again on the same stores, after `kill`. */
  restart(): Promise<void>
  /** Moves the clock of its processes and of `services()`. Timers, Redis and the clock of this process stay. */
  forward(ms: number): Promise<void>
}

/** Writes an offset in milliseconds for the clock of a server (moving-clock.mjs). */
const writeClock = (file: string, offset: number) =>
  writeFileSync(file, new Uint8Array(new Float64Array([offset]).buffer))

type Clock = () => number
type OpenServices = (environment: Record<string, string>, clock: Clock) => Promise<Services>

/** Loads how a version opens its services. The version of this file is loaded already. */
async function servicesOf(tree: URL): Promise<OpenServices> {
  if (tree === thisTree) return (environment, clock) => openServices(readSettings(environment), clock)
  // the file has had another name; it has exported one function ever since
  const file = ['src/services.ts', 'src/admin/house.ts']
    .map((path) => new URL(path, tree))
    .find((url) => existsSync(url))
  const exported: Record<string, unknown> = await import(file?.href ?? '')
  const open = Object.values(exported).find((value) => typeof value === 'function') as typeof openServices
  const { readSettings: read } = (await import(new URL('src/config/settings.ts', tree).href)) as {
    readSettings: typeof readSettings
  }
  return async (environment, clock) => withPasswordHashes(await open(read(environment), clock))
}

/** Versions before 0.2.0 open an account with the hash of its password alone; later ones ignore it. */
function withPasswordHashes(services: Services): Services {
  const { persons } = services
  const create: typeof persons.create = (opening, by) => {
    const password = opening.authenticators.find(({ kind }) => kind === 'password')
    const forOlderVersions = password ? { passwordHash: hashOf({ id: '', ...password }, services.dataKeys.cipher) } : {}
    return persons.create({ ...opening, ...forOlderVersions }, by)
  }
  return { ...services, persons: { ...persons, create } }
}

let usual: Promise<RunningServer> | undefined

/**
 * One server for all files of a worker that neither stop it nor need other settings. Such a file looks only at its own people
 * and portals, and may move the clock on by seconds. Acts of strangers become sums over all files, so a file that reads their
 * audit entries starts its own server. One address may try without limit. The server ends with the worker.
 */
export function usualServer(): Promise<RunningServer> {
  const settings = {
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
    YIDENG_QR_ADDRESS_CREATIONS: '100000',
  }
  const atEnd = (end: () => void) => {
    process.once('exit', end)
    process.once('SIGTERM', () => process.exit()) // how vitest ends a worker
  }
  usual ??= begin(settings, thisTree, atEnd, 25_000)
  return usual
}

/**
 * Starts the real server under plain Node.js, on its own port and in its own directories. It stops after the tests of the file.
 * @param tree runs the files of another version
 */
export const startServer = (settings: Record<string, string> = {}, tree = thisTree): Promise<RunningServer> =>
  begin(settings, tree, afterFile)

async function begin(
  settings: Record<string, string>,
  tree: URL,
  atEnd: (end: () => void) => void,
  /** Milliseconds. Clients of OpenID Connect accept a clock that is 30 s ahead. */
  mostForward = Infinity,
): Promise<RunningServer> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-server-'))
  const port = await freePort()
  const keysDir = join(directory, 'keys')
  const environment: Record<string, string> = {
    PORT: String(port),
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: keysDir,
    YIDENG_LOG_LEVEL: 'info',
    YIDENG_CLOCK_SECONDS: '999999999', // `forward` moves the clock of the server, and not PostgreSQL's
    YIDENG_BUSY_MS: '0', // a loaded machine of tests refuses no sign-in
    ...(await serverStores()),
    ...settings,
  }
  if (!environment['YIDENG_DATABASE_URL']) laySigningKeys(keysDir)
  const clockFile = join(directory, 'clock')
  let offset = 0
  writeClock(clockFile, offset)
  let output = ''
  let child: ChildProcess | undefined

  atEnd(() => {
    child?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 }) // the server may still write a file
  })

  /** Resolves when the server listens. */
  async function run(): Promise<void> {
    const started = spawn(process.execPath, ['--import', movingClock, new URL('bin/server.mjs', tree).pathname], {
      env: { PATH: process.env['PATH'], YIDENG_TEST_CLOCK: clockFile, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    const before = output.length
    await new Promise<void>((resolve, reject) => {
      const tooLate = setTimeout(() => reject(new Error(`the server does not listen:\n${output}`)), longest)
      started.once('exit', () => reject(new Error(`the server ended:\n${output}`)))
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          if (!output.includes(' listens on ', before)) return
          clearTimeout(tooLate)
          resolve()
        })
      }
    })
  }

  const kill: RunningServer['kill'] = (signal) =>
    new Promise<number | null>((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return resolve(child?.exitCode ?? null)
      child.once('exit', (code) => resolve(code))
      child.kill(signal)
      return undefined
    })

  await run()
  return {
    issuer: `http://localhost:${port}`,
    environment,
    dataDir: join(directory, 'data'),
    output: () => output,
    async services() {
      const services = await (await servicesOf(tree))(environment, () => Date.now() + offset)
      afterFile(() => services.close())
      return services
    },
    pid: () => child?.pid ?? 0,
    kill,
    restart: run,
    async forward(ms) {
      if (offset + ms > mostForward)
        throw new Error('this server is shared: a file that moves time so far starts its own')
      offset += ms
      writeClock(clockFile, offset)
      await new Promise((resolve) => setTimeout(resolve, 5)) // its processes read the file once a millisecond
    },
  }
}

/** The processes of a server that answer requests, where it has several. */
export function workersOf(server: Pick<RunningServer, 'pid'>): number[] {
  const pid = server.pid()
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

/** Processor time a process has used, in steps of 10 ms (Linux, proc(5)). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Repeats a question until it gets `true`, for as long as a busy machine may need. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + longest
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`the condition is still false after ${longest / 1000} seconds`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
