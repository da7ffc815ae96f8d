import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal
let publicPortal: TestPortal
let knownVisitor: Visitor
let knownPortal: TestPortal

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
  portal = await registerPortal(services, { scope: 'openid profile' })
  publicPortal = await registerPortal(services, { type: 'spa', scope: 'openid profile offline_access' })
  const known = await signedIn(services, { scope: 'openid profile', consent: 'implicit' })
  knownVisitor = known.visitor
  knownPortal = known.portal
})

/** Values of every JSON type, and names that all objects inherit. */
const odd: unknown[] = [
  null,
  true,
  0,
  -1,
  Number.MAX_VALUE,
  1.5,
  '',
  'x',
  '\0',
  '\ud800',
  '__proto__',
  'constructor',
  [],
  ['x'],
  [null],
  {},
  { a: 1 },
]
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = (header: unknown, payload: unknown) => `${part(header)}.${part(payload)}.`

/** Unsigned tokens with members of every type. */
const tokens = [
  'e30.e30.',
  '..',
  'e30.',
  'a.b.c',
  ...odd.flatMap((value) => [
    token(value, {}),
    token({ alg: 'ES256' }, value),
    token({ alg: value, kid: value, typ: value, jwk: value }, {}),
    token({ alg: 'ES256' }, { iss: value, sub: value, aud: value, exp: value, iat: value, jti: value }),
    token({ alg: 'ES256' }, { aud: value }),
    token({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty: value } }, { htm: value, htu: value }),
  ]),
]

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface Place {
  where: string
  send(value: string): Promise<{ status: number; url?: URL }>
}

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' }).then(
    ({ status }) => ({ status }),
  )

const places: Place[] = [
  {
    where: '/logout id_token_hint',
    send: (value) => knownVisitor.get(`/logout?${new URLSearchParams({ id_token_hint: value }).toString()}`),
  },
  { where: '/logout id_token_hint of a stranger', send: (value) => post('/logout', { id_token_hint: value }) },
  {
    where: '/authorize id_token_hint',
    send: async (value) => new Visitor(server.issuer).get((await portal.begin({ id_token_hint: value })).url),
  },
  {
    where: '/authorize request',
    send: async (value) => new Visitor(server.issuer).get((await portal.begin({ request: value })).url),
  },
  ...['/token', '/par', '/introspect', '/revoke', '/device_authorization'].map((path) => ({
    where: `${path} client_assertion`,
    send: (value: string) =>
      post(path, {
        grant_type: 'client_credentials',
        token: 'x',
        client_assertion: value,
        client_assertion_type: assertionType,
      }),
  })),
  ...[
    ['subject_token', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['refresh_token', 'refresh_token'],
    ['code', 'authorization_code'],
  ].map(([name = '', grant_type = '']) => ({
    where: `/token ${name}`,
    send: (value: string) => post('/token', { client_id: publicPortal.clientId, grant_type, [name]: value }),
  })),
  {
    where: '/token DPoP',
    send: (value) =>
      post('/token', { client_id: 'yideng-cli', grant_type: 'refresh_token', refresh_token: 'x' }, { dpop: value }),
  },
  { where: '/userinfo', send: (value) => post('/userinfo', {}, { authorization: `DPoP ${value}`, dpop: value }) },
  {
    where: '/admin/v1/client/list',
    send: (value) => post('/admin/v1/client/list', {}, { authorization: `DPoP ${value}`, dpop: value }),
  },
]

const few: unknown[] = [null, true, 5, 'x', [], [null], {}]
const members: unknown[] = [
  ...few,
  ...few.flatMap((value) => [{ value }, { values: value }, { values: [value] }, { essential: value }]),
]
const claimNames = ['acr', 'sub', 'auth_time', 'name', '__proto__', 'constructor', 'nobody_knows']

/** As text, because of the name `__proto__`. */
const claimsParameters = [
  ...odd.map((value) => JSON.stringify(value)),
  ...['id_token', 'userinfo', '__proto__'].flatMap((place) => [
    ...odd.map((value) => `{"id_token":{},"${place}":${JSON.stringify(value)}}`),
    ...claimNames.flatMap((name) => members.map((member) => `{"${place}":{"${name}":${JSON.stringify(member)}}}`)),
  ]),
]

describe('JSON of every type', () => {
  it.each(places)('in a token at $where gets no server error', async ({ send }) => {
    for (const value of tokens) expect((await send(value)).status, value).toBeLessThan(500)
    expect(server.output()).not.toContain('"level":50')
  })

  it('in `claims` gets no server error: pushed, with a page, or signed in', async () => {
    const { url } = await portal.begin()
    const { url: known } = await knownPortal.begin({ prompt: 'none' })
    const { url: pushing } = await publicPortal.begin()
    for (const claims of claimsParameters) {
      url.searchParams.set('claims', claims)
      known.searchParams.set('claims', claims)
      const asked = await new Visitor(server.issuer).get(url)
      expect(asked.status, claims).toBeLessThan(500)
      expect((await knownVisitor.get(known)).status, claims).toBeLessThan(500)
      const pushed = { ...Object.fromEntries(pushing.searchParams), claims }
      expect((await post('/par', pushed)).status, claims).toBeLessThan(500)
    }
    expect(server.output()).not.toContain('"level":50')
  })

  it('in the members of `claims` that count is refused', async () => {
    const wrong = [
      5,
      'x',
      [],
      { values: 5 },
      { values: 'x' },
      { values: [5] },
      { value: 5 },
      { value: {} },
      { essential: 'yes' },
    ]
    for (const acr of wrong) {
      const { leads } = await new Visitor(server.issuer).get(
        (await portal.begin({ claims: JSON.stringify({ id_token: { acr } }) })).url,
      )
      expect(leads?.searchParams.get('error'), JSON.stringify(acr)).toBe('invalid_request')
    }
  })
})
