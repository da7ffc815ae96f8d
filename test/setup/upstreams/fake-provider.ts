import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import type { Upstream } from '../../../src/upstreams/upstreams.ts'
import { afterFile } from '../after-file.ts'

/** How the provider of a test misbehaves; without an entry it behaves. */
export interface Misbehaviour {
  /** Members of the discovery document; undefined removes one. */
  discovery?: Record<string, unknown>
  /** Claims of the next ID tokens; undefined removes one. */
  claims?: Record<string, unknown>
  /** Signs nothing (RFC 7519, 6), or with a key that is not published. */
  signature?: 'none' | 'unknown key' | 'shared secret'
  /** Members of the answer of the token endpoint. */
  token?: Record<string, unknown>
  /** Claims of userinfo; bytes are sent as they are. */
  userinfo?: Record<string, unknown> | Uint8Array
  /** An HTTP status in place of an answer, by path. */
  status?: Record<string, number>
  /** Milliseconds before each answer, by path. */
  slow?: Record<string, number>
  /** Members of the response in the browser. */
  response?: Record<string, string | undefined>
}

interface Given {
  nonce: string
  challenge: string
  redirect: string
}

const clientId = 'yideng'
const secret = 'a secret of the test'

/** An OpenID Provider of one person, on its own port. `behave` says how it misbehaves from now on. */
export async function startFakeProvider(person: Record<string, unknown> = { sub: 'sub-1' }) {
  let bad: Misbehaviour = {}
  /** The other claims come from userinfo alone. */
  const { sub, sid, acr } = person
  const ofToken = { sub, sid, acr }
  const good = await generateKeyPair('ES256', { extractable: true })
  const unpublished = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(good.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const codes = new Map<string, Given>()
  const asked: string[] = []
  // a client that waits no longer cuts the connection
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterFile(() => void server.close())
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`

  async function sign(claims: JWTPayload, typ?: string): Promise<string> {
    if (bad.signature === 'none') return new UnsecuredJWT(claims).encode()
    const header = { kid: 'k1', ...(typ === undefined ? {} : { typ }) }
    if (bad.signature === 'shared secret')
      return new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(Buffer.from(secret.padEnd(32)))
    const { privateKey } = bad.signature === 'unknown key' ? unpublished : good
    return new SignJWT(claims).setProtectedHeader({ ...header, alg: 'ES256' }).sign(privateKey)
  }
  const now = () => Math.floor(Date.now() / 1000)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '', issuer).pathname
    asked.push(path)
    await new Promise((resolve) => setTimeout(resolve, bad.slow?.[path] ?? 0))
    const status = bad.status?.[path]
    if (status !== undefined) return void response.writeHead(status).end('no')
    const send = (body: object | Uint8Array, code = 200) =>
      void response
        .writeHead(code, { 'content-type': 'application/json' })
        .end(body instanceof Uint8Array ? body : JSON.stringify(body))
    if (path === '/.well-known/openid-configuration') return send(metadata())
    if (path === '/jwks') return send({ keys: [key] })
    if (path === '/userinfo')
      return send(bad.userinfo instanceof Uint8Array ? bad.userinfo : { ...person, ...bad.userinfo })
    if (path === '/token') return token(request, send)
    // its pages: without a session, a silent request is answered at once (OpenID Connect Core 1.0, 3.1.2.6)
    if (path === '/authorize') return authorize(new URL(request.url ?? '', issuer).searchParams, response)
    if (path === '/logout') return void response.writeHead(200).end('signed out')
    send({}, 404)
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const error = bad.response?.['error'] ?? (query.get('prompt') === 'none' ? 'login_required' : undefined)
    if (error === undefined) return void response.writeHead(200).end('sign in')
    const back = new URL(query.get('redirect_uri') ?? '')
    const returned = { state: query.get('state') ?? undefined, ...bad.response, error }
    for (const [name, value] of Object.entries(returned)) if (value !== undefined) back.searchParams.set(name, value)
    response.writeHead(303, { location: back.href }).end()
  }

  const metadata = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/logout`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    ...bad.discovery,
  })

  async function token(request: IncomingMessage, send: (body: object, code?: number) => void): Promise<void> {
    const fields = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
    const basic = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    const [id, word] = basic.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    const known = (id === clientId && word === secret) || fields.get('client_secret') === secret
    if (!known) return send({ error: 'invalid_client' }, 401)
    const code = fields.get('code') ?? ''
    const given = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(fields.get('code_verifier') ?? '')
      .digest('base64url')
    if (!given || challenge !== given.challenge || fields.get('redirect_uri') !== given.redirect)
      return send({ error: 'invalid_grant' }, 400)
    const claims = {
      iss: issuer,
      aud: clientId,
      iat: now(),
      exp: now() + 60,
      nonce: given.nonce,
      auth_time: now(),
      ...ofToken,
      ...bad.claims,
    }
    send({ access_token: 'at', token_type: 'Bearer', id_token: await sign(claims as JWTPayload), ...bad.token })
  }

  return {
    issuer,
    clientId,
    secret,
    /** Paths that were asked for. */
    asked,
    behave(misbehaviour: Misbehaviour = {}) {
      bad = misbehaviour
    },
    /** What the browser brings back from the address of `begin`. */
    signIn(url: string): Record<string, string> {
      const query = new URL(url).searchParams
      const code = randomUUID()
      const value = (name: string) => query.get(name) ?? ''
      codes.set(code, { nonce: value('nonce'), challenge: value('code_challenge'), redirect: value('redirect_uri') })
      const whole = { code, state: value('state'), ...bad.response }
      return Object.fromEntries(
        Object.entries(whole).flatMap(([name, one]) => (one === undefined ? [] : [[name, one]])),
      )
    },
    /** A logout token (OpenID Connect Back-Channel Logout 1.0, 2.4); undefined removes a claim. */
    logoutToken: (claims: Record<string, unknown> = {}, typ: string | undefined = 'logout+jwt') =>
      sign(
        {
          iss: issuer,
          aud: clientId,
          iat: now(),
          exp: now() + 120,
          jti: randomUUID(),
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
          ...claims,
        },
        typ,
      ),
    /** The row of this provider as the settings give it. */
    row: (other: Partial<Upstream> = {}): Upstream => ({
      id: 'city',
      kind: 'oidc',
      name: '佛山市统一身份认证',
      issuer,
      clientId,
      secret,
      publicKey: undefined,
      scope: 'openid profile identity phone',
      claims: {},
      levels: {},
      documentTypes: {},
      authoritativeFor: [],
      linking: 'number',
      clients: 'all',
      options: {},
      ...other,
    }),
  }
}

export type FakeProvider = Awaited<ReturnType<typeof startFakeProvider>>
