import { existsSync, globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { inLongRun } from '../setup/long-run.ts'
import { cannotRun } from '../setup/parts.ts'
import { startServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { ofOldPortals } from './of-old-portals.ts'
import { ofPeople } from './of-people.ts'
import { ofTheProtocol } from './of-the-protocol.ts'
import { atOnce, type World } from './things.ts'

const oneTimeThings = [...ofTheProtocol, ...ofOldPortals, ...ofPeople]

const stores = [
  { name: 'the embedded stores', there: true, settings: async () => ({}) },
  {
    name: 'PostgreSQL and Redis',
    there: !cannotRun('PostgreSQL') && !cannotRun('Redis'),
    settings: scaleOut,
  },
]

/** Files whose one-time things need a vendor, a second account or a gateway: each with the test of it. */
const elsewhere: Record<string, string> = {
  'login/sealed-artifacts.ts': 'test/login/methods/channel/networks-and-stores.test.ts',
  // logout tokens, and the way on after a sign-out at an upstream
  'sessions/upstream-sessions.ts': 'test/http/upstream-logout.test.ts',
  'oidc/upstream-sign-out.ts': 'test/http/upstream-logout.test.ts',
  // a portal sends a browser on once in a login
  'login/methods/upstream/straight.ts': 'test/login/methods/upstream/cities.test.ts',
  // a certificate has to sign first
  'login/methods/certificate/challenge.ts': 'test/login/methods/certificate/challenge.test.ts',
  'channels/phone-tickets.ts': 'test/login/phone-from-channel.test.ts',
  // a lock of one process at a time
  'channels/wechat-token.ts': 'test/channels/wechat-token.test.ts',
  'guards/phone-codes/one-tap-proofs.ts': 'test/guards/phone-codes/one-tap.test.ts',
  'guards/phone-codes/text-receipts.ts': 'test/guards/phone-codes/receipts.test.ts',
  'account-centre/merging-room.ts': 'test/account-centre/merging-room.test.ts',
}

describe.each(stores.filter(({ there }) => there))('on $name, two workers', ({ settings }) => {
  let world: World

  beforeAll(async () => {
    const server = await startServer({
      YIDENG_WORKERS: '2',
      YIDENG_ADDRESS_TRIES: '100000',
      YIDENG_ADDRESS_REGISTRATIONS: '100000',
      YIDENG_QR_ADDRESS_CREATIONS: '100000',
      ...(await settings()),
    })
    world = { server, services: await server.services() }
  })

  it.each(oneTimeThings)('$what', async ({ prepare, orNone, rounds = 1 }) => {
    for (let round = 0; round < inLongRun(1, rounds); round += 1) {
      const { use, after } = await prepare(world)
      const succeeded = await Promise.all(Array.from({ length: atOnce }, (_, turn) => use(turn)))
      const many = succeeded.filter(Boolean).length
      expect(orNone ? [0, 1] : [1], `round ${round}: ${many} successes`).toContain(many)
      await after?.()
    }
  })
})

it('every file that takes from the artifact store, or adds to it, is in the list', () => {
  // Limits, counters, the memory of ended logins, and sessions that change their id: none of them is one-time.
  const counting = [
    'login/methods/face/face-limits.ts',
    'guards/tries.ts',
    'login/methods/password/spray-throttle.ts',
    // one notice a day
    'login/methods/otp/check-code.ts',
    'oidc/went-on.ts',
    'http/same-form.ts',
    'sessions/rows.ts',
    // new recovery codes are shown once; they count whether or not they were seen
    'account-centre/session-memory.ts',
  ]
  const listed = new Set([...oneTimeThings.map(({ where }) => where), ...counting, ...Object.keys(elsewhere)])
  expect(Object.values(elsewhere).filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([])
  const root = new URL('../../src/', import.meta.url).pathname
  const taking = globSync('**/*.ts', { cwd: root })
    .filter((file) => !file.startsWith('storage/'))
    .filter((file) => /artifacts\s*\.(?:take|add)\(/.test(readFileSync(root + file, 'utf8')))
  expect(taking.filter((file) => !listed.has(file))).toEqual([])
  expect([...listed].filter((file) => !existsSync(root + file))).toEqual([])
})
