import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commands } from '../../src/admin/commands.ts'
import { afterFile } from '../setup/after-file.ts'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { commandLine } from './in-process.ts'

interface Ended {
  command: string
  code: number
  ms: number
  out: string
  err: string
}

const program = fileURLToPath(new URL('run-every-command.ts', import.meta.url))
/** After its last command a process has nothing to wait for, but for last words of a second (events.ts). */
const mostToEndMs = 5000

/** Every command on a set-up, in one process, which is killed where it does not end by itself. */
function runEvery(
  environment: Record<string, string>,
): Promise<{ answers: Ended[]; code: number | null; endMs: number }> {
  const file = join(temporaryDirectory(), 'a-file')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: { PATH: process.env['PATH'], TEST_FILE: file, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  let last = performance.now()
  let stuck: NodeJS.Timeout | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    last = performance.now()
    clearTimeout(stuck)
    stuck = setTimeout(() => child.kill('SIGKILL'), 30_000)
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

/** Whoever connects is never answered. */
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

async function ofOthers(databaseUrl?: string): Promise<Record<string, string>> {
  const environment = databaseUrl === undefined ? {} : { YIDENG_DATABASE_URL: databaseUrl }
  const line = commandLine({ environment })
  await line.json('client', 'list')
  return { ...line.environment, YIDENG_KEYS_DIR: commandLine().environment['YIDENG_KEYS_DIR'] ?? '' }
}

const usual = () => commandLine().environment
const postgresAt = (port: number) => `postgres://a:b@127.0.0.1:${port}/c`
const needsServers = cannotRun('PostgreSQL') || cannotRun('Redis')

const setUps: { name: string; fails: boolean; skip?: boolean; make(): Promise<Record<string, string>> }[] = [
  { name: 'nothing is wrong', fails: false, make: async () => usual() },
  { name: 'keys of another SQLite store', fails: true, make: () => ofOthers() },
  {
    name: 'keys of another PostgreSQL store',
    fails: true,
    skip: needsServers,
    make: async () => ofOthers(await makePostgres()),
  },
  {
    name: 'keys of another PostgreSQL store, with Redis',
    fails: true,
    skip: needsServers,
    make: async () => ({
      ...(await ofOthers(await makePostgres())),
      YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}`,
    }),
  },
  { name: 'Redis away', fails: false, make: async () => ({ ...usual(), YIDENG_REDIS_URL: 'redis://127.0.0.1:9' }) },
  {
    name: 'Redis silent',
    fails: false,
    make: async () => ({ ...usual(), YIDENG_REDIS_URL: `redis://127.0.0.1:${await silentPort()}`, TEST_AT_ONCE: '12' }),
  },
  { name: 'PostgreSQL away', fails: true, make: async () => ({ ...usual(), YIDENG_DATABASE_URL: postgresAt(9) }) },
  {
    name: 'PostgreSQL silent',
    fails: true,
    make: async () => ({ ...usual(), YIDENG_DATABASE_URL: postgresAt(await silentPort()), TEST_AT_ONCE: '80' }),
  },
  {
    name: 'a data.json that is none',
    fails: true,
    make: async () => {
      const environment = usual()
      writeFileSync(join(environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), 'no JSON', { mode: 0o600 })
      return environment
    },
  },
  {
    name: 'a store that is none',
    fails: true,
    make: async () => {
      const environment = usual()
      mkdirSync(environment['YIDENG_DATA_DIR'] ?? '')
      writeFileSync(join(environment['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite'), 'no store '.repeat(1000))
      return environment
    },
  },
  {
    name: 'a data directory that is a file',
    fails: true,
    make: async () => {
      const environment = usual()
      writeFileSync(environment['YIDENG_DATA_DIR'] ?? '', '')
      return environment
    },
  },
]

/** Those that open no store, or say of themselves what is wrong with it. */
const opensNothing = /^(completion|doctor|client check|keys export|backup|restore)/

for (const { name, fails, skip, make } of setUps) {
  it.skipIf(skip === true)(`every command ends, with one sentence: ${name}`, { timeout: 300_000 }, async () => {
    const { answers, code, endMs } = await runEvery(await make())
    expect(answers.map(({ command }) => command).toSorted()).toHaveLength(commands.length)
    expect({ code, inTime: endMs < mostToEndMs }, `${endMs} ms after its last command`).toEqual({
      code: 0,
      inTime: true,
    })
    for (const answer of answers) {
      const { command, err, ms } = answer
      expect(ms, command).toBeLessThan(20_000)
      expect([0, 1, 2, 3], command).toContain(answer.code)
      // a stack, or nothing at all, is no sentence
      expect(err, command).not.toMatch(/\n\s+at /)
      if (answer.code !== 0) expect(err, command).toMatch(/\S/)
      if (fails && !opensNothing.test(command)) expect(answer.code, `${command}: ${answer.out}`).not.toBe(0)
      if (answer.code === 1) expect(err.trim().split('\n').length, `${command}: ${err}`).toBeLessThanOrEqual(2)
    }
  })
}
