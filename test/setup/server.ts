import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openServices, type Services } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import { laySigningKeys } from './signing-keys.ts'
import { serverStores } from './stores.ts'

/** An upper limit, never waited for where all is well: a machine may be busy. */
const longest = 45_000

const thisTree = new URL('../../', import.meta.url)

export interface RunningServer {
  issuer: string
  environment: Record<string, string>
  dataDir: string
  /** Everything it printed. */
  output(): string
  /** The same durable store through the same services, in this process. */
  services(): Promise<Services>
  pid(): number
  kill(signal: 'SIGINT' | 'SIGKILL'): Promise<number | null>
  /** Starts it again on the same stores, after `kill`. */
  restart(): Promise<void>
}

/** The services of a version: those of these files are loaded already. */
async function servicesOf(tree: URL): Promise<(environment: Record<string, string>) => Promise<Services>> {
  if (tree === thisTree) return (environment) => openServices(readSettings(environment), Date.now)
  const load = (file: string): Promise<object> => import(new URL(file, tree).href)
  const theirs = { ...(await load('src/services.ts')), ...(await load('src/config/settings.ts')) }
  const { openHouse: open, readSettings: read } = theirs as {
    openHouse: typeof openServices
    readSettings: typeof readSettings
  }
  return (environment) => open(read(environment), Date.now)
}

let usual: Promise<RunningServer> | undefined

/**
 * One server for all files of a worker that neither stop it nor change it, and look only at people and portals of their own.
 * One address may try there as often as it likes; it ends with the worker.
 */
export function usualServer(): Promise<RunningServer> {
  usual ??= begin({ YIDENG_ADDRESS_TRIES: '100000' }, thisTree, (end) => {
    process.once('exit', end)
    process.once('SIGTERM', () => process.exit()) // how vitest ends a worker
  })
  return usual
}

/**
 * Starts the real server under plain Node.js, on a port and in directories of its own; stopped after the file's tests.
 * @param tree the files of another version, to be run instead of these
 */
export const startServer = (settings: Record<string, string> = {}, tree = thisTree): Promise<RunningServer> =>
  begin(settings, tree, afterFile)

async function begin(
  settings: Record<string, string>,
  tree: URL,
  atEnd: (end: () => void) => void,
): Promise<RunningServer> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-server-'))
  const port = await freePort()
  const keysDir = join(directory, 'keys')
  const environment: Record<string, string> = {
    PORT: String(port),
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: keysDir,
    YIDENG_LOG_LEVEL: 'info',
    ...(await serverStores()),
    ...settings,
  }
  if (!environment['YIDENG_DATABASE_URL']) laySigningKeys(keysDir)
  let output = ''
  let child: ChildProcess | undefined

  atEnd(() => {
    child?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 }) // it may be writing its last file
  })

  /** Until it says that it listens. */
  async function run(): Promise<void> {
    const started = spawn(process.execPath, [new URL('bin/server.mjs', tree).pathname], {
      env: { PATH: process.env['PATH'], ...environment },
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

  const kill = (signal: 'SIGINT' | 'SIGKILL') =>
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
      const services = await (await servicesOf(tree))(environment)
      afterFile(() => services.close())
      return services
    },
    pid: () => child?.pid ?? 0,
    kill,
    restart: run,
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

/** Asks again and again, for as long as a busy machine may need. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + longest
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${longest / 1000} seconds for nothing`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
