import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ownIssuer, upstreamClient } from '../setup/upstreams/client.ts'
import { startFakeProvider, type FakeProvider } from '../setup/upstreams/fake-provider.ts'

let provider: FakeProvider

beforeAll(async () => {
  provider = await startFakeProvider()
})
beforeEach(() => provider.behave())

const client = () => upstreamClient(provider.row())

describe('sign-out at the provider', () => {
  const back = { url: `${ownIssuer}/upstream/signed-out`, state: 's' }

  test('leads to its own address, with our ID token and our address', async () => {
    const url = new URL((await client().logoutUrl?.({ idToken: 'a.b.c' }, back)) ?? '')
    expect(url.href.startsWith(`${provider.issuer}/logout?`)).toBe(true)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'yideng',
      id_token_hint: 'a.b.c',
      post_logout_redirect_uri: back.url,
      state: 's',
    })
  })

  test.each([undefined, 'javascript:alert(1)'])('leads nowhere where the provider names %s', async (end) => {
    provider.behave({ discovery: { end_session_endpoint: end } })
    expect(await client().logoutUrl?.({}, back)).toBeUndefined()
  })
})

describe('a logout token', () => {
  test('names the session, the person, or both', async () => {
    const reader = client()
    const read = async (claims: object) => reader.readLogout?.(await provider.logoutToken({ ...claims }))
    expect(await read({ sid: 'a', jti: 'j' })).toEqual({ sid: 'a', subject: undefined, jti: 'j' })
    expect(await read({ sub: 'b', jti: 'j' })).toEqual({ sid: undefined, subject: 'b', jti: 'j' })
  })

  const wrong: Record<string, Record<string, unknown>> = {
    'neither session nor person': {},
    'a nonce': { sid: 'a', nonce: 'n' },
    'another issuer': { sid: 'a', iss: 'https://other.example' },
    'another audience': { sid: 'a', aud: 'other' },
    'no event': { sid: 'a', events: {} },
    'an event that is no object': { sid: 'a', events: { 'http://schemas.openid.net/event/backchannel-logout': true } },
    'no jti': { sid: 'a', jti: undefined },
    'no time of issue': { sid: 'a', iat: undefined },
    'an old time of issue': { sid: 'a', iat: 1 },
    'a list as session': { sid: ['a'] },
  }
  test.each(Object.entries(wrong))('counts not with %s', async (_title, claims) => {
    expect(await client().readLogout?.(await provider.logoutToken(claims))).toBeUndefined()
  })

  test.each(['none', 'unknown key', 'shared secret'] as const)('counts not when signed by: %s', async (signature) => {
    provider.behave({ signature })
    expect(await client().readLogout?.(await provider.logoutToken({ sid: 'a' }))).toBeUndefined()
  })

  test('is no ID token and no other text', async () => {
    const reader = client()
    expect(await reader.readLogout?.(await provider.logoutToken({ sid: 'a' }, 'at+jwt'))).toBeUndefined()
    expect(await reader.readLogout?.(await provider.logoutToken({ sid: 'a' }, 'JWT'))).toHaveProperty('sid', 'a')
    expect(await reader.readLogout?.('a.b.c')).toBeUndefined()
    expect(await reader.readLogout?.('')).toBeUndefined()
  })
})
