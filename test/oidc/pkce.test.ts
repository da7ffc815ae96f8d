import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services
/** Signed in: each request below is answered without a page. */
let visitor: Visitor

beforeAll(async () => {
  services = await (await usualServer()).services()
  const person = await openPerson(services)
  visitor = new Visitor(services.settings.issuer)
  const portal = await registerPortal(services, { consent: 'implicit' })
  await signIn(visitor, await visitor.get((await portal.begin()).url), person.username)
})

const none = { code_challenge: '', code_challenge_method: '' }
const requests = {
  both: {},
  challenge: { nonce: '' },
  nonce: none,
  neither: { ...none, nonce: '' },
} satisfies Record<string, Record<string, string>>

type Sent = keyof typeof requests

const withReason = { pkce: 'off', pkce_reason: '旧系统' } as const
const everything: Sent[] = ['both', 'challenge', 'nonce', 'neither']
const challenges: Sent[] = ['both', 'challenge']

const table: [string, Partial<ClientInput>, Sent[]][] = [
  ['a new portal', {}, ['both', 'challenge', 'nonce']],
  ['or-nonce', { pkce: 'or-nonce' }, ['both', 'challenge', 'nonce']],
  [
    'or-nonce, secret in the body',
    { pkce: 'or-nonce', auth_method: 'client_secret_post' },
    ['both', 'challenge', 'nonce'],
  ],
  ['required', { pkce: 'required' }, challenges],
  ['off', withReason, everything],
  ['a single-page application', { type: 'spa' }, challenges],
  ['a single-page application with a nonce', { type: 'spa', pkce: 'or-nonce' }, challenges],
  ['a portal without a secret', { auth_method: 'none', pkce: 'or-nonce' }, challenges],
  ['an application', { type: 'native', redirect_uris: ['http://127.0.0.1/callback'] }, challenges],
  [
    'an application with a secret',
    { type: 'native', auth_method: 'client_secret_basic', redirect_uris: ['http://127.0.0.1/callback'] },
    challenges,
  ],
]

describe('PKCE by registration', () => {
  it.each(table)('%s', async (_what, registration, taken) => {
    const portal = await registerPortal(services, { consent: 'implicit', ...registration })
    const redirect_uri = registration.redirect_uris?.[0] ?? portal.redirectUri
    for (const sent of everything) {
      const page = await visitor.get((await portal.begin({ redirect_uri, ...requests[sent] })).url)
      // an application always asks for consent: no error comes back
      const error = page.leads?.searchParams.get('error') ?? undefined
      expect(error, sent).toBe(taken.includes(sent) ? undefined : 'invalid_request')
      if (error) expect(page.leads?.searchParams.get('error_description')).toContain('PKCE')
    }
  })

  it.each(table.filter(([, { type, auth_method }]) => type === undefined && auth_method !== 'none'))(
    'pushed: %s',
    async (_what, registration, taken) => {
      const authentication = registration.auth_method === 'client_secret_post' ? oidc.ClientSecretPost : undefined
      const portal = await registerPortal(services, { consent: 'implicit', ...registration }, authentication)
      for (const sent of everything) {
        const parameters = Object.fromEntries((await portal.begin(requests[sent])).url.searchParams)
        const pushed = oidc.buildAuthorizationUrlWithPAR(portal.configuration, parameters)
        if (taken.includes(sent)) expect((await visitor.get(await pushed)).leads?.searchParams.get('code')).toBeTruthy()
        else await expect(pushed, sent).rejects.toMatchObject({ error: 'invalid_request' })
      }
    },
  )

  it('a code by nonce gives tokens with that nonce, and a verifier without a challenge gives none', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const nonce = oidc.randomNonce()
    const code = async () => {
      const { leads } = await visitor.get((await portal.begin({ ...none, nonce, state: 's' })).url)
      if (!leads) throw new Error('no answer')
      return leads
    }
    const checks = { expectedNonce: nonce, expectedState: 's' }
    const tokens = await oidc.authorizationCodeGrant(portal.configuration, await code(), checks)
    expect(tokens.claims()?.nonce).toBe(nonce)
    const verified = oidc.authorizationCodeGrant(portal.configuration, await code(), {
      ...checks,
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    })
    await expect(verified).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it.each([{}, withReason])('a challenge that was sent is checked: %j', async (registration) => {
    const portal = await registerPortal(services, { consent: 'implicit', ...registration })
    for (const pkceCodeVerifier of [undefined, oidc.randomPKCECodeVerifier()]) {
      const { leads } = await visitor.get((await portal.begin({ state: 's', nonce: 'n' })).url)
      const checks = { expectedNonce: 'n', expectedState: 's', ...(pkceCodeVerifier ? { pkceCodeVerifier } : {}) }
      const asked = oidc.authorizationCodeGrant(portal.configuration, leads ?? new URL('x:'), checks)
      await expect(asked).rejects.toMatchObject({ error: 'invalid_grant' })
    }
  })
})
