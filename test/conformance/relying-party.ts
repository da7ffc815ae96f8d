import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Services } from '../../src/services.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

/** A relying party without a library: it sends what a module names, and sees the raw answers. */
export interface RelyingParty {
  id: string
  secret: string
  redirectUris: [string, string]
  visitor: Visitor
  person: Awaited<ReturnType<typeof openPerson>>
  issuer: string
}

let registered = 0

/** Registers like the static clients of a certification: two redirect URIs, one with a query; neither PKCE nor a nonce needed. */
export async function relyingParty(services: Services, overrides: Partial<ClientInput> = {}): Promise<RelyingParty> {
  registered += 1
  const base = `https://rp${registered}-${process.pid}.example.gov.cn/callback`
  const redirectUris: [string, string] = [base, `${base}?dummy1=lorem&dummy2=ipsum`]
  const input = {
    name: `认证${registered} ${process.pid.toString(36).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit)))}`,
    redirect_uris: redirectUris,
    scope: 'openid profile phone offline_access',
    pkce: 'off',
    pkce_reason: '认证套件不发送 PKCE',
    ...overrides,
  } satisfies Partial<ClientInput>
  const created = await services.clients.create(input, 'administrator:test')
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const { issuer } = services.settings
  return {
    id: created.client.id,
    secret: created.secret ?? '',
    redirectUris,
    visitor: new Visitor(issuer),
    person: await openPerson(services),
    issuer,
  }
}

export type Parameters = Record<string, string | undefined>

/** An authorization request with only the parameters that OIDC Core 3.1.2.1 requires, changed by these. */
export function authorizationUrl(party: RelyingParty, changes: Parameters = {}): URL {
  const url = new URL('/authorize', party.issuer)
  const usual = { client_id: party.id, redirect_uri: party.redirectUris[0], response_type: 'code', scope: 'openid' }
  for (const [name, value] of Object.entries({ ...usual, state: 'a state', ...changes })) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  return url
}

/** Opens the address, signs in and consents where a page asks for it. */
export async function follow(party: RelyingParty, url: URL): Promise<Page> {
  return answerPages(party, await party.visitor.get(url))
}

export async function answerPages(party: RelyingParty, first: Page): Promise<Page> {
  let page = first
  if (page.html.includes('name="password"')) page = await signIn(party.visitor, page, party.person.username)
  if (/<form\b[^>]*action="[^"]*\/consent"/.test(page.html)) page = await allow(party.visitor, page)
  return page
}

/** The parameters that reach the portal: in the query, or in the form of a page (OAuth 2.0 Form Post Response Mode). */
export function responseOf(page: Page): URLSearchParams {
  if (page.leads) return page.leads.searchParams
  const fields = new URLSearchParams()
  for (const [tag] of page.html.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1]
    if (name) fields.set(name, /value="([^"]*)"/.exec(tag)?.[1] ?? '')
  }
  return fields
}

export async function codeOf(party: RelyingParty, changes: Parameters = {}): Promise<string> {
  const response = responseOf(await follow(party, authorizationUrl(party, changes)))
  const code = response.get('code')
  if (!code) throw new Error(`no code: ${response.toString()}`)
  return code
}

const basic = ({ id, secret }: RelyingParty) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** A POST with a form body and `client_secret_basic`, unless `headers` say otherwise. */
export const post = (party: RelyingParty, path: string, fields: Parameters, headers?: Record<string, string>) =>
  fetch(`${party.issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams(Object.entries(fields).filter((one): one is [string, string] => one[1] !== undefined)),
    headers: headers ?? { authorization: basic(party) },
  })

export interface TokenResponse {
  access_token: string
  id_token: string
  refresh_token?: string
  token_type: string
  expires_in: number
  scope?: string
}

/** Redeems a code (RFC 6749 section 4.1.3). */
export const redeem = (party: RelyingParty, code: string, changes: Parameters = {}) =>
  post(party, '/token', { grant_type: 'authorization_code', code, redirect_uri: party.redirectUris[0], ...changes })

export async function tokensOf(party: RelyingParty, changes: Parameters = {}): Promise<TokenResponse> {
  const code = await codeOf(party, changes)
  const answer = await redeem(party, code, changes['redirect_uri'] ? { redirect_uri: changes['redirect_uri'] } : {})
  if (answer.status !== 200) throw new Error(await answer.text())
  return (await answer.json()) as TokenResponse
}

/** The claims of an ID token whose signature, issuer and audience are right. */
export async function verified(party: RelyingParty, token: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL('/jwks', party.issuer))
  return (await jwtVerify(token, keys, { issuer: party.issuer, audience: party.id })).payload
}

export const userinfo = (party: RelyingParty, token: string) =>
  fetch(`${party.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
