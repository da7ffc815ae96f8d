import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Client } from '../../clients/clients.ts'
import type { Clock } from '../../config/clock.ts'
import { readText } from '../../pages/bodies.ts'
import { rightSignIn, type Fault } from './faults.ts'
import { createTokens, type Claims } from './tokens.ts'

/** What the portal sent of itself. */
export interface Seen {
  authorization: URLSearchParams
  /** How it proved who it is at the token endpoint; undefined when it never came there. */
  authMethod?: string
  tokenCalls: number
  /** Why the token endpoint said no, when it did. */
  tokenFault?: string
  askedUserinfo: boolean
}

interface Code {
  asked: URLSearchParams
  seen: Seen
  fault: Fault
}

const tokenSeconds = 600
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const mostBytes = 64 * 1024

/** The made-up person; pages that show one of these show somebody signed in. */
const person = {
  sub: `check-${randomBytes(6).toString('hex')}`,
  name: `Yideng Check ${randomBytes(3).toString('hex')}`,
}
export const marks: readonly string[] = Object.values(person)

/** Stands in the name of somebody else. */
export const otherMark = 'not them'

const random = () => randomBytes(16).toString('base64url')

/** An OpenID provider on this machine that signs one made-up person in, rightly or with a fault. */
export async function startFaultyProvider({ client, port, clock }: { client: Client; port: number; clock: Clock }) {
  const seconds = () => Math.floor(clock() / 1000)
  const tokens = createTokens(client.id_token_alg)
  const codes = new Map<string, Code>()
  const accessTokens = new Map<string, Code>()
  let fault: Fault = rightSignIn
  let latest: Seen | undefined
  let before: Claims = {}
  let sid = ''
  let issuer = ''

  const discovery = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/logout`,
    scopes_supported: client.scope,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: [client.subject_type],
    id_token_signing_alg_values_supported: [client.id_token_alg],
    token_endpoint_auth_methods_supported: [client.auth_method],
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  })

  function authorize(asked: URLSearchParams, response: ServerResponse): void {
    const seen: Seen = { authorization: asked, tokenCalls: 0, askedUserinfo: false }
    latest = seen
    const back = asked.get('redirect_uri') ?? ''
    if (!client.redirect_uris.includes(back) || asked.get('client_id') !== client.id) {
      return json(response, 400, { error: 'invalid_request', error_description: 'not registered so' })
    }
    const code = random()
    codes.set(code, { asked, seen, fault })
    const answer = new URLSearchParams({ code, state: asked.get('state') ?? '', iss: issuer })
    fault.answer?.(answer, issuer)
    const url = new URL(back)
    for (const [name, value] of answer) url.searchParams.set(name, value)
    response.writeHead(303, { location: url.href }).end()
  }

  function token(form: URLSearchParams, authorization: string, response: ServerResponse): void {
    const code = codes.get(form.get('code') ?? '')
    if (!code) return json(response, 400, { error: 'invalid_grant' })
    const { asked, seen } = code
    seen.tokenCalls += 1
    seen.authMethod = methodOf(form, authorization)
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const faultOfCall = [
      seen.tokenCalls > 1 && 'the code was used before',
      form.get('redirect_uri') !== asked.get('redirect_uri') && 'redirect_uri is another one',
      asked.get('code_challenge') !== verifier && 'code_verifier does not fit',
    ].find((one) => one !== false)
    if (faultOfCall !== undefined) {
      seen.tokenFault = faultOfCall
      return json(response, 400, { error: 'invalid_grant', error_description: faultOfCall })
    }
    sid = random()
    const now = seconds()
    const right = {
      iss: issuer,
      sub: person.sub,
      aud: client.id,
      iat: now,
      exp: now + tokenSeconds,
      auth_time: now,
      nonce: asked.get('nonce') ?? undefined,
      acr: `urn:yideng:loa:${Math.max(client.min_level, 3)}`,
      amr: ['pwd'],
      sid,
    }
    const accessToken = random()
    accessTokens.set(accessToken, code)
    const claims = code.fault.claims?.(right, before) ?? right
    before = right
    json(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: tokenSeconds,
      scope: client.scope.join(' '),
      id_token: tokens.issue(claims, code.fault.signing),
    })
  }

  function userinfo(authorization: string, response: ServerResponse): void {
    const code = accessTokens.get(authorization.replace(/^Bearer /i, ''))
    if (!code) return json(response, 401, { error: 'invalid_token' })
    code.seen.askedUserinfo = true
    const name = code.fault.userinfo ? `${person.name} ${otherMark}` : person.name
    const claims = { ...person, name, phone_number: '+8613800000000', phone_number_verified: false }
    json(response, 200, code.fault.userinfo?.(claims) ?? claims)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    const authorization = request.headers.authorization ?? ''
    const form = request.method === 'POST' ? new URLSearchParams(await readText(request, mostBytes)) : url.searchParams
    if (url.pathname === '/.well-known/openid-configuration') return json(response, 200, discovery())
    if (url.pathname === '/jwks') return json(response, 200, tokens.keySet)
    if (url.pathname === '/authorize') return authorize(form, response)
    if (url.pathname === '/token') return token(form, authorization, response)
    if (url.pathname === '/userinfo') return userinfo(authorization, response)
    json(response, 404, { error: 'not_found' })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => json(response, 400, { error: 'invalid_request' }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  issuer = `http://localhost:${typeof address === 'object' && address ? address.port : port}`

  return {
    issuer,
    /** Signs in like this from now on. */
    use(next: Fault) {
      fault = next
      latest = undefined
    },
    /** What the portal sent since then. */
    seen: () => latest,
    /** A logout token for the latest session. */
    logoutToken(alter: { signing?: Fault['signing']; claims?(claims: Claims): Claims }): string {
      const now = seconds()
      const right = {
        iss: issuer,
        aud: client.id,
        iat: now,
        exp: now + 120,
        jti: random(),
        sub: person.sub,
        sid,
        events: { [logoutEvent]: {} },
      }
      return tokens.issue(alter.claims?.(right) ?? right, alter.signing, 'logout+jwt')
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type FaultyProvider = Awaited<ReturnType<typeof startFaultyProvider>>

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function methodOf(form: URLSearchParams, authorization: string): string {
  if (/^Basic /i.test(authorization)) return 'client_secret_basic'
  if (form.has('client_assertion')) return 'private_key_jwt'
  return form.has('client_secret') ? 'client_secret_post' : 'none'
}
