import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterFile } from './after-file.ts'

/** A person of a city, in the words of its ID tokens. */
export interface Citizen {
  sub: string
  name?: string
  id_type?: string
  id_number?: string
  phone_number?: string
  acr?: string
  sid?: string
}

interface Given {
  citizen: Citizen
  nonce: string
  challenge: string
  redirect: string
}

const secret = 'a secret of the test'

/** An OpenID Provider of a city with any number of people: each of them may agree at its page. */
export async function startCity(id: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const codes = new Map<string, Given>()
  let exchanges = 0
  let down = false
  let gone = false
  let slowMs = 0
  const server = createServer((request, response) => {
    const send = (body: object, status = 200) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const path = new URL(request.url ?? '', issuer).pathname
    if (gone) return void request.socket.destroy()
    if (down && path === '/token') return void response.writeHead(503).end()
    if (path === '/.well-known/openid-configuration') return send(metadata)
    if (path === '/jwks') return send({ keys: [key] })
    if (path === '/token')
      return void token(request).then((body) => setTimeout(() => send(body, 'error' in body ? 400 : 200), slowMs))
    return send({}, 404)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterFile(() => void server.close())
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }

  /** A code counts once (RFC 6749, 4.1.2), with its verifier and address. */
  async function token(request: IncomingMessage): Promise<object> {
    exchanges += 1
    const fields = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
    const code = fields.get('code') ?? ''
    const given = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(fields.get('code_verifier') ?? '')
      .digest('base64url')
    if (!given || challenge !== given.challenge || fields.get('redirect_uri') !== given.redirect)
      return { error: 'invalid_grant' }
    const idToken = await new SignJWT({
      auth_time: Math.floor(Date.now() / 1000),
      ...given.citizen,
      nonce: given.nonce,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience('yideng')
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey)
    return { access_token: 'at', token_type: 'Bearer', id_token: idToken }
  }

  return {
    id,
    issuer,
    exchanges: () => exchanges,
    /** The token endpoint answers 503, or works again. */
    down(is: boolean) {
      down = is
    },
    /** No endpoint answers, or all work again. */
    gone(is: boolean) {
      gone = is
    },
    /** The token endpoint takes this long, in milliseconds. */
    slow(ms: number) {
      slowMs = ms
    },
    /** What a citizen does at the page of the city: the address that it sends the browser back to. */
    agree(page: URL, citizen: Citizen): URL {
      const value = (name: string) => page.searchParams.get(name) ?? ''
      const code = randomUUID()
      codes.set(code, {
        citizen,
        nonce: value('nonce'),
        challenge: value('code_challenge'),
        redirect: value('redirect_uri'),
      })
      const back = new URL(value('redirect_uri'))
      back.search = new URLSearchParams({ code, state: value('state') }).toString()
      return back
    },
    /** Its row in the file of YIDENG_UPSTREAMS; the file has the secret beside it. */
    row: (more: object = {}) => ({
      id,
      kind: 'oidc',
      name: `${id}市统一身份认证`,
      issuer,
      clientId: 'yideng',
      clientSecretFile: 'secret',
      scope: 'openid profile',
      levels: { high: 4, real: 3, low: 2 },
      authoritativeFor: ['resident_id'],
      ...more,
    }),
    secret,
  }
}

export type City = Awaited<ReturnType<typeof startCity>>
