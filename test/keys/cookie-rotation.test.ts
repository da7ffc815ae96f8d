import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCookieKeys, openCookieKeys } from '../../src/keys/cookie-keys.ts'
import { createFrames, frameKeysOf } from '../../src/login/methods/qr/code-frames.ts'
import { commandLine } from '../cli/in-process.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, until } from '../setup/server.ts'
import { makePostgres, scaleOut } from '../setup/stores.ts'
import { handClock } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'

const rotation = ['keys', 'rotate', '--kind', 'cookie']
const retirement = ['keys', 'retire', '--kind', 'cookie']
type Listed = { cookie: { kid: string; state: string }[] }

it('a new key is accepted a minute before it signs, an old key until its forms expire', async () => {
  const { clock, forward } = handClock()
  const { json, yideng, directory } = commandLine({ clock })
  const keysDir = join(directory, 'keys')
  const states = async () => (await json<Listed>('keys', 'list')).cookie.map(({ kid, state }) => [kid, state])
  const running = createCookieKeys(keysDir, clock)
  // Older versions wrote keys without ids.
  const file = join(keysDir, 'cookies.json')
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: string[] }
  writeFileSync(file, JSON.stringify({ keys }))
  expect(await states()).toEqual([['c1', 'signs']])
  const frames = createFrames(frameKeysOf(running, 300_000))
  const before = frames.sign({ id: 'A'.repeat(22), n: 1 })

  expect(await json(...rotation)).toMatchObject({ added: ['c2'] })
  running.refresh()
  expect((await yideng(...rotation)).err).toContain('A new key waits already')
  forward(59_999)
  const [old] = running.accepted()
  expect([old, running.accepted().length, running.nextUse()]).toEqual([keys[0], 2, clock() + 1])
  forward(1)
  expect([running.accepted()[1], running.accepted().length, running.nextUse()]).toEqual([old, 2, undefined])
  expect(await states()).toEqual([
    ['c2', 'signs'],
    ['c1', 'verifies'],
  ])
  const code = createFrames(frameKeysOf({ accepted: () => [keys[0] ?? ''] }, 0)).code('a')
  expect([frames.read(before)?.n, frames.codeHolds('a', code), frames.code('a') === code]).toEqual([1, true, false])
  forward(300_000)
  expect([frames.read(before), frames.codeHolds('a', code)]).toEqual([undefined, false])

  expect((await yideng(...retirement, 'c2')).err).toContain('This key signs')
  expect((await yideng(...retirement, 'c1')).err).toContain('It may be retired from')
  expect(await yideng(...retirement, 'c9')).toMatchObject({ code: 3 })
  expect((await yideng(...retirement, '--now')).err).toContain('Name the leaked key')
  forward(12 * 3_600_000)
  expect(await json(...retirement)).toEqual({ retired: ['c1'] })
  expect(openCookieKeys(keysDir).map(({ id }) => id)).toEqual(['c2'])
  expect(readFileSync(file, 'utf8')).not.toContain(old)
  expect(await json(...rotation)).toMatchObject({ added: ['c3'] })
  const events = await json<{ event: string; details: object }[]>('audit', 'list', '--event', 'keys')
  expect(events.map(({ event, details }) => [event, details])).toEqual([
    ['keys.rotated', { kind: 'cookie', keys: ['c3'], now: false }],
    ['keys.retired', { kind: 'cookie', keys: ['c1'], now: false }],
    ['keys.rotated', { kind: 'cookie', keys: ['c2'], now: false }],
  ])
})

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL and Redis', scaleOut],
]
describe.each(stores)('on %s', (name, environment) => {
  it.skipIf(name !== 'SQLite' && (cannotRun('PostgreSQL') || cannotRun('Redis')))(
    'servers follow: open forms still work, and people stay signed in even if the old key is retired immediately',
    async () => {
      const server = await startServer({ ...(await environment()), YIDENG_WORKERS: '2' })
      const person = await openPerson(await server.services())
      const line = commandLine({ environment: server.environment })
      const signedIn = new Visitor(server.issuer)
      await signIn(signedIn, await signedIn.get('/account'), person.phone)
      const home = async () => (await signedIn.get('/account')).html
      expect(await home()).toContain('/account/sessions')

      const tokenOf = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
      const visitor = new Visitor(server.issuer)
      const token = async () => tokenOf((await visitor.get('/register')).html)
      const old = await token()
      const post = async () => (await visitor.post('/register', { csrf: old })).status
      expect(await post()).not.toBe(403)

      expect(await line.json(...rotation, '--now')).toMatchObject({ added: ['c2'] })
      // The processes take connections in turn, so this reaches each of them.
      await until(async () => (await Promise.all(Array.from({ length: 8 }, token))).every((one) => one !== old))
      for (let turn = 0; turn < 8; turn += 1) expect(await post()).not.toBe(403)
      expect(await home()).toContain('/account/sessions')

      expect(await line.json(...retirement, 'c1', '--now')).toEqual({ retired: ['c1'] })
      await until(async () => (await Promise.all(Array.from({ length: 8 }, post))).every((status) => status === 403))
      expect(await home()).toContain('/account/sessions')
      expect(server.output()).not.toContain('"level":50')
    },
  )
})

it.skipIf(cannotRun('PostgreSQL'))(
  'machines on one store have the same cookie keys after a rotation on either',
  async () => {
    const one = commandLine({ environment: { YIDENG_DATABASE_URL: await makePostgres() } })
    await one.json('migrate')
    const directory = join(one.directory, 'elsewhere')
    mkdirSync(directory)
    copyFileSync(join(one.directory, 'keys', 'data.json'), join(directory, 'data.json'))
    const two = commandLine({ environment: { ...one.environment, YIDENG_KEYS_DIR: directory } })
    const kids = async (line: typeof one) => (await line.json<Listed>('keys', 'list')).cookie.map(({ kid }) => kid)
    expect(await kids(two)).toEqual(['c1'])
    await two.json(...rotation, '--now')
    await one.json(...rotation, '--now')
    for (const line of [two, one]) expect(await kids(line)).toEqual(['c3', 'c2', 'c1'])
    expect(openCookieKeys(directory)).toEqual(openCookieKeys(join(one.directory, 'keys')))
    await one.json(...retirement, 'c1', '--now')
    expect(await kids(two)).toEqual(['c3', 'c2'])
  },
)
