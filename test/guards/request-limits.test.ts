import { connect } from 'node:net'
import { ClientSecretBasic } from 'openid-client'
import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { ownClientId } from '../../src/account-centre/own-client.ts'
import { commandLineId } from '../../src/oidc/command-line-client.ts'
import { longestParameter, longestRequest } from '../../src/guards/request-limits.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let services: Services
let portal: TestPortal
let secretless: TestPortal
let secret: string

beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true', YIDENG_ADDRESS_STORED: '64', YIDENG_LOG_LEVEL: 'debug' })
  services = await server.services()
  portal = await registerPortal(services, {}, (given) => {
    secret = given
    return ClientSecretBasic(given)
  })
  secretless = await registerPortal(services, { type: 'spa', auth_method: 'none' })
})

let networks = 0
/** A new address for each call. */
const elsewhere = () => `198.51.100.${(networks += 1)}`

async function push({ begin, clientId }: TestPortal, parameters: Record<string, string>, network = elsewhere()) {
  const { url } = await begin(parameters)
  return fetch(`${server.issuer}/par`, {
    method: 'POST',
    headers: {
      'x-forwarded-for': network,
      'content-type': 'application/x-www-form-urlencoded',
      ...(clientId === portal.clientId
        ? { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` }
        : {}),
    },
    body: url.searchParams,
  })
}

async function go({ begin }: TestPortal, parameters: Record<string, string>, network = elsewhere()) {
  const { url } = await begin(parameters)
  return fetch(url, { redirect: 'manual', headers: { accept: 'text/html', 'x-forwarded-for': network } })
}

/** Parameters that are stored with a running login. */
const stored = [
  'state',
  'nonce',
  'login_hint',
  'id_token_hint',
  'claims',
  'acr_values',
  'ui_locales',
  'representee_hint',
]
const claims = (bytes: number) => `{"userinfo":{"${'n'.repeat(bytes - 21)}":null}}`
const valueOf = (name: string, bytes: number) => (name === 'claims' ? claims(bytes) : 'x'.repeat(bytes))

it.each(stored)('refuses a %s that is too long, pushed or not', async (name) => {
  for (const bytes of [longestParameter + 1, 12_000]) {
    const pushed = await push(secretless, { [name]: valueOf(name, bytes) })
    expect(await pushed.json(), `${bytes}`).toMatchObject({ error: 'invalid_request' })
    const answer = await go(portal, { [name]: valueOf(name, bytes) })
    // an invalid level or hint may be refused before its size is measured
    expect(answer.headers.get('location') ?? '', name).toMatch(/[?&]error=invalid_request&/)
  }
})

it('counts bytes, and all parameters together', async () => {
  const third = 'x'.repeat(longestRequest / 3)
  const all = { state: third, nonce: third, login_hint: third }
  expect(await (await push(portal, all)).json()).toMatchObject({
    error: 'invalid_request',
    error_description: `the parameters are longer than ${longestRequest} bytes`,
  })
  expect((await go(portal, all)).headers.get('location')).toContain('error=invalid_request')
  const wide = '一'.repeat(longestParameter / 3 + 1)
  expect(await (await push(portal, { state: wide })).json()).toMatchObject({ error: 'invalid_request' })
})

it('accepts real requests: long states, claims, hints', async () => {
  const real = { state: 's'.repeat(1500), nonce: 'n'.repeat(300), login_hint: 'h'.repeat(64), claims: claims(900) }
  expect((await push(portal, real)).status).toBe(201)
  expect((await go(portal, real)).headers.get('location')).toMatch(/^http:\/\/localhost:\d+\/login\/|^\/login\//)
})

it('refuses pushed requests of the server’s own clients', async () => {
  for (const clientId of [ownClientId, commandLineId]) {
    const answer = await fetch(`${server.issuer}/par`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': elsewhere() },
      body: new URLSearchParams({
        client_id: clientId,
        redirect_uri: `${server.issuer}/account/return`,
        response_type: 'code',
        scope: 'openid',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      }),
    })
    expect(answer.status, clientId).toBe(400)
    expect(((await answer.json()) as { error: string }).error).toMatch(
      /unauthorized_client|invalid_request|invalid_redirect_uri/,
    )
  }
})

it('limits the data of one network without a sign-in, but no proven client and no other network', async () => {
  const network = elsewhere()
  const begun: number[] = []
  for (let index = 0; index < 90; index += 1) begun.push((await go(portal, { state: 's'.repeat(800) }, network)).status)
  const stoppedAt = begun.indexOf(429)
  expect(stoppedAt).toBeGreaterThan(15)
  expect(begun.slice(stoppedAt).every((status) => status === 429)).toBe(true)
  const held = await go(portal, {}, network)
  expect(held.status).toBe(429)
  expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await held.text()).toContain('<html')
  // other requests that store data for a stranger there
  const pushed = await push(secretless, {}, network)
  expect(pushed.status).toBe(429)
  expect(await pushed.json()).toMatchObject({ error: 'temporarily_unavailable' })
  for (const path of ['/logout', '/device'])
    expect((await fetch(`${server.issuer}${path}`, { headers: { 'x-forwarded-for': network } })).status, path).toBe(429)
  expect((await push(portal, {}, network)).status).toBe(201)
  expect((await go(portal, {})).status).toBe(303)
  expect(server.output()).not.toMatch(/"level":[56]0/)
})

it('treats an aborted request as no server error', async () => {
  const { port } = new URL(server.issuer)
  const upload = (path: string, method = 'POST') =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        const head = [`${method} ${path} HTTP/1.1`, `Host: localhost:${port}`, 'Content-Length: 1000']
        socket.write(`${[...head, 'Content-Type: application/x-www-form-urlencoded', '', ''].join('\r\n')}a=b`, () =>
          setTimeout(() => {
            socket.resetAndDestroy()
            resolve()
          }, 200),
        )
      })
    })
  const before = server.output().length
  const paths = [
    '/register',
    '/recover',
    '/par',
    '/token',
    '/logout',
    '/device',
    '/logout/confirm',
    '/admin/v1/client/list',
  ]
  await Promise.all(paths.map((path) => upload(path)))
  await until(async () => server.output().slice(before).includes('the client went away'))
  await until(async () => (await fetch(`${server.issuer}/healthz`)).ok)
  expect(server.output().slice(before)).not.toMatch(/"level":[56]0/)
})
