import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import fc from 'fast-check'
import { viewFiles } from '../../src/pages/view-files.ts'
import type { Route } from '../setup/routes.ts'
import { hostile } from './values.ts'

/** Routes of oidc-provider. */
export const protocolRoutes: [string, string][] = [
  ['GET', '/authorize'],
  ['POST', '/authorize'],
  ['GET', '/authorize/:uid'],
  ['POST', '/par'],
  ['POST', '/token'],
  ['GET', '/userinfo'],
  ['POST', '/userinfo'],
  ['POST', '/introspect'],
  ['POST', '/revoke'],
  ['GET', '/jwks'],
  ['GET', '/logout'],
  ['POST', '/logout'],
  ['POST', '/logout/confirm'],
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['GET', '/assets/:file'],
]

/** Headers of proxies and of old programs, none of which a client may use to break an answer. */
const legacyHeaders =
  `x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix x-forwarded-server forwarded via
  x-real-ip x-client-ip client-ip true-client-ip cf-connecting-ip front-end-https x-url-scheme x-arr-ssl x-original-url
  x-rewrite-url x-http-method-override x-method-override sec-fetch-dest sec-fetch-site sec-purpose purpose x-moz referer
  expect upgrade-insecure-requests traceparent x-request-id`.split(/\s+/)

const oidcParameters =
  `client_id client_secret redirect_uri response_type response_mode scope state nonce code code_verifier code_challenge
  code_challenge_method claims prompt max_age acr_values ui_locales login_hint id_token_hint request request_uri resource
  grant_type refresh_token token token_type_hint client_assertion client_assertion_type subject_token subject_token_type
  requested_token_type audience post_logout_redirect_uri xsrf logout representee_hint idp_hint to on back
  logout_hint yideng_posted`.split(/\s+/)

/** Names of all form fields. */
const fieldNames = [...viewFiles().values()]
  .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/name[=:] ?["'](\w+)["']/g)])
  .map(([, name = '']) => name)

const names = [...new Set([...oidcParameters, ...fieldNames])]

/** Existing ids and tokens, for parameters that need one. */
export interface Known {
  values: string[]
  cookies: string[]
  csrf: string
}

export interface Shot {
  method: string
  path: string
  headers: Record<string, string>
  body: string | Uint8Array | undefined
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')

/** Request objects (RFC 9101): unsigned, with a false signature, with any claims, cut, and larger than any address. */
const requestObjects = fc
  .record({
    alg: fc.constantFrom('none', 'ES256', 'RS256', 'HS256', 'dir', '', '__proto__'),
    claims: fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(fc.constantFrom(...oidcParameters), fc.jsonValue())),
    signature: fc.constantFrom('', 'AAAA', '=', 'x'.repeat(20_000)),
    cut: fc.boolean(),
  })
  .map(({ alg, claims, signature, cut }) => {
    const whole = `${encoded({ alg, typ: 'oauth-authz-req+jwt' })}.${encoded(claims)}.${signature}`
    return cut ? whole.slice(0, Math.ceil(whole.length / 2)) : whole
  })

const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '?')

/** Requests to these routes, each part valid or hostile. */
export function shots(routes: readonly Route[], known: Known): fc.Arbitrary<Shot> {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...hostile.map(([, text]) => text)) },
    { weight: 3, arbitrary: fc.constantFrom(...known.values) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.webUrl() },
    { weight: 1, arbitrary: requestObjects },
  )
  const fields = fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: value }),
    value,
    { maxKeys: 6 },
  )
  const form = (entries: Record<string, string>, csrf: boolean) =>
    new URLSearchParams({ ...entries, ...(csrf ? { csrf: known.csrf } : {}) }).toString()
  const body = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record({ fields, csrf: fc.boolean() })
        .map((given) => ({ type: 'application/x-www-form-urlencoded', text: form(given.fields, given.csrf) })),
    },
    { weight: 2, arbitrary: fc.json({ maxDepth: 3 }).map((text) => ({ type: 'application/json', text })) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 300 }).map((text) => ({ type: 'application/x-www-form-urlencoded', text })),
    },
    { weight: 1, arbitrary: value.map((type) => ({ type: printable(type).slice(0, 60) || 'x', text: 'a=b' })) },
  )
  const header = fc.constantFrom(
    'accept',
    'accept-language',
    'authorization',
    'dpop',
    'origin',
    'user-agent',
    'x-forwarded-for',
    'cookie',
    'if-none-match',
    'range',
    ...legacyHeaders,
  )
  return fc
    .record({
      route: fc.constantFrom(...routes),
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH') },
      ),
      parameter: value,
      query: fields,
      body,
      headers: fc.dictionary(header, value, { maxKeys: 3 }),
      cookies: fc.subarray(known.cookies),
    })
    .map((given) => {
      const method = given.method ?? given.route.method
      const search = new URLSearchParams(given.query).toString()
      const path = `${given.route.at(encodeURIComponent(given.parameter.toWellFormed()) || '-')}${search && `?${search}`}`
      const headers = Object.fromEntries(
        Object.entries(given.headers).map(([name, text]) => [name, printable(text).slice(0, 2000)]),
      )
      const hasBody = !['GET', 'HEAD'].includes(method)
      return {
        method,
        path,
        headers: {
          accept: 'text/html',
          ...(given.cookies.length > 0 ? { cookie: given.cookies.join('; ') } : {}),
          ...headers,
          ...(hasBody ? { 'content-type': given.body.type } : {}),
        },
        body: hasBody ? given.body.text : undefined,
      }
    })
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const patienceMs = 10_000

/** Sends a request. Reads only the beginning of a stream. */
export function shoot(
  issuer: string,
  { method, path, headers, body }: Shot,
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(issuer)
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        agent,
        method,
        path,
        headers: { ...headers, host: new URL(issuer).host },
        timeout: patienceMs,
        maxHeaderSize: 65_536,
      },
      (answer) => {
        const chunks: Buffer[] = []
        const done = () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        if (answer.headers['content-type']?.includes('event-stream')) {
          answer.destroy()
          return done()
        }
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', done)
        answer.on('error', reject)
        return undefined
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)))
    sent.on('error', reject)
    sent.end(body)
  })
}
