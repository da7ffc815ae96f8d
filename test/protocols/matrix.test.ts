import { beforeAll, describe, expect, it } from 'vitest'
import { calledByClients } from '../../src/http/endpoints.ts'
import { legacyProtocols, tifProfiles, casBase } from '../../src/config/legacy-protocols.ts'
import type { Services } from '../../src/services.ts'
import { called, codeAt, registerOldPortal, type OldPortal } from '../setup/old-portal.ts'
import { openPerson } from '../setup/person.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services
let issuer: string
let username: string
const portals = new Map<string, OldPortal>()

beforeAll(async () => {
  services = await (await usualServer()).services()
  ;({ issuer } = services.settings)
  username = (await openPerson(services)).username
  for (const legacy of legacyProtocols) portals.set(legacy, await registerOldPortal(services, { legacy }))
})

const portalOf = (legacy: string) => {
  const portal = portals.get(legacy)
  if (!portal) throw new Error(`no portal of ${legacy}`)
  return portal
}

/** The secret as the registration says, and, for a portal without one, its id alone. */
const authentication = ({ client, secret }: OldPortal): Record<string, string> => ({
  client_id: client.id,
  ...(secret === '' ? {} : { client_secret: secret }),
})

const post = (path: string, fields: Record<string, string>) =>
  called(`${issuer}${path}`, { method: 'POST', body: new URLSearchParams(fields) })

const request = ({ redirectUri }: OldPortal) => ({
  redirect_uri: redirectUri,
  response_type: 'code',
  scope: 'openid',
  nonce: 'nonce',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
})

/** What an old portal would need at each endpoint that clients call. */
const calls: Record<string, (portal: OldPortal) => Record<string, string>[]> = {
  '/token': ({ redirectUri }) => [
    { grant_type: 'authorization_code', code: 'A'.repeat(43), redirect_uri: redirectUri },
    { grant_type: 'refresh_token', refresh_token: 'A'.repeat(43) },
    { grant_type: 'client_credentials' },
    { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'A'.repeat(43) },
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'A'.repeat(43),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
  ],
  '/introspect': () => [{ token: 'A'.repeat(43) }],
  '/revoke': () => [{ token: 'A'.repeat(43) }],
  '/par': (portal) => [request(portal)],
  '/device_authorization': () => [{ scope: 'openid' }],
}

const isLegacy = (path: string) =>
  path.startsWith(`${casBase}/`) ||
  tifProfiles.some(({ base, oneOffCode }) => path.startsWith(base) || path === oneOffCode)

describe('at the OpenID Connect endpoints', () => {
  it('every endpoint that clients call is in this table', () => {
    const own = [...calledByClients].filter((path) => !isLegacy(path))
    // userinfo takes a token, and no client
    expect(own.toSorted()).toEqual([...Object.keys(calls), '/userinfo'].toSorted())
  })

  it.each(legacyProtocols.flatMap((legacy) => Object.keys(calls).map((path) => [legacy, path] as const)))(
    'a portal of %s is an unknown client at %s',
    async (legacy, path) => {
      const portal = portalOf(legacy)
      for (const fields of calls[path]?.(portal) ?? []) {
        const { status, body } = await post(path, { ...fields, ...authentication(portal) })
        expect({ status, error: body['error'] }).toEqual({ status: 401, error: 'invalid_client' })
      }
    },
  )

  it.each(legacyProtocols)('a browser from a portal of %s gets a page, and no code', async (legacy) => {
    const portal = portalOf(legacy)
    const browser = new Visitor(issuer)
    await codeAt(portalOf('tif'), browser, username)
    const query = new URLSearchParams({ client_id: portal.client.id, ...request(portal) })
    const pages = [
      await browser.get(`/authorize?${query.toString()}`),
      await browser.get(`/authorize?${query.toString()}&prompt=none`),
      await browser.post('/authorize', Object.fromEntries(query)),
    ]
    for (const page of pages) {
      expect(page).toMatchObject({ status: 400, leads: undefined })
      expect(page.html).toContain('门户')
    }
  })
})

describe('an old token', () => {
  let token: string
  beforeAll(async () => {
    const portal = portalOf('tif')
    const { body } = await called(portal.tokens(await codeAt(portal, new Visitor(issuer), username)))
    token = String(body['access_token'])
  })

  it('opens neither userinfo nor the API of administrators', async () => {
    for (const path of ['/userinfo', '/admin/v1/commands', '/admin/v1/client/list'])
      for (const scheme of ['Bearer', 'DPoP']) {
        const answer = await fetch(issuer + path, { headers: { authorization: `${scheme} ${token}` } })
        expect({ path, scheme, refused: answer.status >= 400 }).toEqual({ path, scheme, refused: true })
      }
    const posted = await fetch(`${issuer}/userinfo`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: token }),
    })
    expect(posted.status).toBe(401)
  })

  it('in the header opens no legacy endpoint', async () => {
    const { base } = tifProfiles.find(({ protocol }) => protocol === 'tif') ?? { base: '' }
    const answer = await called(`${issuer}${base}/tokeninfo`, { headers: { authorization: `Bearer ${token}` } })
    expect(answer).toMatchObject({ status: 401, body: { error_code: 'invalid_token' } })
  })

  it('is unknown to another client that introspects it', async () => {
    const created = await services.clients.create(
      { name: '接口', type: 'service', scope: 'openid' },
      'administrator:test',
    )
    if (!created.ok) throw new Error(JSON.stringify(created.problems))
    const asked = await called(`${issuer}/introspect`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${created.client.id}:${created.secret}`)}` },
      body: new URLSearchParams({ token }),
    })
    expect(asked).toMatchObject({ status: 200, body: { active: false } })
  })
})

describe('an old code', () => {
  it('gives nothing at the token endpoint, to no client', async () => {
    const portal = portalOf('tif')
    const code = await codeAt(portal, new Visitor(issuer), username)
    const created = await services.clients.create(
      {
        name: '新平台',
        redirect_uris: [portal.redirectUri],
        auth_method: 'client_secret_post',
        legacy_until: undefined,
      },
      'administrator:test',
    )
    if (!created.ok) throw new Error(JSON.stringify(created.problems))
    const fields = { grant_type: 'authorization_code', code, redirect_uri: portal.redirectUri }
    const modern = { client_id: created.client.id, client_secret: created.secret ?? '' }
    expect((await post('/token', { ...fields, ...authentication(portal) })).body).toMatchObject({
      error: 'invalid_client',
    })
    expect((await post('/token', { ...fields, ...modern })).body).toMatchObject({ error: 'invalid_grant' })
  })
})
