import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose'
import { lazily } from '../lazily.ts'
import { listen, type Running } from '../listen.ts'

const scope = 'licence:read'

/** Invented licences, equal for all people; a real library looks up the licences of the person. */
const licences = [
  { kind: '机动车驾驶证', number: '0000 0000 0001', issuer: '广东省公安厅交通管理局', validUntil: '2031-06-30' },
  { kind: '社会保障卡', number: '0000 0000 0002', issuer: '广东省人力资源和社会保障厅', validUntil: '2034-12-31' },
  { kind: '居住证', number: '0000 0000 0003', issuer: '深圳市公安局', validUntil: '2027-09-01' },
]

const ofOrganisations = [
  { kind: '营业执照', number: '0000 0000 0004', issuer: '广东省市场监督管理局', validUntil: '2046-12-31' },
  { kind: '食品经营许可证', number: '0000 0000 0005', issuer: '广东省市场监督管理局', validUntil: '2030-05-31' },
]

/** The matter (授权事项) of a mandate that allows reading licences (Yideng's config/matters.json). */
const matter = 'licence.read'

/** A refused request with an error code of RFC 6750 section 3. */
class Refused extends Error {
  readonly status: number
  readonly error: string
  readonly challenge: string[]
  /** @param error undefined if the request had no token */
  constructor(status: number, error?: string, more: string[] = []) {
    super(error ?? 'no token')
    this.status = status
    this.error = error ?? 'token_missing'
    this.challenge = error === undefined ? more : [`error="${error}"`, ...more]
  }
}

/** 电子证照库 (licence library): an API that verifies tokens with Yideng's published keys alone. */
export async function startLicences(options: {
  issuer: string
  /** Its name in `resource` and `aud` (RFC 8707). */
  audience: string
  port: number
}): Promise<Running> {
  const { issuer, audience, port } = options

  const keys = lazily(async () => {
    const found = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5000) })
    const { jwks_uri: jwksUri } = (await found.json()) as { jwks_uri: string }
    return createRemoteJWKSet(new URL(jwksUri)) // cached; fetched again when a new key appears
  })

  /** The claims of a JWT access token (RFC 9068 section 4). */
  async function verify(authorization: string | undefined): Promise<JWTPayload> {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) throw new Refused(401)
    const claims = await jwtVerify(token, await keys(), {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
      clockTolerance: 5,
    }).then(
      ({ payload }) => payload,
      (error: unknown) => {
        const unreachable = !(error instanceof errors.JOSEError) || keysUnreachable.has(error.code)
        throw unreachable ? error : new Refused(401, 'invalid_token')
      },
    )
    // A token bound to a key is not a valid bearer token (RFC 9449, RFC 8705).
    if (claims['cnf'] !== undefined) throw new Refused(401, 'invalid_token')
    const granted = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : []
    if (!granted.includes(scope)) throw new Refused(403, 'insufficient_scope', [`scope="${scope}"`])
    // A token from client credentials represents no person (RFC 9068 section 5).
    if (claims.sub === claims['client_id']) throw new Refused(403, 'insufficient_scope')
    // An actor (RFC 8693 `act`) needs this matter in the token.
    if (claims['act'] !== undefined && !mattersOf(claims).some((one) => one === matter || one === '*')) {
      throw new Refused(403, 'insufficient_scope')
    }
    return claims
  }

  async function answer({ method, url, headers }: IncomingMessage): Promise<[status: number, body: object]> {
    const path = URL.parse(url ?? '', audience)?.pathname
    if (method === 'GET' && path === '/healthz') return [200, { status: 'ok' }]
    if (method !== 'GET' || path !== '/licences') return [404, { error: 'not_found' }]
    const { sub, act } = await verify(headers.authorization)
    const actor = (act as { sub?: string } | undefined)?.sub
    return actor === undefined ? [200, { sub, licences }] : [200, { sub, actor, licences: ofOrganisations }]
  }

  return listen(port, (request, response) => {
    answer(request).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => {
        if (error instanceof Refused) refuse(response, error)
        else send(response, 503, { error: 'keys_unreachable' })
      },
    )
  })
}

/** The matters of all mandates in a token (RFC 9396 `authorization_details`). */
function mattersOf(claims: JWTPayload): unknown[] {
  const details = claims['authorization_details']
  const mandates = (Array.isArray(details) ? details : []) as { type?: unknown; matters?: unknown }[]
  return mandates.flatMap(({ type, matters }) =>
    type === 'urn:yideng:mandate' && Array.isArray(matters) ? matters : [],
  )
}

function refuse(response: ServerResponse, { status, error, challenge }: Refused): void {
  response.setHeader('www-authenticate', `Bearer ${['realm="licences"', ...challenge].join(', ')}`)
  send(response, status, { error })
}

/** Error codes of jose about the key set, not about the token. */
const keysUnreachable = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'])

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
