import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, startServer } from '../setup/server.ts'
import {
  answerPages,
  authorizationUrl,
  codeOf,
  follow,
  post,
  redeem,
  relyingParty,
  responseOf,
  tokensOf,
  userinfo,
  verified,
  type Parameters,
  type RelyingParty,
} from './relying-party.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The questions of the plans "Basic OP" and "Form Post OP": one for each module that certification runs. */
describe.each([
  ['Basic', undefined],
  ['Form Post', 'form_post'],
] as const)('%s OP', (_plan, response_mode) => {
  const party = (overrides = {}) => relyingParty(services, overrides)
  const mode = (changes: Parameters = {}): Parameters => ({ response_mode, ...changes })
  const signed = async (changes: Parameters = {}) => {
    const one = await party()
    return { party: one, tokens: await tokensOf(one, mode(changes)) }
  }
  const again = (one: RelyingParty, changes: Parameters) => one.visitor.get(authorizationUrl(one, mode(changes)))

  it('server: a code becomes an ID token, an access token, and claims at userinfo', async () => {
    const { party: one, tokens } = await signed({ nonce: 'n' })
    const claims = await verified(one, tokens.id_token)
    expect(claims).toMatchObject({ nonce: 'n', iss: server.issuer, aud: one.id })
    expect(tokens.token_type).toBe('Bearer')
    expect(await (await userinfo(one, tokens.access_token)).json()).toMatchObject({ sub: claims.sub })
  })

  it('response-type-missing: the portal gets invalid_request, or the person a page', async () => {
    const one = await party()
    const page = await again(one, { response_type: undefined })
    const error = responseOf(page).get('error')
    expect(error === 'invalid_request' || page.status === 400).toBe(true)
  })

  it('ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { party: one, tokens } = await signed()
    expect((await verified(one, tokens.id_token))['nonce']).toBeUndefined()
  })

  it.each([
    ['GET', 'header'],
    ['POST', 'header'],
    ['POST', 'body'],
  ])('userinfo-%s-%s', async (method, place) => {
    const { party: one, tokens } = await signed()
    const header = place === 'header' ? { authorization: `Bearer ${tokens.access_token}` } : {}
    const body = place === 'body' ? { body: new URLSearchParams({ access_token: tokens.access_token }) } : {}
    const answer = await fetch(`${one.issuer}/userinfo`, { method, headers: header, ...body })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  it.each([
    ['openid profile', 'name'],
    ['openid phone', 'phone_number'],
    ['profile phone openid', 'name'],
  ])('scope %s: userinfo has %s', async (scope, claim) => {
    const { party: one, tokens } = await signed({ scope })
    expect(await (await userinfo(one, tokens.access_token)).json()).toHaveProperty(claim)
  })

  it.each(['page', 'popup'])('display-%s shows the sign-in page', async (display) => {
    const one = await party()
    expect(responseOf(await follow(one, authorizationUrl(one, mode({ display })))).get('code')).toBeTruthy()
  })

  it('prompt-login: a signed-in person is asked again, and auth_time moves', async () => {
    const { party: one, tokens } = await signed({ max_age: '10000' })
    const before = await verified(one, tokens.id_token)
    await server.forward(2000)
    const page = await again(one, { prompt: 'login', max_age: '10000' })
    expect(page.html).toContain('name="password"')
    const code = responseOf(await answerPages(one, page)).get('code') ?? ''
    const later = await verified(one, ((await (await redeem(one, code)).json()) as { id_token: string }).id_token)
    expect(Number(later['auth_time'])).toBeGreaterThan(Number(before['auth_time']))
    expect(later.sub).toBe(before.sub)
  })

  it('prompt-none-not-logged-in: login_required with the state', async () => {
    const one = await party()
    const response = responseOf(await again(one, { prompt: 'none' }))
    expect(Object.fromEntries(response)).toMatchObject({
      error: 'login_required',
      state: 'a state',
      iss: server.issuer,
    })
  })

  it('prompt-none-logged-in: the same person, the same auth_time, no page', async () => {
    const { party: one, tokens } = await signed({ max_age: '10000' })
    const before = await verified(one, tokens.id_token)
    const code = responseOf(await again(one, { prompt: 'none', max_age: '15000' })).get('code') ?? ''
    const later = await verified(one, ((await (await redeem(one, code)).json()) as { id_token: string }).id_token)
    expect([later.sub, later['auth_time']]).toEqual([before.sub, before['auth_time']])
  })

  it('max-age-1: an older sign-in is asked again', async () => {
    const { party: one } = await signed()
    await server.forward(3000)
    expect((await again(one, { max_age: '1' })).html).toContain('name="password"')
  })

  it('max-age-10000: a younger sign-in is not asked again, and auth_time is given', async () => {
    const { party: one, tokens } = await signed({ max_age: '10000' })
    expect(typeof (await verified(one, tokens.id_token))['auth_time']).toBe('number')
    expect(responseOf(await again(one, { max_age: '10000' })).get('code')).toBeTruthy()
  })

  it.each<[string, Parameters]>([
    ['ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['login-hint', { login_hint: 'buffy@example.com' }],
    ['ui-locales', { ui_locales: 'se' }],
    ['claims-locales', { claims_locales: 'se' }],
    ['ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
    ['scope-email-not-supported', { scope: 'openid email' }],
    ['claims-essential', { claims: JSON.stringify({ userinfo: { name: { essential: true } } }) }],
    ['prompt-select-account', { prompt: 'select_account' }],
  ])('%s', async (_name, changes) => {
    const one = await party()
    expect(responseOf(await follow(one, authorizationUrl(one, mode(changes)))).get('code')).toBeTruthy()
  })

  it('id-token-hint: prompt=none signs the same person in', async () => {
    const { party: one, tokens } = await signed()
    expect(responseOf(await again(one, { prompt: 'none', id_token_hint: tokens.id_token })).get('code')).toBeTruthy()
  })

  it.each([0, 30_000])('codereuse after %d ms: invalid_grant, and the access token ends', async (wait) => {
    const one = await party()
    const code = await codeOf(one, mode())
    const tokens = (await (await redeem(one, code)).json()) as { access_token: string }
    if (wait > 0) await server.forward(wait)
    const second = await redeem(one, code)
    expect([second.status, ((await second.json()) as { error: string }).error]).toEqual([400, 'invalid_grant'])
    expect((await userinfo(one, tokens.access_token)).status).toBe(401)
  })

  it.each([
    ['ensure-registered-redirect-uri', (uri: string) => `${uri}/other`],
    ['redirect-uri-query-added', (uri: string) => `${uri}?foo=bar`],
    ['redirect-uri-query-mismatch', (uri: string) => `${uri}?dummy1=lorem&dummy2=other`],
  ])('%s: a page, never a redirect', async (_name, change) => {
    const one = await party()
    const page = await again(one, { redirect_uri: change(one.redirectUris[0]) })
    expect([page.status, page.leads]).toEqual([400, undefined])
  })

  it('redirect-uri-query-OK: a registered query is retained', async () => {
    const one = await party()
    const page = await follow(one, authorizationUrl(one, { redirect_uri: one.redirectUris[1] }))
    expect(Object.fromEntries(page.leads?.searchParams ?? [])).toMatchObject({ dummy1: 'lorem', dummy2: 'ipsum' })
  })

  it('ensure-post-request-succeeds: the authorization request as a form', async () => {
    const one = await party()
    const url = authorizationUrl(one, mode())
    const page = await one.visitor.post('/authorize', Object.fromEntries(url.searchParams))
    expect(responseOf(await answerPages(one, page)).get('code')).toBeTruthy()
  })

  it('server-client-secret-post', async () => {
    const one = await party({ auth_method: 'client_secret_post' })
    const code = await codeOf(one, mode())
    const fields = { grant_type: 'authorization_code', code, redirect_uri: one.redirectUris[0] }
    const answer = await post(one, '/token', { ...fields, client_id: one.id, client_secret: one.secret }, {})
    expect(answer.status).toBe(200)
  })

  it('unsigned-request-object: refused, because discovery lists no algorithm none', async () => {
    const one = await party()
    const request = `${part({ alg: 'none' })}.${part({ state: 'inside', ...mode() })}.`
    const page = await again(one, { request })
    expect(responseOf(page).get('code')).toBeNull()
    const discovery = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as {
      request_object_signing_alg_values_supported?: string[]
    }
    expect(discovery.request_object_signing_alg_values_supported).toContain('ES256')
    expect(discovery.request_object_signing_alg_values_supported).not.toContain('none')
  })

  it('refresh-token: consent gives one, and it gives new tokens of the same person', async () => {
    const { party: one, tokens } = await signed({ scope: 'openid offline_access', prompt: 'consent' })
    const answer = await post(one, '/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    const refreshed = (await answer.json()) as { id_token: string }
    const [first, second] = [await verified(one, tokens.id_token), await verified(one, refreshed.id_token)]
    expect([second.sub, second.iss, second['auth_time']]).toEqual([first.sub, first.iss, first['auth_time']])
  })

  it('refresh-token of another client is refused', async () => {
    const { tokens } = await signed({ scope: 'openid offline_access', prompt: 'consent' })
    const other = await party()
    const answer = await post(other, '/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(((await answer.json()) as { error: string }).error).toBe('invalid_grant')
  })
})
