import { request } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import { forwardedAddress, networksOf } from '../../src/config/address-networks.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

const issuer = 'https://login.test'
/** Behind a proxy that ends TLS, with and without YIDENG_TRUST_PROXY; and without a proxy. */
let trusting: RunningServer
let plain: RunningServer
let direct: RunningServer

beforeAll(async () => {
  trusting = await startServer({ YIDENG_ISSUER: issuer, YIDENG_TRUST_PROXY: 'true' })
  plain = await startServer({ YIDENG_ISSUER: issuer })
  direct = await startServer()
})

interface Answer {
  status: number | undefined
  location: string | undefined
  cookies: string[]
  text: string
}

/** Asks as a proxy does; fetch would set its own Host. */
const ask = (server: RunningServer, headers: Record<string, string>, path = '/') =>
  new Promise<Answer>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: server.environment['PORT'],
      path,
      agent: false,
      headers: { accept: 'text/html', ...headers },
    }
    request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          location: response.headers.location,
          cookies: (response.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] ?? ''),
          text,
        }),
      )
    })
      .on('error', reject)
      .end()
  })

/** What real proxies send for a browser at https://login.test. */
const proxies: [what: string, headers: Record<string, string>][] = [
  ['nginx, Host $host', { host: 'login.test' }],
  ['nginx, Host $host:$server_port', { host: 'login.test:443' }],
  ['nginx, Host $host:$server_port behind a balancer that ends TLS', { host: 'login.test:80' }],
  ['nginx as it comes, the name of the upstream', { host: 'yideng' }],
  ['Apache as it comes', { host: '10.0.0.11:3000', 'x-forwarded-host': 'login.test', 'x-forwarded-server': 'web1' }],
  ['Apache after another proxy', { host: '10.0.0.11:3000', 'x-forwarded-host': 'login.test, inner.test' }],
  ['HAProxy', { host: 'login.test', 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' }],
  ['HAProxy, HTTP/2 to the browser, with the port', { host: 'LOGIN.TEST:443', 'x-forwarded-proto': 'https' }],
  [
    'Traefik',
    { host: 'login.test', 'x-forwarded-host': 'login.test', 'x-forwarded-port': '443', 'x-real-ip': '192.0.2.1' },
  ],
  ['Caddy', { host: 'login.test', 'x-forwarded-host': 'login.test', 'x-forwarded-for': '192.0.2.1' }],
  [
    'Azure Application Gateway',
    { host: '10.0.0.11', 'x-original-host': 'login.test', 'x-forwarded-for': '192.0.2.1:5012' },
  ],
  ['Azure Front Door', { host: 'yideng.azurewebsites.net', 'x-forwarded-host': 'login.test' }],
  ['IIS with ARR', { host: 'localhost:3000', 'x-forwarded-for': '192.0.2.1:5012', 'x-arr-ssl': '2048|256' }],
  ['F5 BIG-IP', { host: 'login.test', 'x-forwarded-for': '192.0.2.1' }],
  ['Forwarded (RFC 7239)', { host: 'backend', forwarded: 'for=192.0.2.1;host=login.test;proto=https' }],
  ['Forwarded, quoted, with IPv6', { host: '[::1]:3000', forwarded: 'for="[2001:db8::1]:47";host="login.test:443"' }],
  ['Forwarded, several hops', { host: 'inner', forwarded: 'host=login.test;proto=https, host=inner;proto=http' }],
  ['Forwarded, in capitals', { host: 'inner', forwarded: 'FOR=192.0.2.1; Host=LOGIN.TEST; Proto=HTTPS' }],
  ['two values of X-Forwarded-Proto', { host: 'login.test', 'x-forwarded-proto': 'https,http' }],
  ['X-Forwarded-Proto of the inner hop', { host: 'login.test', 'x-forwarded-proto': 'http' }],
  ['X-Forwarded-Port of the inner hop', { host: 'login.test', 'x-forwarded-port': '80' }],
  ['X-Forwarded-Port of another listener', { host: 'login.test', 'x-forwarded-port': '8443, 80' }],
  ['X-Forwarded-Host with the port', { host: '10.0.0.11:3000', 'x-forwarded-host': 'login.test:443' }],
  ['X-Forwarded-Host in capitals', { host: '10.0.0.11:3000', 'x-forwarded-host': 'LOGIN.TEST' }],
  ['X-Forwarded-Host with a final dot', { host: '10.0.0.11:3000', 'x-forwarded-host': 'login.test.' }],
  ['X-Forwarded-Host with another port', { host: '10.0.0.11:3000', 'x-forwarded-host': 'login.test:8443' }],
  ['X-Forwarded-Host, the last of several', { host: '10.0.0.11:3000', 'x-forwarded-host': 'cdn.test, login.test' }],
  ['X-Forwarded-Host without a value', { host: '10.0.0.11:3000', 'x-forwarded-host': ',' }],
  ['X-Forwarded-Host with a scheme', { host: '10.0.0.11:3000', 'x-forwarded-host': 'https://login.test' }],
  ['X-Forwarded-Prefix', { host: 'login.test', 'x-forwarded-prefix': '/sso' }],
  [
    'X-Original-URL and X-Rewrite-URL',
    { host: 'login.test', 'x-original-url': '/account', 'x-rewrite-url': '/account' },
  ],
  ['X-Original-* of ASP.NET', { host: 'localhost', 'x-original-host': 'login.test', 'x-original-proto': 'https' }],
  ['Front-End-Https', { host: 'login.test', 'front-end-https': 'on', 'x-forwarded-ssl': 'on' }],
  ['CloudFront', { host: 'd1.cloudfront.example', 'cloudfront-forwarded-proto': 'https' }],
  ['Cloudflare', { host: 'login.test', 'cf-connecting-ip': '192.0.2.1', 'cf-visitor': '{"scheme":"https"}' }],
  ['a name with an underscore', { host: 'yideng_backend:3000' }],
  ['an address of IPv6', { host: '[fd00::1]:3000' }],
  ['a probe of Kubernetes', { host: '10.244.1.5:3000', 'user-agent': 'kube-probe/1.34' }],
  ['a port with a zero', { host: 'login.test:0443' }],
  ['a colon without a port', { host: 'login.test:' }],
  ['a Host without a value', { host: '' }],
  ['a proxy that keeps upper case', { host: 'Login.Test' }],
  ['a proxy that keeps a final dot', { host: 'login.test.' }],
  ['a final dot and the usual port', { host: 'LOGIN.test.:443' }],
]

describe('behind a proxy, no page is a redirect to itself', () => {
  it.each(proxies)('%s', async (_what, headers) => {
    for (const server of [trusting, plain]) {
      const first = await ask(server, headers)
      expect(first.status).toBe(200)
      expect(first.text).toContain('<html')
      const published = await ask(server, { ...headers, accept: '*/*' }, '/.well-known/openid-configuration')
      expect(JSON.parse(published.text)).toMatchObject({ issuer, token_endpoint: `${issuer}/token` })
    }
  })

  it('a browser at another name of the proxy comes to the issuer, once', async () => {
    const headers = { host: 'old.test', 'x-forwarded-host': 'old.test', 'x-forwarded-for': '192.0.2.1' }
    const first = await ask(trusting, headers, '/register')
    expect([first.status, first.location]).toEqual([302, `${issuer}/register`])
    const again = await ask(trusting, { ...headers, cookie: first.cookies.join('; ') }, '/register')
    expect(again.status).toBe(200)
  })

  it('the log says once which other Host came', async () => {
    for (let times = 0; times < 3; times += 1) await ask(plain, { host: 'upstream-name' })
    const lines = plain.output().split('\n')
    const told = lines.filter((line) => line.includes('another Host than that of YIDENG_ISSUER'))
    expect(told).toHaveLength(1)
  })
})

describe('without a proxy', () => {
  const port = () => String(direct.environment['PORT'])

  it('a browser at another name comes to the issuer, and is not sent twice', async () => {
    const headers = { host: `127.0.0.1:${port()}` }
    const first = await ask(direct, headers, '/register')
    expect([first.status, first.location]).toEqual([302, `${direct.issuer}/register`])
    // a browser that has this cookie was at the issuer: the redirect would lead to itself
    const again = await ask(direct, { ...headers, cookie: first.cookies.join('; ') }, '/register')
    expect(again.status).toBe(200)
  })

  it.each(['LOCALHOST', 'localhost.', 'LocalHost.'])('%s is the host localhost', async (name) => {
    expect((await ask(direct, { host: `${name}:${port()}` })).status).toBe(200)
  })

  it.each(['localhost', 'localhost.evil.example', 'evil.example', 'localhost@evil.example', 'localhost/x', ''])(
    '%j is not, and no address in an answer is of it',
    async (host) => {
      const { status, location = '', text } = await ask(direct, { host })
      expect([200, 302, 400]).toContain(status)
      expect(location).not.toContain('evil')
      expect(text).not.toContain('evil')
    },
  )
})

describe("the client's network behind each proxy", () => {
  it.each([
    ['192.0.2.1', '', '192.0.2.1'],
    ['192.0.2.1:5012', '', '192.0.2.1'],
    ['203.0.113.9, 192.0.2.1', '', '192.0.2.1'],
    ['203.0.113.9:1, 192.0.2.1:2', '', '192.0.2.1'],
    ['203.0.113.9,192.0.2.1 ', '', '192.0.2.1'],
    ['192.0.2.1, ', '', '192.0.2.1'],
    ['::ffff:192.0.2.1', '', '192.0.2.1'],
    ['[::FFFF:192.0.2.1]:443', '', '192.0.2.1'],
    ['2001:db8:1:2::3', '', '2001:db8:1:2/64'],
    ['2001:DB8:1:2::3', '', '2001:db8:1:2/64'],
    ['[2001:db8:1:2::3]', '', '2001:db8:1:2/64'],
    ['[2001:db8:1:2::3]:443', '', '2001:db8:1:2/64'],
    ['[2001:db8:1:2::3%eth0]:443', '', '2001:db8:1:2/64'],
    ['"[2001:db8:1:2::3]:443"', '', '2001:db8:1:2/64'],
    ['', 'for=192.0.2.1', '192.0.2.1'],
    ['', 'For="[2001:db8:1:2::3]:4711"', '2001:db8:1:2/64'],
    ['', 'for=203.0.113.9, for=192.0.2.1;proto=https;by=203.0.113.43', '192.0.2.1'],
    ['', 'proto=https;host=login.test;for="192.0.2.1:_port"', '192.0.2.1'],
    ['', 'for = 192.0.2.1 ; proto = https', '192.0.2.1'],
    ['', 'FOR=192.0.2.1;', '192.0.2.1'],
    ['', 'for=203.0.113.9, proto=https', '203.0.113.9'],
    ['', 'for="192.0.2.1", for="[2001:db8:1:2::3]"', '2001:db8:1:2/64'],
    // a client sends what it likes as Host, and a proxy quotes it
    ['', 'host="x;for=203.0.113.9";for=192.0.2.1', '192.0.2.1'],
    ['', 'host="x, for=203.0.113.9";for=192.0.2.1', '192.0.2.1'],
    ['', 'for=192.0.2.1;host="x\\", for=203.0.113.9"', '192.0.2.1'],
    ['', 'for="192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, unknown', '', 'unreadable'],
    ['192.0.2.1:', '', 'unreadable'],
    ['0x7f.1', '', 'unreadable'],
    ['2130706433', '', 'unreadable'],
    ['192.000.002.001', '', 'unreadable'],
    ['::ffff:c000:201', '', '192.0.2.1'],
    ['', 'for=_hidden', 'unreadable'],
    ['', 'for=unknown', 'unreadable'],
    ['192.0.2.1', 'for=203.0.113.9', '192.0.2.1'],
    ['anything', '', 'unreadable'],
  ])('X-Forwarded-For %j, Forwarded %j: %s', (xForwardedFor, forwarded, network) => {
    expect(networksOf(forwardedAddress({ xForwardedFor, forwarded }))[0]?.key).toBe(network)
  })

  it('is empty when no proxy names it', () => {
    expect(forwardedAddress({ xForwardedFor: ' ', forwarded: 'proto=https' })).toBe('')
  })
})
