import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Services } from '../../src/services.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services
let username: string

beforeAll(async () => {
  services = await (await usualServer()).services()
  username = (await openPerson(services)).username
})

const scope = 'openid profile offline_access'

/** One sign-on of this browser. @returns its tokens, and whether a consent page was shown */
async function enter(portal: TestPortal, visitor: Visitor, change: Record<string, string> = {}) {
  const begun = await portal.begin(change)
  let page = await visitor.get(begun.url)
  if (page.html.includes('name="password"')) page = await signIn(visitor, page, username)
  const asked = !page.leads
  if (asked) page = await allow(visitor, page)
  return { asked, tokens: await begun.finish(page) }
}

const refreshes = async ({ configuration }: TestPortal, token: string | undefined) =>
  (await oidc.refreshTokenGrant(configuration, token ?? '')).access_token

const registrations: Partial<ClientInput>[] = [
  { consent: 'implicit' },
  { consent: 'implicit', type: 'spa' },
  { consent: 'implicit', auth_method: 'none' },
  { consent: 'ask' },
  { consent: 'ask', type: 'spa' },
  { consent: 'ask', auth_method: 'none' },
]

describe('offline_access without prompt=consent (OpenID Connect Core section 11)', () => {
  it.each(registrations)('gives a refresh token at each sign-on, and asks at most once: %j', async (registration) => {
    const portal = await registerPortal(services, { scope, ...registration })
    const visitor = new Visitor(services.settings.issuer)
    const first = await enter(portal, visitor)
    expect(first.asked).toBe(registration.consent === 'ask')
    expect(await refreshes(portal, first.tokens.refresh_token)).toBeTypeOf('string')
    const others: Record<string, string>[] = [
      {},
      { prompt: 'none' },
      { max_age: '3600' },
      { scope: 'openid offline_access' },
    ]
    for (const change of others) {
      const again = await enter(portal, visitor, change)
      expect(again.asked, JSON.stringify(change)).toBe(false)
      expect(again.tokens.scope?.split(' '), JSON.stringify(change)).toContain('offline_access')
      expect(await refreshes(portal, again.tokens.refresh_token)).toBeTypeOf('string')
    }
    // another browser of the same person: the consent is remembered
    const elsewhere = await enter(portal, new Visitor(services.settings.issuer))
    expect([elsewhere.asked, typeof elsewhere.tokens.refresh_token]).toEqual([false, 'string'])
  })

  it('a consent that does not name it is no condition: prompt=none leaves it out, a page asks for it once', async () => {
    const portal = await registerPortal(services, { scope })
    const visitor = new Visitor(services.settings.issuer)
    await enter(portal, visitor, { scope: 'openid profile' })
    const silent = await enter(portal, visitor, { prompt: 'none' })
    expect([silent.asked, silent.tokens.refresh_token, silent.tokens.scope]).toEqual([
      false,
      undefined,
      'openid profile',
    ])
    const asked = await enter(portal, visitor)
    expect([asked.asked, typeof asked.tokens.refresh_token]).toEqual([true, 'string'])
    expect(typeof (await enter(portal, visitor, { prompt: 'none' })).tokens.refresh_token).toBe('string')
  })

  it('gives none to a portal that does not ask, or is not registered for it', async () => {
    const portal = await registerPortal(services, { scope, consent: 'implicit' })
    const visitor = new Visitor(services.settings.issuer)
    expect((await enter(portal, visitor, { scope: 'openid' })).tokens.refresh_token).toBeUndefined()
    const other = await registerPortal(services, { scope: 'openid', consent: 'implicit' })
    const { tokens } = await enter(other, visitor, { scope: 'openid offline_access' })
    expect([tokens.refresh_token, tokens.scope]).toEqual([undefined, 'openid'])
  })

  it('an application is asked at each sign-on (RFC 8252 section 8.6), and then has one', async () => {
    const redirect_uri = 'http://127.0.0.1/callback'
    const portal = await registerPortal(services, {
      scope,
      type: 'native',
      redirect_uris: [redirect_uri],
      consent: 'implicit',
    })
    const visitor = new Visitor(services.settings.issuer)
    for (let time = 0; time < 2; time += 1) {
      const { asked, tokens } = await enter(portal, visitor, { redirect_uri })
      expect([asked, typeof tokens.refresh_token]).toEqual([true, 'string'])
    }
    const silent = await visitor.get((await portal.begin({ redirect_uri, prompt: 'none' })).url)
    expect(silent.leads?.searchParams.get('error')).toBe('interaction_required')
  })

  it('a pushed request is as one by address', async () => {
    const portal = await registerPortal(services, { scope, consent: 'implicit' })
    const verifier = oidc.randomPKCECodeVerifier()
    const url = await oidc.buildAuthorizationUrlWithPAR(portal.configuration, {
      redirect_uri: portal.redirectUri,
      scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const visitor = new Visitor(services.settings.issuer)
    const page = await signIn(visitor, await visitor.get(url), username)
    const tokens = await oidc.authorizationCodeGrant(portal.configuration, page.leads ?? url, {
      pkceCodeVerifier: verifier,
    })
    expect(await refreshes(portal, tokens.refresh_token)).toBeTypeOf('string')
  })
})
