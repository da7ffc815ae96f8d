import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

interface Line {
  id?: string
  msg?: string
  client?: string
  error?: string
  description?: string
  detail?: string
}

const lines = () =>
  server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

describe('a page for a refused request', () => {
  it.each<[string, Record<string, string>, Line]>([
    ['an unknown client', { client_id: 'nobody' }, { error: 'invalid_client' }],
    [
      'a return address with a slash too many',
      { redirect_uri: 'http://localhost:1/callback/' },
      { error: 'invalid_redirect_uri' },
    ],
    ['no return address', { redirect_uri: '' }, { error: 'invalid_request', description: 'redirect_uri' }],
  ])('its reference leads to the reason in the log: %s', async (_what, change, reason) => {
    const portal = await registerPortal(services)
    const page = await new Visitor(server.issuer).get((await portal.begin(change)).url)
    expect(page.status).toBe(400)
    const found = () =>
      lines().filter(({ id, msg }) => id !== undefined && msg === 'request refused' && page.html.includes(id))
    await expect.poll(() => found().length).toBeGreaterThan(0)
    const { description = '' } = reason
    expect(
      found().some(({ error, description: told = '' }) => error === reason.error && told.includes(description)),
    ).toBe(true)
  })
})

describe('an error document', () => {
  it('says whether code, verifier or return address was wrong, and so does the log', async () => {
    const { portal, visitor } = await signedIn(services, { consent: 'implicit' })
    const verifier = oidc.randomPKCECodeVerifier()
    const challenge = await oidc.calculatePKCECodeChallenge(verifier)
    const wrong: [Record<string, string>, RegExp][] = [
      [{ code: 'x' }, /authorization code not found/],
      [{ code_verifier: oidc.randomPKCECodeVerifier() }, /code_verifier does not match/],
      [{ code_verifier: '' }, /code_verifier must be provided/],
      [{ redirect_uri: `${portal.redirectUri}/` }, /redirect_uri mismatch/],
    ]
    for (const [change, reason] of wrong) {
      const { url } = await portal.begin({ code_challenge: challenge })
      const code = (await visitor.get(url)).leads?.searchParams.get('code') ?? ''
      const fields = { code, code_verifier: verifier, redirect_uri: portal.redirectUri, ...change }
      const asked = oidc.genericGrantRequest(portal.configuration, 'authorization_code', fields)
      await expect(asked).rejects.toMatchObject({
        error: 'invalid_grant',
        error_description: expect.stringMatching(reason),
      })
      const logged = () => lines().some(({ client, detail = '' }) => client === portal.clientId && reason.test(detail))
      await expect.poll(logged).toBe(true)
    }
    expect(server.output()).not.toContain(verifier)
  })

  it('of invalid_scope names the scope', async () => {
    const { portal, visitor } = await signedIn(services, { scope: 'openid profile', consent: 'implicit' })
    const { leads } = await visitor.get((await portal.begin({ scope: 'openid profile identity' })).url)
    expect(leads?.searchParams.get('error')).toBe('invalid_scope')
    expect(leads?.searchParams.get('error_description')).toContain('identity')
    const parameters = { redirect_uri: portal.redirectUri, scope: 'openid phone', nonce: 'n' }
    await expect(oidc.buildAuthorizationUrlWithPAR(portal.configuration, parameters)).rejects.toMatchObject({
      error: 'invalid_scope',
      error_description: expect.stringContaining('phone'),
    })
  })
})
