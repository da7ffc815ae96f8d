import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'

/** A measured provider, and a portal registered at it. */
export interface Target {
  name: string
  origin: string
  paths: { authorize: string; token: string; userinfo: string; introspect: string }
  clientId: string
  clientSecret: string
  /** A client with client credentials, and its API. */
  service: { clientId: string; clientSecret: string; resource: string; scope: string }
  /** Fields of the consent form. */
  consent: { action: string; fields: Record<string, string> }
  /** Portals of legacy protocols; the bare provider has none. */
  old?: { cas: { service: string }; tif: { clientId: string; clientSecret: string; redirectUri: string } }
  pid: number
}

/** One signed-in browser. */
export type Jar = Map<string, string>

export const redirectUri = 'http://localhost:4999/callback'

const agent = new http.Agent({ keepAlive: true, maxSockets: 4096 })

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

export function ask(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<Answer> {
  const { hostname, port } = new URL(target.origin)
  return new Promise((resolve, reject) => {
    const length = body ? { 'content-length': String(Buffer.byteLength(body)) } : undefined
    const request = http.request(
      { agent, host: '127.0.0.1', port, method, path, headers: { host: `${hostname}:${port}`, ...headers, ...length } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** An authorization request. */
export function authorizePath(target: Target, verifier: string, state: string, scope = 'openid profile'): string {
  return `${target.paths.authorize}?${new URLSearchParams({
    client_id: target.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce: state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()}`
}

/** The fields of a token response that the bench checks. */
export interface Tokens {
  access_token: string
  id_token: string
  refresh_token?: string
}

/** A request with client authentication. */
export async function post(
  target: Target,
  path: string,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  form: Record<string, string>,
): Promise<string> {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await ask(target, 'POST', path, headers, new URLSearchParams(form).toString())
  if (answer.status !== 200) throw new Error(`${target.name}: ${path} answered ${answer.status} (${answer.body})`)
  return answer.body
}

/** A request of a browser, which keeps its cookies. */
export async function askAs(target: Target, jar: Jar, path: string): Promise<Answer> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await ask(target, 'GET', path, { cookie })
  for (const line of answer.headers['set-cookie'] ?? []) {
    const [pair = ''] = line.split(';')
    const equals = pair.indexOf('=')
    jar.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return answer
}

/** Authorize with a live session → code → tokens, each answer checked. */
export async function authorize(target: Target, jar: Jar): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(8).toString('base64url')
  const authorized = await askAs(target, jar, authorizePath(target, verifier, state))
  const { searchParams } = new URL(authorized.headers.location ?? '', target.origin)
  const code = searchParams.get('code')
  if (!code || searchParams.get('state') !== state) {
    throw new Error(`${target.name}: no code (${authorized.status} ${authorized.headers.location ?? authorized.body})`)
  }
  return exchange(target, code, verifier)
}

export async function exchange(target: Target, code: string, verifier: string): Promise<Tokens> {
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  const tokens = JSON.parse(await post(target, target.paths.token, target, grant)) as Tokens
  if (!tokens.id_token) throw new Error(`${target.name}: no ID token`)
  return tokens
}

export async function userinfo(target: Target, { access_token: token }: Tokens): Promise<void> {
  const informed = await ask(target, 'GET', target.paths.userinfo, { authorization: `Bearer ${token}` })
  const { name } = JSON.parse(informed.body) as { name?: string }
  if (informed.status !== 200 || !name) throw new Error(`${target.name}: no userinfo (${informed.body})`)
}

/** Authorize with a live session → code → tokens → userinfo, each answer checked. */
export async function singleSignOn(target: Target, jar: Jar): Promise<Tokens> {
  const tokens = await authorize(target, jar)
  await userinfo(target, tokens)
  return tokens
}
