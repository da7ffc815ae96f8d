import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { needs } from '../../src/http/readiness.ts'
import { cannotRun } from '../setup/parts.ts'
import { startServer, until, workersOf, type RunningServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { yideng } from '../portals/yideng.ts'

const missing = async (server: RunningServer) => {
  const answer = await fetch(`${server.issuer}/readyz`)
  const { missing: names = [] } = (await answer.json()) as { missing?: string[] }
  return `${answer.status} ${names.join(' ')}`
}
const becomes = (server: RunningServer, answer: string) => until(async () => (await missing(server)) === answer)
const series = async (server: RunningServer, name: string) => {
  const text = await (await fetch(`${server.issuer}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1),
  )
}

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('a machine of several', () => {
  it('with a wrong clock refuses all until it is right, and does not start', async () => {
    const server = await startServer({ ...(await scaleOut()), YIDENG_CLOCK_SECONDS: '5' })
    await becomes(server, '200 ')
    for (const need of needs) expect(await series(server, `yideng_ready{need="${need}"}`)).toBe(1)
    for (const minutes of [10, -10]) {
      await server.forward(minutes * 60_000)
      await becomes(server, '503 clock')
      expect(Math.round((await series(server, 'yideng_clock_offset_seconds')) / 60)).toBe(minutes)
      expect(await series(server, 'yideng_ready{need="clock"}')).toBe(0)
      for (const path of ['/', '/jwks', '/.well-known/openid-configuration', '/token', '/login/x/password']) {
        const refused = await fetch(server.issuer + path, { redirect: 'manual' })
        expect([path, refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([path, 503, true])
      }
      await server.forward(-minutes * 60_000)
      await becomes(server, '200 ')
    }
    expect((await fetch(server.issuer)).status).toBe(200)
    await server.kill('SIGINT')
    await server.forward(10 * 60_000)
    await expect(server.restart()).rejects.toThrow(/600 seconds ahead of PostgreSQL/)
  })

  it('that lacks a key of the store refuses all until it has it', async () => {
    const keysDir = join(temporaryDirectory(), 'keys')
    const shared = await scaleOut()
    const one = await startServer(shared)
    mkdirSync(keysDir, { mode: 0o700 })
    const copy = () =>
      copyFileSync(join(one.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), join(keysDir, 'data.json'))
    copy()
    const other = await startServer({ ...shared, YIDENG_KEYS_DIR: keysDir })
    await becomes(other, '200 ')
    const rotate = ['keys', 'rotate', '--kind', 'index'] as const
    await until(async () => {
      try {
        yideng(one, ...rotate, '--prepare')
        yideng(one, ...rotate)
      } catch (error) {
        return String(error).includes('lacks i2')
      }
      throw new Error('the key was used while a machine lacks it')
    })
    expect(await missing(other)).toBe('200 ')
    const before = readFileSync(join(keysDir, 'data.json'))
    copy()
    yideng(one, ...rotate, '--wait')
    expect(await missing(other)).toBe('200 ')
    writeFileSync(join(keysDir, 'data.json'), before)
    await becomes(other, '503 keys')
    expect((await fetch(other.issuer)).status).toBe(503)
    expect(await missing(one)).toBe('200 ')
    copy()
    await becomes(other, '200 ')
    expect((await fetch(other.issuer)).status).toBe(200)
  })
})

describe('SIGTERM', () => {
  it('makes /readyz 503 first, and each answer the last of its connection', async () => {
    const server = await startServer({ YIDENG_DRAIN_SECONDS: '3' })
    await becomes(server, '200 ')
    const ended = server.kill('SIGTERM')
    await becomes(server, '503 stopping')
    const header = await new Promise((resolve, reject) => {
      const asked = request(`${server.issuer}/`, { agent: false, headers: { connection: 'keep-alive' } }, (answer) => {
        answer.resume()
        resolve([answer.statusCode, answer.headers.connection])
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(header).toEqual([200, 'close'])
    expect(await ended).toBe(0)
    await expect(fetch(`${server.issuer}/healthz`)).rejects.toBeDefined()
  })
})

it('a server process that hangs is killed with its number in the log, and replaced', async () => {
  const server = await startServer({ YIDENG_WORKERS: '2' })
  const children = async () => {
    // the hung process may have taken the connection
    const text = await fetch(`${server.issuer}/metrics`).then((answer) => answer.text(), String)
    return Number(/yideng_server_processes\{state="answering"\} (\d+)/.exec(text)?.[1])
  }
  await until(async () => (await children()) === 2)
  const hung = Math.min(...workersOf(server)) // the first, which listens
  process.kill(hung, 'SIGSTOP')
  await until(async () => server.output().includes('hangs: it is killed'))
  expect(server.output()).toContain(`"worker":${hung}`)
  await until(async () => (await children()) === 2)
})
