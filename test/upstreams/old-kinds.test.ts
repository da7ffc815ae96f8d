import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UpstreamFailure } from '../../src/upstreams/upstream-client.ts'
import { transportFaults, type TransportFault } from '../setup/upstreams/fake-server.ts'
import {
  anna,
  bert,
  everyOldKind,
  oldKinds,
  startOldSystems,
  type OldKind,
  type OldSystems,
} from '../setup/upstreams/kinds.ts'
import { newStep, walk } from '../setup/upstreams/open.ts'

let old: OldSystems
beforeAll(async () => {
  old = await startOldSystems()
})
beforeEach(() => {
  old.well()
  old.visitedBy(anna)
})

const endpoints = everyOldKind.flatMap((kind) => oldKinds[kind].map((endpoint): [OldKind, string] => [kind, endpoint]))
const failures: Record<TransportFault, UpstreamFailure[]> = {
  slow: ['unavailable'],
  'hang-up': ['unavailable'],
  half: ['unavailable', 'answer_invalid'],
  huge: ['answer_invalid'],
  redirect: ['unavailable', 'misconfigured'],
  'status-500': ['unavailable'],
  page: ['unavailable', 'answer_invalid'],
  empty: ['unavailable', 'answer_invalid'],
}

describe.each(everyOldKind)('an upstream of the kind %s', (kind) => {
  it('names the person who came, with what it knows of them', async () => {
    const client = old.client(kind)
    const step = newStep(client)
    const returned = await walk(client, step)
    expect(client.stateOf(returned)).toBe(step.state)
    expect(await client.identify(step, returned)).toEqual({
      identity: {
        subject: anna.subject,
        level: 3,
        name: anna.name,
        phone: `+86${anna.phone}`,
        document: { type: 'resident_id', number: anna.number },
      },
    })
  })

  it('keeps two subjects apart that differ by case, and counts an unknown level as 2', async () => {
    old.visitedBy(bert)
    const client = old.client(kind)
    const step = newStep(client)
    const answer = await client.identify(step, await walk(client, step))
    expect(answer).toMatchObject({ identity: { subject: bert.subject, level: 2 } })
  })

  it('does not take what came for another step', async () => {
    const client = old.client(kind)
    const [mine, other] = [newStep(client), newStep(client)]
    const returned = await walk(client, other)
    const swapped = await client.identify(mine, { ...returned, state: mine.state })
    expect(swapped).toHaveProperty('failure')
  })

  it.each([
    {},
    { state: 'x' },
    { ticket: '', code: '', response: '' },
    { ticket: 'ST-ä', code: 'ä', response: 'a.b.c' },
  ])('names no person for %j, and makes no call', async (returned) => {
    const client = old.client(kind)
    const before = old.systems[kind].calls.length
    expect(await client.identify(newStep(client), returned)).toHaveProperty('failure')
    expect(old.systems[kind].calls.length).toBe(before)
  })

  it('has an empty state for a browser that brings none', () => {
    expect(old.client(kind).stateOf({})).toBe('')
  })

  it('shows that a registration works', async () => {
    expect(await old.client(kind).check()).toEqual({ ok: true })
  })
})

describe.each(endpoints)('%s, endpoint %s', (kind, endpoint) => {
  it.each(transportFaults)('names no person where the answer is %s', async (fault) => {
    const client = old.client(kind, {}, { patienceMs: fault === 'slow' ? 200 : 5000 })
    const step = newStep(client)
    const returned = await walk(client, step)
    old.systems[kind].fail(endpoint, fault)
    const answer = await client.identify(step, returned)
    expect(failures[fault]).toContain('failure' in answer ? answer.failure : 'an identity')
  })
})

describe.each(everyOldKind.filter((kind) => kind !== 'adapter'))('the server of %s', (kind) => {
  it('takes a code once', async () => {
    const client = old.client(kind)
    const step = newStep(client)
    const returned = await walk(client, step)
    expect(await client.identify(step, returned)).toHaveProperty('identity')
    expect(await client.identify(step, returned)).toEqual({ failure: 'code_refused' })
  })
})

describe('a CAS server', () => {
  it('names no person where a browser comes back without a ticket', async () => {
    old.visitedBy(undefined)
    const client = old.client('cas-json')
    const step = newStep(client)
    expect(await client.identify(step, await walk(client, step))).toEqual({ failure: 'declined' })
  })

  it('signs out where it has an address for it, and leads back with the state', async () => {
    const addresses = { ...old.rows['cas-json'].addresses, logout: 'https://cas.example/cas/logout?from=yideng' }
    const url = await old.client('cas-json', { addresses }).logoutUrl?.({}, { url: 'https://id.example/x', state: 's' })
    const service = new URLSearchParams({ from: 'yideng', service: 'https://id.example/x?state=s' }).toString()
    expect(url).toBe(`https://cas.example/cas/logout?${service}`)
    expect(old.client('cas-json').logoutUrl).toBeUndefined()
  })
})

describe('an OAuth 2.0 of its own', () => {
  it('shows that the secret is wrong', async () => {
    const client = old.client('tif', {}, { keys: { 'tif-secret': 'wrong' } })
    expect(await client.check()).toEqual({ ok: false, failure: 'misconfigured' })
  })

  it('names no person for an account of a company', async () => {
    old.systems.tif.alter('tokeninfo', (text) => text.replace('"usertype":1', '"usertype":2'))
    const client = old.client('tif')
    const step = newStep(client)
    expect(await client.identify(step, await walk(client, step))).toEqual({ failure: 'answer_invalid' })
  })

  it('reads each digit of a long number', async () => {
    old.systems.tif.alter('tokeninfo', (text) => text.replace(`"${anna.subject}"`, '9007199254740993'))
    const client = old.client('tif')
    const step = newStep(client)
    const answer = await client.identify(step, await walk(client, step))
    expect(answer).toMatchObject({ identity: { subject: '9007199254740993' } })
  })

  it.each(['access_denied', 'server_error', 'invalid_scope', '__proto__', ''])(
    'takes the error %j of the browser for a refusal of the person',
    async (error) => {
      const client = old.client('tif')
      expect(await client.identify(newStep(client), { error, code: 'x' })).toEqual({ failure: 'declined' })
    },
  )

  it('lets the state go where the row says that it is dropped', async () => {
    const options = { ...old.rows.tif.options, state: 'dropped' }
    const client = old.client('tif', { options })
    const returned = await walk(client, newStep(client))
    expect(returned).not.toHaveProperty('state')
    expect(client.stateOf({ ...returned, state: 'planted' })).toBeUndefined()
  })

  it('sends PKCE, and the secret and the token in headers, where the row has them there', async () => {
    const options = { pkce: true, secretIn: 'header', state: 'returned' }
    const client = old.client('tif', { options })
    const step = newStep(client)
    const begun = await client.begin(step)
    const asked = new URL('url' in begun ? begun.url : 'none:').searchParams
    expect(asked.get('state')).toBe(step.state)
    expect(asked.get('code_challenge_method')).toBe('S256')
    const before = old.systems.tif.calls.length
    await client.identify(step, { code: 'x', state: step.state })
    const [call] = old.systems.tif.calls.slice(before)
    expect(call?.method).toBe('POST')
    expect(call?.given.get('code_verifier')).toBe(step.verifier)
    expect(call?.given.has('client_secret')).toBe(false)
    expect(call?.authorization).toBe(`Basic ${Buffer.from('yideng:tif-secret').toString('base64')}`)
  })
})

describe('an adapter', () => {
  const now = () => Math.floor(Date.now() / 1000)

  it('gets a signed request for this step, for five minutes', async () => {
    const client = old.client('adapter')
    const step = newStep(client)
    const begun = await client.begin(step)
    const request = new URL('url' in begun ? begun.url : 'none:').searchParams.get('request') ?? ''
    const payload = await old.adapter.verified(request)
    expect(payload).toMatchObject({ jti: step.state, acr: 'urn:yideng:loa:3', redirect_uri: step.callback })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
    expect(JSON.stringify(payload)).not.toContain(step.verifier)
  })

  it.each<[string, (payload: Record<string, unknown>) => object]>([
    ['another issuer', () => ({ iss: 'https://other.example' })],
    ['another audience', () => ({ aud: 'https://other.example' })],
    ['several audiences', ({ aud }) => ({ aud: [aud, 'https://other.example'] })],
    ['no audience', () => ({ aud: undefined })],
    ['another nonce', () => ({ nonce: 'x.y' })],
    ['a list as nonce', ({ nonce }) => ({ nonce: [nonce] })],
    ['no nonce', () => ({ nonce: undefined })],
    ['no end', () => ({ exp: undefined })],
    ['a life of 61 seconds', () => ({ exp: now() + 61 })],
    ['an end in the past', () => ({ iat: now() - 70, exp: now() - 11 })],
    ['a beginning in the future', () => ({ iat: now() + 30, exp: now() + 60 })],
    ['no subject', () => ({ sub: undefined })],
    ['a list as subject', () => ({ sub: [anna.subject] })],
    ['an unknown error', () => ({ error: 'x' })],
    ['an error of a wrong kind', () => ({ error: ['access_denied'] })],
  ])('names no person with %s', async (_what, change) => {
    old.adapter.alterPayload((payload) => ({ ...payload, ...change(payload) }))
    const client = old.client('adapter')
    const step = newStep(client)
    expect(await client.identify(step, await walk(client, step))).toEqual({ failure: 'answer_invalid' })
  })

  it('names no person after a refusal of the person', async () => {
    old.visitedBy(undefined)
    const client = old.client('adapter')
    const step = newStep(client)
    expect(await client.identify(step, await walk(client, step))).toEqual({ failure: 'declined' })
  })

  it('shows that it does not know our key', async () => {
    const client = old.client('adapter', {}, { sign: async () => 'a.b.c' })
    expect(await client.check()).toEqual({ ok: false, failure: 'misconfigured' })
  })

  const pem = (key: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer }) =>
    String(key.export({ type: 'spki', format: 'pem' }))
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })

  it('may have an EC key of P-256 or an RSA key', () => {
    for (const { publicKey } of [curve('P-256'), rsa(2048)])
      expect(() => old.client('adapter', {}, { keys: { 'adapter-public': pem(publicKey) } })).not.toThrow()
  })

  it('has no other key, and no private one', () => {
    const own = String(curve('P-256').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const ownJwk = JSON.stringify(curve('P-256').privateKey.export({ format: 'jwk' }))
    const others = [pem(curve('P-384').publicKey), pem(rsa(1024).publicKey), own, ownJwk, '{}', 'x']
    for (const text of others)
      expect(() => old.client('adapter', {}, { keys: { 'adapter-public': text } })).toThrow(
        /public key of the upstream/,
      )
  })
})
