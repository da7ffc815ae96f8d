import { connect } from 'node:net'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { answerOf, asked, basic, directLines, entered, known, type Entered, type Known } from './direct-calls.ts'

// Each request is sent twice: as a portal sends it, and with a query, which only oidc-provider answers. Both answers must be equal.

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug' })
  services = await server.services()
})

/** Requests to these endpoints, of which the log has a line each. */
let sent = 0
const lines = () => directLines(server, /"route":"(?:userinfo|introspection)"/)

async function answerAt(path: string, request: RequestInit) {
  sent += 1
  return answerOf(server, path, request)
}

/** Sends a request both ways, and compares. */
async function bothWays(path: string, request: RequestInit) {
  const direct = await answerAt(path, request)
  const through = await answerAt(`${path}?through=oidc-provider`, request)
  expect(direct).toEqual(through)
  await until(async () => lines().length === sent)
  const [first, second] = lines().slice(-2)
  expect(second).toBe(false)
  return { ...direct, isDirect: first }
}

const bearer = (token: string, scheme = 'Bearer') => ({ headers: { authorization: `${scheme} ${token}` } })
const userinfo = (token: string) => bothWays('/userinfo', bearer(token))

/** Acts after which a token is worth less. */
const acts: [string, (of: Entered) => Promise<unknown>][] = [
  [
    'the account is locked',
    ({ person }) => services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' }),
  ],
  ['all sign-ins end', ({ person }) => services.persons.endSignIns(person.id, { actor: 'administrator:test' })],
  [
    'the portal is suspended',
    ({ portal }) => services.clients.setStatus(portal.clientId, 'suspended', 'administrator:test'),
  ],
  [
    'the portal may do less',
    ({ portal }) => services.clients.update(portal.clientId, { scope: 'openid' }, 'administrator:test'),
  ],
  [
    'the person signs out',
    async ({ visitor, portal }) => {
      const page = await visitor.get(`/logout?client_id=${portal.clientId}`)
      await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    },
  ],
  ['the token is revoked', ({ portal, tokens }) => oidc.tokenRevocation(portal.configuration, tokens.access_token)],
]

describe('userinfo', () => {
  it.each<[string, Partial<ClientInput>]>([
    ['openid alone', { scope: 'openid' }],
    ['all that a portal may have', { scope: 'openid profile phone identity representee offline_access' }],
    ['a public subject', { scope: 'openid profile', subject_type: 'public' }],
    ['a portal without a secret', { scope: 'openid profile', type: 'spa' }],
    ['offline access', { scope: 'openid phone offline_access' }],
  ])('is answered directly, as oidc-provider does: %s', async (_what, registration) => {
    const { tokens } = await entered(services, registration)
    expect(await userinfo(tokens.access_token)).toMatchObject({ status: 200, isDirect: true })
  })

  it.each(acts)('when %s, both ways see it', async (_what, act) => {
    const of = await entered(services)
    const before = await userinfo(of.tokens.access_token)
    expect(before).toMatchObject({ status: 200, isDirect: true })
    await act(of)
    const { access_token: token } = of.tokens
    await until(async () => (await answerAt('/userinfo', bearer(token))).body !== before.body)
    const after = await userinfo(token)
    expect([200, 401]).toContain(after.status)
    expect(after.body).not.toContain('id_number')
  })

  it('leaves to oidc-provider what is unusual', async () => {
    const claims = JSON.stringify({ userinfo: { phone_number: { essential: true } } })
    const { tokens } = await entered(services, {}, { claims })
    const { access_token: token } = tokens
    expect(await userinfo(token)).toMatchObject({ status: 200, isDirect: false })
    const jwt = `${token}.${token}.${token}`
    const odd: RequestInit[] = [
      {},
      bearer(token, 'DPoP'),
      bearer(token, 'Basic'),
      bearer(`${token} `),
      bearer(` ${token}`),
      bearer(`${token},${token}`),
      bearer(token.slice(1)),
      bearer(jwt),
      bearer('x'.repeat(300)),
      { headers: { authorization: `Bearer ${token}`, origin: 'https://elsewhere.example' } },
      { headers: { authorization: `Bearer ${token}`, dpop: 'x' } },
      { ...bearer(token), method: 'POST' },
      { method: 'POST', body: new URLSearchParams({ access_token: token }) },
    ]
    for (const request of odd) expect((await bothWays('/userinfo', request)).isDirect).toBe(false)
    expect((await bothWays('/userinfo', { ...bearer(token), method: 'HEAD' })).isDirect).toBe(false)
    const ofService = await registerPortal(services, { type: 'service', redirect_uris: [] })
    const { access_token: noPerson } = await oidc.clientCredentialsGrant(ofService.configuration)
    expect(await userinfo(noPerson)).toMatchObject({ status: 401, isDirect: false })
  })

  it('leaves to oidc-provider a token of a key', async () => {
    const portal = await registerPortal(services, { scope: 'openid profile', consent: 'implicit' })
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const keys = await oidc.randomDPoPKeyPair()
    const DPoP = oidc.getDPoPHandle(portal.configuration, keys)
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), person.username)
    const bound = await begun.finish(page, { DPoP })
    expect(bound.token_type).toBe('dpop')
    expect(await userinfo(bound.access_token)).toMatchObject({ status: 401, isDirect: false })

    const again = await portal.begin()
    const plain = await again.finish(await visitor.get(again.url))
    expect(await userinfo(plain.access_token)).toMatchObject({ status: 200, isDirect: true })
  })
})

describe('introspection', () => {
  const form = 'application/x-www-form-urlencoded'
  const ask = (by: Known, token: string) => bothWays('/introspect', asked(by, { token }))
  const activeOf = ({ body }: { body: string }) => (JSON.parse(body) as { active?: boolean }).active

  it.each<[string, Partial<ClientInput>]>([
    ['a pairwise subject', {}],
    ['a public subject', { subject_type: 'public' }],
    ['offline access', { scope: 'openid phone offline_access' }],
  ])('is answered directly, as oidc-provider does: %s', async (_what, registration) => {
    const { portal, tokens } = await entered(services, registration)
    const all = [tokens.access_token, ...(tokens.refresh_token === undefined ? [] : [tokens.refresh_token])]
    for (const token of all) {
      const answer = await ask(portal, token)
      expect(answer).toMatchObject({ status: 200, isDirect: true })
      expect(activeOf(answer)).toBe(true)
    }
    for (const hint of ['access_token', 'refresh_token', 'nonsense', ''])
      for (const token of all)
        expect(await bothWays('/introspect', asked(portal, { token, token_type_hint: hint }))).toMatchObject({
          isDirect: true,
        })
  })

  it('is answered directly for the token of a service, and of a key', async () => {
    const service = await known(services, { type: 'service', redirect_uris: [] })
    const { access_token: own } = await oidc.clientCredentialsGrant(service.configuration)
    const DPoP = oidc.getDPoPHandle(service.configuration, await oidc.randomDPoPKeyPair())
    const { access_token: bound } = await oidc.clientCredentialsGrant(service.configuration, {}, { DPoP })
    for (const token of [own, bound]) {
      const answer = await ask(service, token)
      expect(answer).toMatchObject({ status: 200, isDirect: true })
      expect(activeOf(answer)).toBe(true)
    }
  })

  it.each(acts)('when %s, both ways see it', async (_what, act) => {
    const of = await entered(services)
    const { access_token: token } = of.tokens
    const before = await ask(of.portal, token)
    expect(activeOf(before)).toBe(true)
    await act(of)
    const now = () => answerAt('/introspect', asked(of.portal, { token }))
    await until(async () => (await now()).body !== before.body)
    const after = await ask(of.portal, token)
    expect(after.body).not.toContain('profile')
  })

  it('leaves to oidc-provider what is unusual, with the whole body', async () => {
    const { portal, tokens } = await entered(services)
    const another = await known(services)
    const { access_token: token } = tokens
    const odd: RequestInit[] = [
      asked(another, { token }),
      asked(portal, { token: token.slice(1) }),
      asked(portal, { token: `${token}.${token}.${token}` }),
      asked(portal, { token: '' }),
      asked(portal, [
        ['token', token],
        ['token', token],
      ]),
      asked(portal, [
        ['token', token],
        ['token_type_hint', 'access_token'],
        ['token_type_hint', 'access_token'],
      ]),
      asked(portal, { token, client_id: portal.clientId }),
      asked(portal, { token, client_id: another.clientId }),
      asked(portal, { token, client_secret: portal.secret }),
      asked(portal, { token, client_assertion: 'x' }),
      asked({ ...portal, secret: another.secret }, { token }),
      asked({ ...portal, clientId: 'nobody' }, { token }),
      asked({ ...portal, secret: '' }, { token }),
      asked({ ...portal, secret: `${portal.secret}:` }, { token }),
      asked(portal, { token, long: 'x'.repeat(9000) }),
      asked(portal, { token }, { 'content-type': 'text/plain' }),
      asked(portal, { token }, { origin: 'https://elsewhere.example' }),
      { method: 'POST', headers: { authorization: basic(portal) } },
      { method: 'POST', body: new URLSearchParams({ token }) },
    ]
    for (const request of odd) expect((await bothWays('/introspect', request)).isDirect).toBe(false)
    // the secrets above were wrong, and no portal waits for it
    expect(await ask(portal, token)).toMatchObject({ isDirect: true })
  })

  it('takes a body in parts, and the next request of the connection', async () => {
    const { portal, tokens } = await entered(services)
    const body = `token=${tokens.access_token}`
    const { hostname, port, host } = new URL(server.issuer)
    const head = [
      'POST /introspect HTTP/1.1',
      `host: ${host}`,
      `authorization: ${basic(portal)}`,
      `content-type: ${form}`,
      `content-length: ${body.length}`,
      '\r\n',
    ].join('\r\n')
    const socket = connect(Number(port), hostname)
    let heard = ''
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text))
    const answers = () => heard.split('"active":true').length - 1
    socket.write(head + body.slice(0, 9))
    // the server has the first part alone now
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.write(body.slice(9))
    await until(async () => answers() === 1)
    socket.write(head + body + head + body)
    await until(async () => answers() === 3)
    sent += 3
    socket.destroy()
  })
})

// the last one: it moves the clock
it('leaves to oidc-provider a token that is over', async () => {
  const { tokens, portal } = await entered(services)
  const { access_token: token } = tokens
  expect(await userinfo(token)).toMatchObject({ status: 200, isDirect: true })
  await server.forward(700_000)
  expect(await userinfo(token)).toMatchObject({ status: 401, isDirect: false })
  expect(await bothWays('/introspect', asked(portal, { token }))).toMatchObject({
    body: '{"active":false}',
    isDirect: false,
  })
})
