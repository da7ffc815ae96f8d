import { decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson } from '../setup/person.ts'
import { type RunningServer, startServer } from '../setup/server.ts'
import {
  answerPages,
  authorizationUrl,
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

async function signed(changes: Parameters = {}, overrides: Parameters = {}) {
  const party = await relyingParty(services, overrides)
  return { party, tokens: await tokensOf(party, changes) }
}

const ask = (party: RelyingParty, changes: Parameters) => party.visitor.get(authorizationUrl(party, changes))

describe('OpenID Connect Core 1.0, 3.1.2: the authorization endpoint', () => {
  it.each<[string, Parameters]>([
    ['prompt=none with another value', { prompt: 'none login' }],
    ['a max_age that is no number', { max_age: 'abc' }],
    ['an id_token_hint that is no token', { id_token_hint: 'x' }],
    ['claims that are no JSON', { claims: '{' }],
    ['an acr in claims of another type', { claims: '{"id_token":{"acr":{"values":3}}}' }],
  ])('3.1.2.6: %s is invalid_request, with the state', async (_name, changes) => {
    const party = await relyingParty(services)
    const response = responseOf(await ask(party, changes))
    expect([response.get('error'), response.get('state')]).toEqual(['invalid_request', 'a state'])
  })

  it.each(['client_id', 'redirect_uri'])('3.1.2.2: without %s nothing returns to a portal', async (name) => {
    const page = await ask(await relyingParty(services), { [name]: undefined })
    expect([page.status, page.leads]).toEqual([400, undefined])
  })

  it('3.1.2.2: an id_token_hint of another person is login_required with prompt=none', async () => {
    const { tokens, party } = await signed()
    const other = { ...party, person: await openPerson(services), visitor: (await relyingParty(services)).visitor }
    await follow(other, authorizationUrl(other))
    const response = responseOf(await ask(other, { prompt: 'none', id_token_hint: tokens.id_token }))
    expect(response.get('error')).toBe('login_required')
  })

  it('3.1.2.2: a sub that is asked for is the only one that signs in', async () => {
    const { party, tokens } = await signed()
    const { sub } = await verified(party, tokens.id_token)
    const claims = (value: unknown) => JSON.stringify({ id_token: { sub: { value } } })
    expect(responseOf(await ask(party, { prompt: 'none', claims: claims(sub) })).get('code')).toBeTruthy()
    expect(responseOf(await ask(party, { prompt: 'none', claims: claims('other') })).get('error')).toBe(
      'login_required',
    )
  })

  it('3.1.2.3: no other site can frame the pages', async () => {
    const page = await ask(await relyingParty(services), {})
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it('3.1.3.3: the token response is JSON that no cache stores', async () => {
    const party = await relyingParty(services)
    const code = responseOf(await follow(party, authorizationUrl(party))).get('code') ?? ''
    const answer = await redeem(party, code)
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  it('3.1.3.6, 2: the ID token has iss, sub, aud, exp, iat, and the nonce unchanged', async () => {
    const nonce = 'n-0S6_WzA2Mj +/='
    const { party, tokens } = await signed({ nonce })
    const claims = await verified(party, tokens.id_token)
    expect(claims).toMatchObject({ iss: server.issuer, aud: party.id, nonce })
    expect(String(claims.sub).length).toBeLessThanOrEqual(255)
    expect(Number(claims.exp)).toBeGreaterThan(Number(claims.iat))
  })
})

describe('OpenID Connect Core 1.0, 5: claims', () => {
  it('5.3.2: userinfo always has the sub of the ID token', async () => {
    const { party, tokens } = await signed({ scope: 'openid profile' })
    const answer = (await (await userinfo(party, tokens.access_token)).json()) as { sub: string }
    expect(answer.sub).toBe((await verified(party, tokens.id_token)).sub)
  })

  it.each(['', 'Bearer wrong', 'Basic eDp5'])('5.3.3: userinfo with "%s" is 401 with a challenge', async (given) => {
    const headers: Record<string, string> = given ? { authorization: given } : {}
    const answer = await fetch(`${server.issuer}/userinfo`, { headers })
    expect([400, 401]).toContain(answer.status)
    expect(answer.headers.get('www-authenticate')).toMatch(/^(?:Bearer|DPoP) /)
  })

  it.each([
    { id_token: { unheard_of: { essential: true } } },
    { userinfo: { unheard_of: null }, unheard_of_member: {} },
    { userinfo: { name: { values: ['王五', '李四'] } } },
  ])('5.5: %j is no error', async (claims) => {
    const party = await relyingParty(services)
    const response = responseOf(await follow(party, authorizationUrl(party, { claims: JSON.stringify(claims) })))
    expect(response.get('code')).toBeTruthy()
  })

  it('5.5: a claim asked for in the ID token is in it', async () => {
    const { party, tokens } = await signed({ scope: 'openid profile', claims: '{"id_token":{"name":null}}' })
    expect(await verified(party, tokens.id_token)).toHaveProperty('name')
  })

  it('5.5.1.1: an essential acr out of reach fails, a voluntary one does not', async () => {
    const { party } = await signed()
    const asked = (essential: boolean) =>
      ask(party, {
        prompt: 'none',
        claims: JSON.stringify({ id_token: { acr: { essential, values: ['urn:example:other'] } } }),
      })
    expect(responseOf(await asked(true)).get('code')).toBeNull()
    expect(responseOf(await asked(false)).get('code')).toBeTruthy()
  })
})

describe('OpenID Connect Core 1.0, 10 to 12: keys, offline access, refresh', () => {
  it('10.1: the ID token names its key in `kid`', async () => {
    const { tokens } = await signed()
    const keys = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { kid: string }[] }
    expect(keys.keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(tokens.id_token).kid)
  })

  it('11: no refresh token without offline_access', async () => {
    const { tokens } = await signed({ scope: 'openid', prompt: 'consent' })
    expect(tokens.refresh_token).toBeUndefined()
  })

  it('12.2: a refreshed ID token has the same iss, sub, aud and auth_time, and a new iat', async () => {
    const scope = 'openid offline_access'
    const { party, tokens } = await signed({ scope, prompt: 'consent', nonce: 'n', max_age: '10000' })
    await server.forward(5000)
    const answer = await post(party, '/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    const before = await verified(party, tokens.id_token)
    const after = await verified(party, ((await answer.json()) as { id_token: string }).id_token)
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) expect(after[name], name).toEqual(before[name])
    expect(Number(after.iat)).toBeGreaterThan(Number(before.iat))
  })

  it('12: after `prompt=consent` no other page is needed', async () => {
    const party = await relyingParty(services)
    await follow(party, authorizationUrl(party, { scope: 'openid offline_access', prompt: 'consent' }))
    const page = await ask(party, { scope: 'openid', prompt: 'none' })
    expect(responseOf(await answerPages(party, page)).get('code')).toBeTruthy()
  })
})
