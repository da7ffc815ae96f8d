import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commandList } from '../../src/admin/commands.ts'
import { afterFile } from '../setup/after-file.ts'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { commandLine } from './in-process.ts'
import type { Ended, SetUp } from './run-every-command.ts'

const program = fileURLToPath(new URL('run-every-command.ts', import.meta.url))
/** After its last command the process may only wait for one last event of a second (events.ts). */
const maxEndMs = 5000
const maxSilenceMs = 60_000

/** Runs every command on every set-up in one process. The process is killed where it does not end by itself. */
function runEvery(setUps: SetUp[]): Promise<{ answers: Ended[]; code: number | null; endMs: number }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify(setUps))
  let text = ''
  let last = performance.now()
  let stuck: NodeJS.Timeout | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    last = performance.now()
    clearTimeout(stuck)
    stuck = setTimeout(() => child.kill('SIGKILL'), maxSilenceMs)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(stuck)
      const answers = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Ended)
      resolve({ answers, code, endMs: performance.now() - last })
    })
  })
}

/** A port that accepts connections and never answers. */
function silentPort(): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  afterFile(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

/** A store with the keys of another one. */
async function otherKeys(databaseUrl?: string): Promise<Record<string, string>> {
  const environment = databaseUrl === undefined ? {} : { YIDENG_DATABASE_URL: databaseUrl }
  const line = commandLine({ environment })
  await line.json('client', 'list')
  return { ...line.environment, YIDENG_KEYS_DIR: commandLine().environment['YIDENG_KEYS_DIR'] ?? '' }
}

const standard = () => commandLine().environment
const postgresAt = (port: number) => `postgres://a:b@127.0.0.1:${port}/c`
const needsServers = cannotRun('PostgreSQL') || cannotRun('Redis')

interface Case {
  name: string
  /** Whether the commands that open a store must fail. */
  fails: boolean
  skip?: boolean
  atOnce?: number
  make(): Promise<Record<string, string>>
}

const cases: Case[] = [
  { name: 'nothing is wrong', fails: false, make: async () => standard() },
  { name: 'keys of another SQLite store', fails: true, make: () => otherKeys() },
  {
    name: 'keys of another PostgreSQL store',
    fails: true,
    skip: needsServers,
    make: async () => otherKeys(await makePostgres()),
  },
  {
    name: 'keys of another PostgreSQL store, with Redis',
    fails: true,
    skip: needsServers,
    make: async () => ({
      ...(await otherKeys(await makePostgres())),
      YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}`,
    }),
  },
  {
    name: 'Redis is unavailable',
    fails: false,
    make: async () => ({ ...standard(), YIDENG_REDIS_URL: 'redis://127.0.0.1:9' }),
  },
  {
    name: 'Redis is silent',
    fails: false,
    atOnce: 12,
    make: async () => ({ ...standard(), YIDENG_REDIS_URL: `redis://127.0.0.1:${await silentPort()}` }),
  },
  {
    name: 'PostgreSQL is unavailable',
    fails: true,
    make: async () => ({ ...standard(), YIDENG_DATABASE_URL: postgresAt(9) }),
  },
  {
    name: 'PostgreSQL is silent',
    fails: true,
    atOnce: 80,
    make: async () => ({ ...standard(), YIDENG_DATABASE_URL: postgresAt(await silentPort()) }),
  },
  {
    name: 'data.json is not JSON',
    fails: true,
    make: async () => {
      const environment = standard()
      writeFileSync(join(environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), 'no JSON', { mode: 0o600 })
      return environment
    },
  },
  {
    name: 'the store is not a SQLite file',
    fails: true,
    make: async () => {
      const environment = standard()
      mkdirSync(environment['YIDENG_DATA_DIR'] ?? '')
      writeFileSync(join(environment['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite'), 'no store '.repeat(1000))
      return environment
    },
  },
  {
    name: 'the data directory is a file',
    fails: true,
    make: async () => {
      const environment = standard()
      writeFileSync(environment['YIDENG_DATA_DIR'] ?? '', '')
      return environment
    },
  },
]

/** Commands that open no store, or report its fault themselves. */
const opensNoStore = /^(completion|doctor|client check|keys export|backup|restore)/

/** One test: the directories of the set-ups are removed when a test ends. */
it('every command ends with one sentence, on every set-up, and leaves nothing open', { timeout: 300_000 }, async () => {
  const setUps: SetUp[] = []
  for (const { name, atOnce = 1, skip, make } of cases) {
    if (skip) continue
    setUps.push({ name, atOnce, file: join(temporaryDirectory(), 'a-file'), environment: await make() })
  }
  const { answers, code: exitCode, endMs } = await runEvery(setUps)
  for (const { name, fails, skip } of cases) {
    if (skip) continue
    const own = answers.filter(({ setUp }) => setUp === name)
    expect(own, name).toHaveLength(commandList.length)
    for (const { command, code, ms, out, err } of own) {
      const what = `${name}: ${command}: ${out}${err}`
      expect(ms, what).toBeLessThan(20_000)
      expect([0, 1, 2, 3], what).toContain(code)
      // neither a stack nor silence
      expect(err, what).not.toMatch(/\n\s+at /)
      if (code !== 0) expect(err, what).toMatch(/\S/)
      if (fails && !opensNoStore.test(command)) expect(code, what).not.toBe(0)
      if (code === 1) expect(err.trim().split('\n').length, what).toBeLessThanOrEqual(2)
    }
  }
  const ended = { exitCode, inTime: endMs < maxEndMs }
  expect(ended, `${endMs} ms after its last command`).toEqual({ exitCode: 0, inTime: true })
})
