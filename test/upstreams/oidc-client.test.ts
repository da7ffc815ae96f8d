import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UpstreamClient } from '../../src/upstreams/upstream-client.ts'
import type { Upstream } from '../../src/upstreams/upstreams.ts'
import { stepOf, upstreamClient } from '../setup/upstreams/client.ts'
import { startFakeProvider, type FakeProvider, type Misbehaviour } from '../setup/upstreams/fake-provider.ts'

const person = {
  sub: 'Sub-1',
  sid: 'session 1',
  name: '张三',
  phone_number: '+8613800138000',
  id_type: 'resident_id',
  id_number: '11010519491231002X',
  acr: 'high',
}
let provider: FakeProvider
let now = Date.now()

beforeAll(async () => {
  provider = await startFakeProvider(person)
})
beforeEach(() => {
  provider.behave()
  provider.asked.length = 0
  now = Date.now()
})

const clientOf = (other: Partial<Upstream> = {}, production = false) =>
  upstreamClient(provider.row(other), { production, clock: () => now })
/** Goes to the provider and comes back. */
async function walk(client: UpstreamClient, given = stepOf(), back = given, changed: Record<string, string> = {}) {
  const begun = await client.begin(given)
  if ('failure' in begun) return begun
  return client.identify(back, { ...provider.signIn(begun.url), ...changed })
}

describe('a provider that behaves', () => {
  test('names the person, with the session and the ID token for the sign-out', async () => {
    expect(await walk(clientOf({ levels: { high: 3 } }))).toMatchObject({
      identity: {
        subject: 'Sub-1',
        level: 3,
        name: '张三',
        phone: '+8613800138000',
        document: { type: 'resident_id', number: '11010519491231002X' },
        session: { sid: 'session 1', idToken: expect.stringMatching(/^eyJ/) },
      },
    })
  })

  test('gets PKCE, a nonce, a state and our address', async () => {
    const given = stepOf()
    const begun = await clientOf().begin(given)
    const query = new URL('url' in begun ? begun.url : '').searchParams
    expect(Object.fromEntries(query)).toMatchObject({
      client_id: 'yideng',
      response_type: 'code',
      redirect_uri: given.callback,
      state: given.state,
      nonce: given.nonce,
      code_challenge_method: 'S256',
      scope: 'openid profile identity phone',
    })
    expect(query.get('acr_values')).toBeNull()
  })

  test('is asked for the level of the portal in its own words, the lowest that is enough first', async () => {
    const client = clientOf({ levels: { face: 4, low: 2, real: 3 } })
    const begun = await client.begin(stepOf({ level: 3 }))
    expect(new URL('url' in begun ? begun.url : '').searchParams.get('acr_values')).toBe('real face')
  })

  test('is asked to ask the person again, where a sign-in must be fresh; an older one names no person', async () => {
    const step = stepOf({ freshSince: now })
    const begun = await clientOf().begin(step)
    const query = new URL('url' in begun ? begun.url : '').searchParams
    expect([query.get('prompt'), query.get('max_age')]).toEqual(['login', '600'])
    const seconds = Math.floor(now / 1000)
    for (const [time, named] of [
      [seconds, true],
      [seconds - 59, true],
      [seconds - 61, false],
      [String(seconds), false],
      [undefined, false],
    ] as const) {
      provider.behave({ claims: { auth_time: time } })
      const answer = await walk(clientOf(), stepOf({ freshSince: now }))
      expect(answer, String(time)).toMatchObject(
        named ? { identity: { subject: 'Sub-1' } } : { failure: 'answer_invalid' },
      )
    }
    provider.behave({ claims: { auth_time: seconds - 61 } })
    expect(await walk(clientOf())).toHaveProperty('identity.subject', 'Sub-1')
  })

  test('gets the secret in the form, where it announces nothing else', async () => {
    provider.behave({ discovery: { token_endpoint_auth_methods_supported: ['client_secret_post'] } })
    expect(await walk(clientOf())).toHaveProperty('identity.subject', 'Sub-1')
  })

  test('is asked for its document once in an hour, and keys stay', async () => {
    const client = clientOf()
    const discoveries = () => provider.asked.filter((path) => path.includes('well-known')).length
    for (let n = 0; n < 3; n += 1) await walk(client)
    expect(discoveries()).toBe(1)
    now += 3_700_000
    await client.begin(stepOf())
    await expect.poll(discoveries).toBe(2)
  })

  test('works on with its last document while it does not answer', async () => {
    const client = clientOf()
    await walk(client)
    now += 3_700_000
    provider.behave({ status: { '/.well-known/openid-configuration': 500 } })
    expect(await client.begin(stepOf())).toHaveProperty('url')
  })

  test('passes a check, with its own address and a wrong code', async () => {
    expect(await clientOf().check()).toEqual({ ok: true })
  })
})

describe('an answer that cannot be trusted names no person', () => {
  const cases: Record<string, Misbehaviour> = {
    'an ID token without signature': { signature: 'none' },
    'the same, where the provider announces it': {
      signature: 'none',
      discovery: { id_token_signing_alg_values_supported: ['none', 'ES256'] },
    },
    'a key that is not published': { signature: 'unknown key' },
    'the shared secret as key': {
      signature: 'shared secret',
      discovery: { id_token_signing_alg_values_supported: ['HS256', 'ES256'] },
    },
    'another issuer': { claims: { iss: 'https://other.example' } },
    'another audience': { claims: { aud: 'another portal' } },
    'two audiences, and another party': { claims: { aud: ['yideng', 'other'], azp: 'other' } },
    'a nonce of another step': { claims: { nonce: 'other' } },
    'no nonce': { claims: { nonce: undefined } },
    'an ID token that is over': { claims: { exp: 1 } },
    'no time of issue': { claims: { iat: undefined } },
    'no subject': { claims: { sub: undefined } },
    'an empty subject': { claims: { sub: '' } },
    'a number as subject': { claims: { sub: 7 } },
    'a subject of 256 characters': { claims: { sub: 'a'.repeat(256) }, userinfo: { sub: 'a'.repeat(256) } },
    'another person at userinfo': { userinfo: { sub: 'Sub-2' } },
    'the same subject in another case': { userinfo: { sub: 'sub-1' } },
    'no ID token': { token: { id_token: undefined } },
    'an ID token that is none': { token: { id_token: 'a.b.c' } },
    'a list as name': { userinfo: { name: ['张三'] } },
    'a name of a megabyte': { userinfo: { name: '张'.repeat(1 << 20) } },
    'a list as session': { claims: { sid: ['a'] } },
    'bytes of GBK': { userinfo: Buffer.from('{"sub":"Sub-1","name":"\xd5\xc5"}', 'latin1') },
  }
  test.each(Object.entries(cases))('%s', async (_title, bad) => {
    provider.behave(bad)
    expect(await walk(clientOf())).toEqual({ failure: 'answer_invalid' })
  })

  test('__proto__ is a name like others', async () => {
    provider.behave({
      claims: { acr: undefined },
      userinfo: Buffer.from('{"sub":"Sub-1","__proto__":{"acr":"high","name":"李四"}}'),
    })
    expect(await walk(clientOf({ levels: { high: 3 } }))).toMatchObject({
      identity: { subject: 'Sub-1', name: undefined, level: 2 },
    })
  })

  test('a response without the issuer, where the provider announces it (RFC 9207)', async () => {
    provider.behave({ discovery: { authorization_response_iss_parameter_supported: true } })
    const client = clientOf()
    expect(await walk(client)).toEqual({ failure: 'answer_invalid' })
    expect(await walk(client, stepOf(), undefined, { iss: 'https://other.example' })).toEqual({
      failure: 'answer_invalid',
    })
    expect(await walk(client, stepOf(), undefined, { iss: provider.issuer })).toHaveProperty('identity')
  })

  test('a response of another step: state, nonce and verifier each count', async () => {
    const client = clientOf()
    const mine = stepOf()
    expect(await walk(client, mine, { ...mine, state: 'other' })).toEqual({ failure: 'answer_invalid' })
    expect(await walk(client, mine, { ...mine, nonce: 'other' })).toEqual({ failure: 'answer_invalid' })
    expect(await walk(client, mine, { ...mine, verifier: 'x'.repeat(43) })).toEqual({ failure: 'code_refused' })
  })

  test('a response with tokens in it', async () => {
    expect(await walk(clientOf(), stepOf(), undefined, { id_token: 'a.b.c' })).toEqual({ failure: 'answer_invalid' })
    expect(await walk(clientOf(), stepOf(), undefined, { response: 'a.b.c' })).toEqual({ failure: 'answer_invalid' })
  })
})

describe('a sign-in that fails has a reason', () => {
  test('the person went back, also by an error that a stranger made up', async () => {
    for (const error of ['access_denied', 'server_error', 'unauthorized_client']) {
      provider.behave({ response: { code: undefined, error } })
      expect(await walk(clientOf())).toEqual({ failure: 'declined' })
    }
  })

  test('a code that was used, or is none', async () => {
    const client = clientOf()
    const given = stepOf()
    const begun = await client.begin(given)
    const returned = provider.signIn('url' in begun ? begun.url : '')
    expect(await client.identify(given, returned)).toHaveProperty('identity')
    expect(await client.identify(given, returned)).toEqual({ failure: 'code_refused' })
    expect(await client.identify(given, { ...returned, code: '张' })).toEqual({ failure: 'code_refused' })
    expect(await client.identify(given, { ...returned, code: 'a'.repeat(3000) })).toEqual({ failure: 'code_refused' })
  })

  test('a wrong secret is ours to mend', async () => {
    const client = clientOf({ secret: 'wrong' })
    expect(await walk(client)).toEqual({ failure: 'misconfigured' })
    expect(await client.check()).toEqual({ ok: false, failure: 'misconfigured' })
  })

  test('so is an issuer with other characters than the provider has', async () => {
    expect(await clientOf({ issuer: `${provider.issuer}/` }).begin(stepOf())).toEqual({ failure: 'misconfigured' })
  })

  test.each(['/token', '/userinfo', '/jwks', '/.well-known/openid-configuration'])(
    '%s answers with an error',
    async (path) => {
      provider.behave({ status: { [path]: 503 } })
      expect(await walk(clientOf())).toEqual({ failure: 'unavailable' })
    },
  )

  test('one that is too slow is out of order, and so is one that needs too long in all', async () => {
    provider.behave({ slow: { '/token': 4000 } })
    expect(await walk(clientOf())).toEqual({ failure: 'unavailable' })
    provider.behave({ slow: { '/token': 2000, '/jwks': 2000, '/userinfo': 2000 } })
    const began = performance.now()
    expect(await walk(clientOf())).toEqual({ failure: 'unavailable' })
    expect(performance.now() - began).toBeLessThan(5900)
  })

  test('no server listens there', async () => {
    const client = clientOf({ issuer: 'http://localhost:9' })
    expect(await client.begin(stepOf())).toEqual({ failure: 'unavailable' })
  })

  test('a failure is not repeated for each visitor', async () => {
    provider.behave({ status: { '/.well-known/openid-configuration': 503 } })
    const client = clientOf()
    for (let n = 0; n < 5; n += 1) await client.begin(stepOf())
    expect(provider.asked).toHaveLength(1)
    provider.behave()
    now += 6000
    expect(await client.begin(stepOf())).toHaveProperty('url')
  })

  test.each([
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['token_endpoint', undefined],
    ['jwks_uri', 7],
  ])('a document with an unusable %s leads nowhere', async (name, value) => {
    provider.behave({ discovery: { [name]: value } })
    expect(await clientOf().begin(stepOf())).toHaveProperty('failure')
  })
})

test('in production an upstream inside needs YIDENG_OUTBOUND_NETWORKS', async () => {
  expect(await clientOf({}, true).begin(stepOf())).toEqual({ failure: 'misconfigured' })
  expect(provider.asked).toEqual([])
})
