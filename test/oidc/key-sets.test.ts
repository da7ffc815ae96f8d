import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Services } from '../../src/services.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let services: Services
let moved = 0
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

const forward = async (seconds: number) => {
  moved += seconds
  await server.forward(seconds * 1000)
}

function makeKey(kid: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, publicKey }
}
type Key = ReturnType<typeof makeKey>

/** A portal whose key set is at an address, with the answer of the moment. */
async function portal(first: Key) {
  const state = {
    keys: [first],
    fetches: 0,
    headers: {} as Record<string, string>,
    answer: undefined as ((to: ServerResponse) => void) | undefined,
  }
  const web = createServer(async (_request, response) => {
    state.fetches += 1
    if (state.answer) return state.answer(response)
    const keys = await Promise.all(
      state.keys.map(async ({ kid, publicKey }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        alg: 'ES256',
        use: 'sig',
      })),
    )
    response.writeHead(200, state.headers).end(JSON.stringify({ keys }))
    return undefined
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    web.closeAllConnections()
    web.close()
  })
  const created = await services.clients.create(
    {
      name: `密钥 ${randomUUID().slice(0, 8)}`,
      type: 'service',
      redirect_uris: [],
      auth_method: 'private_key_jwt',
      jwks_uri: `http://127.0.0.1:${(web.address() as AddressInfo).port}/jwks`,
    },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const { id } = created.client
  const assertion = (kid: string, key: KeyObject) => {
    const now = Math.floor(Date.now() / 1000) + moved
    return new SignJWT({ iss: id, sub: id, aud: server.issuer, exp: now + 60, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(key)
  }
  return {
    id,
    state,
    /** Authenticates with this key. Returns true when it is accepted. */
    async enters({ kid, privateKey }: Key): Promise<boolean> {
      const body = new URLSearchParams({
        token: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(kid, privateKey),
      })
      const answer = await fetch(`${server.issuer}/introspect`, { method: 'POST', body })
      const { error } = (await answer.json()) as { error?: string }
      if (error) expect([answer.status, error]).toEqual([401, 'invalid_client'])
      return error === undefined
    },
  }
}

it.each(['', 'max-age=60', 'max-age=31536000', 'no-store', 'max-age=0'])(
  'a new key is known after a minute, and a removed one forgotten within ten: %j',
  async (cache) => {
    const [old, young] = [makeKey('old'), makeKey('young')]
    const { state, enters } = await portal(old)
    state.headers = { 'cache-control': cache }
    expect(await enters(old)).toBe(true)
    expect(await enters(old)).toBe(true)
    expect(state.fetches).toBe(1)
    state.keys = [old, young]
    await forward(61)
    expect(await enters(young)).toBe(true)
    state.keys = [young]
    await forward(601)
    expect(await enters(old)).toBe(false)
    expect(await enters(young)).toBe(true)
  },
)

it.each([
  { 'cache-control': '' },
  { 'cache-control': 'max-age=0' },
  { 'cache-control': 'no-store' },
  { 'cache-control': 'no-store, max-age=86400' },
  { 'cache-control': 'max-age=86400, no-cache' },
  { 'cache-control': 'No-Cache="set-cookie", MAX-AGE=86400' },
  { 'cache-control': 'max-age=-1' },
  { 'cache-control': 's-maxage=86400' },
  { 'cache-control': 'max-age=600', age: '590' },
  { 'cache-control': 'max-age=0', expires: 'Fri, 01 Jan 2100 00:00:00 GMT' },
  { expires: '0' },
  { expires: 'Thu, 01 Jan 1970 00:00:00 GMT' },
])('a removed key is forgotten after a minute, where the answer is not to be kept: %j', async (headers) => {
  const [old, young] = [makeKey('old'), makeKey('young')]
  const { state, enters } = await portal(old)
  state.headers = headers
  expect(await enters(old)).toBe(true)
  state.keys = [young]
  await forward(61)
  expect(await enters(old)).toBe(false)
  expect(await enters(young)).toBe(true)
})

it.each([
  { 'cache-control': 'max-age=600' },
  { 'cache-control': 'public, Max-Age="600"' },
  { 'cache-control': 'max-age=99999999999999999999' },
  { 'cache-control': 'max-age=2600', age: '2000' },
  { 'cache-control': 'max-age=600', age: 'x', expires: '0' },
  { expires: 'Fri, 01 Jan 2100 00:00:00 GMT' },
])('a key set that stays fresh is fetched once: %j', async (headers) => {
  const key = makeKey('one')
  const { state, enters } = await portal(key)
  state.headers = headers
  expect(await enters(key)).toBe(true)
  await forward(300)
  expect(await enters(key)).toBe(true)
  expect(state.fetches).toBe(1)
  await forward(301)
  expect(await enters(key)).toBe(true)
  expect(state.fetches).toBe(2)
})

it('many assertions with unknown keys cost one fetch a minute', async () => {
  const [known, unknown] = [makeKey('known'), makeKey('unknown')]
  const { state, enters } = await portal(known)
  await Promise.all(Array.from({ length: 10 }, () => enters(unknown)))
  expect(await enters(unknown)).toBe(false)
  expect(state.fetches).toBe(1)
  await forward(61)
  await Promise.all(Array.from({ length: 10 }, () => enters(unknown)))
  expect(state.fetches).toBe(2)
  expect(await enters(known)).toBe(true)
})

it.each<[string, (to: ServerResponse) => void]>([
  ['404', (to) => void to.writeHead(404).end('{"keys":[]}')],
  ['500', (to) => void to.writeHead(500).end()],
  ['a redirect', (to) => void to.writeHead(302, { location: '/elsewhere' }).end()],
  ['a page', (to) => void to.end('<html>')],
  ['no keys', (to) => void to.end('{}')],
  ['keys of another type', (to) => void to.end('{"keys":"x"}')],
  ['null', (to) => void to.end('null')],
  ['a megabyte', (to) => void to.end(' '.repeat(1_000_000))],
  ['a cut answer', (to) => to.writeHead(200, { 'content-length': '99' }).flushHeaders()],
  ['a reset', (to) => void to.destroy()],
])(
  '%s: invalid_client and a line in the log; the next good answer counts',
  { timeout: 20_000 },
  async (_what, answer) => {
    const key = makeKey('one')
    const { id, state, enters } = await portal(key)
    state.answer = answer
    expect(await enters(key)).toBe(false)
    await expect
      .poll(() => server.output())
      .toMatch(new RegExp(`"client":"${id}".*the key set of a portal could not be fetched`))
    state.answer = undefined
    await forward(6)
    expect(await enters(key)).toBe(true)
  },
)

it('a portal that never answers does not delay another', { timeout: 20_000 }, async () => {
  const [slow, quick] = [await portal(makeKey('slow')), await portal(makeKey('quick'))]
  slow.state.answer = () => undefined
  const waiting = Array.from({ length: 20 }, () => slow.enters(makeKey('slow')))
  const began = performance.now()
  const key = makeKey('other')
  quick.state.keys = [key]
  expect(await quick.enters(key)).toBe(true)
  expect(performance.now() - began).toBeLessThan(1500)
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => false))
  expect(slow.state.fetches).toBe(1)
})
