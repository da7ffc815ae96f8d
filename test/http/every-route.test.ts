import { request } from 'node:http'
import { beforeAll, expect, it } from 'vitest'
import { programEndpoints } from '../../src/oidc/program-endpoints.ts'
import { routesOf, type Route } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let pages: Route[]
let programs: Route[]

// https only by name: the test checks what it sends
beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_ISSUER: 'https://login.example' })
  ;({ pages, programs } = routesOf(server))
  expect(pages.length).toBeGreaterThan(30)
})

/** Sends the proxy's headers; fetch would not send a chosen Host. */
function ask(
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string>; from?: string } = {},
): Promise<Response> {
  const headers = { accept: 'application/json', host: 'login.example', ...init.headers }
  return new Promise((resolve, reject) => {
    const { method = 'GET', from: localAddress = '127.0.0.1' } = init
    request({ host: '127.0.0.1', port: server.environment['PORT'], localAddress, path, method, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const raw = Array.from({ length: answer.rawHeaders.length / 2 }, (_, index): [string, string] => [
          answer.rawHeaders[2 * index] ?? '',
          answer.rawHeaders[2 * index + 1] ?? '',
        ])
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0, headers: raw }))
      })
    })
      .on('error', reject)
      .end(init.body)
  })
}

it('accepts no form without the token of its page', async () => {
  const posts = pages.filter(({ method }) => method !== 'GET')
  expect(posts.length).toBeGreaterThan(15)
  for (const { path, at } of posts) {
    for (const body of ['', 'csrf=', `csrf=${'A'.repeat(43)}`]) {
      const answer = await ask(at('x'), {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          cookie: `__Host-yideng_visitor=${'A'.repeat(24)}`,
        },
      })
      expect({ path, status: answer.status, ...((await answer.json()) as object) }).toMatchObject({
        path,
        status: 403,
        error: 'csrf',
      })
    }
  }
  const foreign = await ask('/register', {
    method: 'POST',
    body: 'csrf=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' },
  })
  expect(foreign.status).toBe(403)
})

it('admits no program without its own token', async () => {
  expect(programs.length).toBeGreaterThan(0)
  for (const [index, { method, path, at }] of programs.entries()) {
    // a network has sixty calls without a right
    const from = `127.0.0.${1 + Math.floor(index / 50)}`
    const answer = await ask(at('x'), { method, body: '{}', headers: { 'content-type': 'application/json' }, from })
    // the address itself is the token of a sender of texts; no upstream has this id here
    expect(answer.status, path).toBe(/:secret|^\/upstream\//.test(path) ? 404 : 401)
  }
})

it('sends every page with a strict policy, and no cookie that another host could set or read', async () => {
  const gets = pages.filter(({ method }) => method === 'GET').map(({ at }) => at('x'))
  const others = ['/authorize', '/logout', '/nowhere', '/language?to=en', '/elder?on=1', '/healthz']
  const names = new Set<string>()
  for (const path of [...gets, ...others]) {
    const answer = await ask(path, { headers: { accept: 'text/html' } })
    const body = await answer.text()
    expect(answer.status, path).toBeLessThan(500)
    const of = (name: string) => answer.headers.get(name) ?? ''
    expect(of('content-security-policy'), path).toMatch(/^default-src 'none';.*base-uri 'none';frame-ancestors 'none'/)
    expect(of('content-security-policy'), path).not.toMatch(/unsafe|\*|http:/)
    // a sign-in in a popup of a portal keeps its opener; the account centre has none
    const inPopup = /^\/(authorize|login|logout|language|elder|privacy|register|recover|cookies)/.test(path)
    expect(of('cross-origin-opener-policy'), path).toBe(inPopup ? 'unsafe-none' : 'same-origin')
    expect(of('permissions-policy'), path).toMatch(/camera=\(.*geolocation=\(\)/)
    expect(of('referrer-policy'), path).toBe('same-origin')
    expect(of('x-content-type-options'), path).toBe('nosniff')
    expect(of('strict-transport-security'), path).toContain('max-age=31536000')
    if (of('content-type').includes('html')) {
      expect(of('cache-control'), path).toContain('no-store')
      // the hash of its script admits oidc-provider's self-submitting form
      if (!of('content-security-policy').includes("'sha256-")) {
        expect(body, path).not.toMatch(/<script(?![^>]*(nonce|src)=)/i)
      }
      expect(body, path).not.toMatch(/\son\w+="|style="|javascript:/i)
    }
    for (const cookie of answer.headers.getSetCookie()) {
      names.add(cookie.slice(0, cookie.indexOf('=')))
      expect(cookie, path).toMatch(/^__Host-\w+=.*path=\/;/i)
      expect(cookie, path).toMatch(/; secure.*; httponly/i)
      expect(cookie, path).toMatch(/samesite=lax/i)
      expect(cookie, path).not.toMatch(/domain=/i)
    }
  }
  expect(names.size).toBeGreaterThanOrEqual(4)
})

it('allows shared caching only for public documents and static files', async () => {
  const style = /href="(\/assets\/[^"]+)"/.exec(
    await (await ask('/', { headers: { accept: 'text/html' } })).text(),
  )?.[1]
  const open = new Set(['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', style])
  const own = [...pages, ...programs].map(({ method, at }) => [method, at('x')] as const)
  const provider = [
    '/authorize',
    '/authorize/x',
    '/device',
    '/device/x',
    '/logout',
    '/logout/confirm',
    '/logout/success',
  ]
  const portals = ['/token', '/userinfo', '/introspect', '/revoke', '/par', '/device_authorization', '/jwks']
  const others = ['/', '/healthz', '/readyz', '/metrics', '/nowhere', '/login', '/assets/none.css', style ?? '']
  const known = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/.well-known/none']
  const foreign = [...provider, ...portals, ...others, ...known].flatMap((path) =>
    ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT'].map((method) => [method, path] as const),
  )
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const [method, path] of [...own, ...foreign]) {
    for (const accept of ['text/html', 'application/json']) {
      const body = method === 'POST' ? { body: 'a=b' } : {}
      const answer = await ask(path, { method, ...body, headers: { accept, ...(method === 'POST' ? form : {}) } })
      const mayBeKept = open.has(path) && (method === 'GET' || method === 'HEAD')
      const said = answer.headers.get('cache-control') ?? ''
      if (mayBeKept) expect(said, `${method} ${path}`).toMatch(/^public, max-age=/)
      else expect(said, `${method} ${path}`).toMatch(/^no-store\b/)
    }
  }
  // a proxy that names the host of the browser: only then is it known to be elsewhere
  const host = 'other.example'
  const elsewhere = await ask('/account', { headers: { accept: 'text/html', host, 'x-forwarded-host': host } })
  expect(elsewhere.status).toBe(302)
  expect(elsewhere.headers.get('cache-control')).toBe('no-store')
})

it('answers no program with a page, which it could not read', async () => {
  for (const path of programEndpoints) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      for (const accept of ['*/*', 'text/html', 'application/xml', 'text/html, image/gif, *; q=.2, */*; q=.2']) {
        const by = { method, headers: { accept }, from: '127.0.0.61' }
        const answers = [await ask(path, by), await ask(`${path}?client_id=%`, by)]
        for (const answer of answers)
          expect(answer.headers.get('content-type') ?? '', `${method} ${path}`).not.toContain('html')
      }
    }
  }
})

it('answers a program over its limits without a page', async () => {
  const headers = { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded' }
  const body = 'client_id=yideng-cli&scope=openid'
  const begin = () => ask('/device_authorization', { method: 'POST', headers, body, from: '127.0.0.62' })
  let last = await begin()
  for (let left = 60; left > 0; left -= 1) last = await begin()
  expect(last.status).toBe(429)
  expect(await last.json()).toMatchObject({ error: 'too_many_requests' })
})
