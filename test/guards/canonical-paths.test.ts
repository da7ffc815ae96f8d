import { connect } from 'node:net'
import { beforeAll, expect, it } from 'vitest'
import { createKnownPaths } from '../../src/guards/canonical-paths.ts'
import { protocolRoutes } from '../hostile/requests.ts'
import { routeOf, routesOf, type Route } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let routes: Route[]

beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_ADDRESS_REQUESTS: '1000000', YIDENG_SMS: 'console' })
  const { pages, programs } = routesOf(server)
  const device = [
    ['GET', '/device'],
    ['POST', '/device'],
    ['POST', '/device_authorization'],
    ['GET', '/device/:uid'],
    ['GET', '/logout/success'],
    ['GET', '/.well-known/oauth-authorization-server'],
  ]
  routes = [
    ...pages,
    ...programs,
    ...[...protocolRoutes, ...device].map(([method, path]) => routeOf(`${method} ${path}`)),
  ]
  expect(routes.length).toBeGreaterThan(100)
})

/** Sends raw bytes; returns status and text of the response. */
function raw(bytes: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(server.environment['PORT']), '127.0.0.1', () => socket.write(bytes, 'latin1'))
    let text = ''
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer to ${bytes}`)))
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    socket.on('error', reject)
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]), text }))
  })
}

const ask = (method: string, target: string, headers: string[] = [`Host: ${new URL(server.issuer).host}`]) =>
  raw(
    [
      `${method} ${target} HTTP/1.1`,
      ...headers,
      'Accept: application/json',
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 0',
      'Connection: close',
      '',
      '',
    ].join('\r\n'),
  )

/** A missing file, an upstream that is not in the settings, and routes that oidc-provider answers only when enabled. */
const notAnswered = /:(file|secret)$|\/upstream\/:id\/|^POST \/(authorize|logout)$/

const encoded = (character: string) => `%${character.charCodeAt(0).toString(16)}`

/** Other spellings that a parser may treat as the same path. */
function spellings({ path }: Route, others: ReadonlySet<string>): string[] {
  const segments = path.split('/').slice(1)
  const filled = (parts: string[]) => `/${parts.map((part) => part.replace(/^:\w+/, 'x')).join('/')}`
  const right = filled(segments)
  const inCase = segments.flatMap((segment, index) => {
    // next to a parameter, another case is a value of it
    const beside = `/${[...segments.slice(0, index), ':'].join('/')}`
    if (segment === '' || segment.startsWith(':') || others.has(beside)) return []
    const changed = [segment.toUpperCase(), segment.replace(/[a-z]/, (letter) => letter.toUpperCase())]
    return changed.map((one) => filled([...segments.slice(0, index), one, ...segments.slice(index + 1)]))
  })
  const letter = /[a-z]/.exec(right)?.[0] ?? ''
  const ends = ['/', '//', '/.', '/..', ';', ';a=b', '%00', '%20', '%2f', '\\', '/%2e', '.%2e', '\u00a0', '\u00e4']
  return [
    ...inCase,
    ...ends.map((end) => right + end),
    `/${right}`,
    `/.${right}`,
    `/x/..${right}`,
    `/%2e${right}`,
    `\\${right.slice(1)}`,
    right.replaceAll('/', '%2f').replace('%2f', '/'),
    right.replace(letter, encoded(letter)),
    right.replace(letter, encoded(letter).toUpperCase()),
  ].filter((one) => one !== right && !(right === '/' && /^\/?$/.test(one)))
}

it('answers no route under another spelling of its path', async () => {
  const others = new Set(
    routes.flatMap(({ path }) =>
      path
        .split('/')
        .flatMap((segment, index, all) => (segment.startsWith(':') ? [[...all.slice(0, index), ':'].join('/')] : [])),
    ),
  )
  let asked = 0
  for (const route of routes) {
    const answers = await Promise.all(
      spellings(route, others).map(async (one) => ({ one, ...(await ask(route.method, one)) })),
    )
    for (const { one, status, text } of answers) {
      asked += 1
      // no leading slash, or not ASCII: not a path
      const isPath = /^\/[!-~]*$/.test(one)
      expect(status, `${route.method} ${one}`).toBeOneOf(isPath ? [404] : [400, 404])
      if (route.method !== 'HEAD') expect(text, one).toMatch(/"error":"(not_found|bad_request)"|^HTTP\/1.1 400/)
    }
  }
  expect(asked).toBeGreaterThan(2000)
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  const counted = [...metrics.matchAll(/^yideng_http_requests_total\{method="\w+",route="([^"]*)",status="404"\}/gm)]
  expect(new Set(counted.map(([, route]) => route))).toEqual(new Set(['none']))
})

it('answers every route under its own spelling', async () => {
  for (const { method, path, at } of routes.filter((route) => !notAnswered.test(`${route.method} ${route.path}`))) {
    const { text } = await ask(method, at('x'))
    expect(text, path).not.toContain('"error":"not_found"')
  }
})

it('reads a literal segment in another case as a value of the parameter', async () => {
  expect((await ask('GET', '/recover/DONE')).text).toContain('"error":"recovery_gone"')
  expect((await ask('GET', '/recover/done')).text).toContain('"error":"recovery_gone"')
  expect((await ask('GET', '/recover/New-Password')).status).toBe(400)
})

it('knows a path in its exact spelling, and parameters in any case', () => {
  const known = createKnownPaths(['/', '/a/:id', '/a/b/c', '/logout'])
  for (const path of ['/', '/a/b', '/a/B', '/a/1.x_y-z~', '/a/b/c', '/logout']) expect(known(path), path).toBe(true)
  for (const path of [
    '',
    '/a',
    '/a/',
    '/A/b',
    '/a/b/',
    '/a//',
    '/a/..',
    '/a/.',
    '/a/b/C',
    '/a/%62',
    '/a/b;c',
    '/Logout',
  ])
    expect(known(path), path).toBe(false)
})

it('refuses two hosts and malformed targets on every path', async () => {
  const { host } = new URL(server.issuer)
  const hosts = [
    [`Host: ${host}`, `Host: ${host}`],
    [`Host: ${host}`, 'hOsT: evil.example'],
    ['Host: evil.example', `Host: ${host}`],
  ]
  for (const headers of hosts)
    for (const target of ['/healthz', '/authorize', '/token', '/', '/assets/x', '/nowhere'])
      expect((await ask('GET', target, headers)).status, target).toBe(400)
  const targets = [
    '*',
    'device',
    'http://evil.example/device',
    `https://${host}/device`,
    '/device#x',
    '?x',
    '/device\u00a0#',
  ]
  for (const target of targets)
    for (const method of ['GET', 'OPTIONS', 'POST'])
      expect((await ask(method, target)).status, `${method} ${target}`).toBeOneOf([
        400,
        ...(target.startsWith('/device\u00a0') ? [404] : []),
      ])
})

it('accepts an absolute URL of our own as its path (RFC 9112 section 3.2.2)', async () => {
  expect((await ask('GET', `${server.issuer}/healthz`)).status).toBe(200)
  expect((await ask('GET', `${server.issuer}/HEALTHZ`)).status).toBe(404)
  expect((await ask('GET', `${server.issuer}/.well-known/openid-configuration`)).text).toContain(
    `"token_endpoint":"${server.issuer}/token"`,
  )
})
