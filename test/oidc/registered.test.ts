import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { alwaysGiven, scopeClaims } from '../../src/oidc/claim-table.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { until, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

const optional = Object.keys(scopeClaims).filter((scope) => scope !== 'openid')
/** Every combination of scopes with claims. */
const registrations = Array.from({ length: 2 ** optional.length }, (_, bits) =>
  optional.filter((_scope, index) => (bits >> index) & 1),
)
const allClaims = [...new Set([...alwaysGiven, ...Object.values(scopeClaims).flat()])]
const attributes = allClaims.filter((claim) => !alwaysGiven.includes(claim))
const claimsOf = (scopes: readonly string[]) => scopes.flatMap((scope) => scopeClaims[scope] ?? [])
const named = (scopes: readonly string[]) => scopes.join(' ') || 'openid alone'

/** Asks for these claims in the ID token and at userinfo. */
const asking = (claims: readonly string[]) => {
  const members = Object.fromEntries(claims.map((claim) => [claim, null]))
  return JSON.stringify({ id_token: members, userinfo: members })
}

const held = (answer: object | undefined) => Object.keys(answer ?? {}).filter((name) => attributes.includes(name))

async function signInAt(portal: TestPortal, parameters: Record<string, string>) {
  const person = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin(parameters)
  let page = await signIn(visitor, await visitor.get(begun.url), person.username)
  if (!page.leads) page = await allow(visitor, page)
  const tokens = await begun.finish(page)
  return { visitor, tokens, sub: tokens.claims()?.sub ?? '' }
}

describe.each(registrations.map((scopes) => ({ scopes, name: named(scopes) })))(
  'registered for $name',
  ({ scopes }) => {
    const may = new Set([...alwaysGiven, ...claimsOf(scopes)])
    const register = (more: Parameters<typeof registerPortal>[1] = {}) =>
      registerPortal(services, { scope: ['openid', ...scopes].join(' '), consent: 'implicit', ...more })

    it('is refused every other claim, also in a pushed request and with prompt=none', async () => {
      const portal = await register({ type: 'spa' })
      const visitor = new Visitor(services.settings.issuer)
      for (const claim of allClaims) {
        for (const place of ['id_token', 'userinfo']) {
          const claims = JSON.stringify({ [place]: { [claim]: { essential: true } } })
          const what = `${claim} in ${place}`
          for (const prompt of ['', 'none']) {
            const { url } = await portal.begin({ scope: 'openid', claims, ...(prompt && { prompt }) })
            const { leads } = await visitor.get(url)
            const error = leads?.searchParams.get('error') ?? undefined
            const allowed = prompt ? 'login_required' : undefined
            expect(error, `${what} ${prompt}`).toBe(may.has(claim) ? allowed : 'invalid_request')
          }
          const { url } = await portal.begin({ scope: 'openid', claims })
          const pushed = await fetch(`${services.settings.issuer}/par`, { method: 'POST', body: url.searchParams })
          expect(pushed.status, `${what} pushed`).toBe(may.has(claim) ? 201 : 400)
        }
      }
    })

    it('gets each of its claims by name without the scope', async () => {
      const portal = await register()
      const claims = asking([...may])
      const { tokens, sub } = await signInAt(portal, { scope: 'openid', claims })
      const expected = claimsOf(scopes).filter((claim) => claim !== 'representee')
      const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub)
      expect(
        held(userinfo)
          .filter((claim) => claim !== 'representee')
          .toSorted(),
      ).toEqual(expected.toSorted())
      expect(held(tokens.claims()).filter((claim) => !may.has(claim))).toEqual([])
    })

    it('gets only its new claims after a narrower registration', async () => {
      const wide = ['openid', ...optional, 'offline_access']
      const portal = await registerPortal(services, { scope: wide.join(' ') })
      const parameters = { claims: asking(attributes), prompt: 'consent' }
      const { visitor, tokens, sub } = await signInAt(portal, parameters)
      const before = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub)
      expect(held(before).toSorted()).toEqual(attributes.toSorted())

      const left = ['openid', ...scopes, 'offline_access']
      const scope = left.join(' ')
      const updated = await services.clients.update(portal.clientId, { scope }, 'administrator:test')
      if (!updated?.ok) throw new Error('not updated')
      await until(async () => {
        const answer = await oidc.tokenIntrospection(portal.configuration, tokens.access_token)
        return new Set(answer.scope?.split(' ')).size === left.length
      })
      const answer = await oidc.tokenIntrospection(portal.configuration, tokens.access_token)
      expect(answer.scope?.split(' ').toSorted()).toEqual(left.toSorted())

      const refreshed = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
      expect(refreshed.scope?.split(' ').toSorted()).toEqual(left.toSorted())
      for (const token of [tokens.access_token, refreshed.access_token]) {
        const userinfo = await oidc.fetchUserInfo(portal.configuration, token, sub)
        expect(held(userinfo).toSorted(), named(scopes)).toEqual(claimsOf(scopes).toSorted())
      }
      expect(held(refreshed.claims()).filter((claim) => !may.has(claim))).toEqual([])

      // a new grant does not restore the earlier consent
      const again = await portal.begin({ scope })
      const later = await again.finish(await visitor.get(again.url))
      expect(later.scope?.split(' ').filter((one) => !left.includes(one))).toEqual([])
      const userinfo = await oidc.fetchUserInfo(portal.configuration, later.access_token, sub)
      expect(held(userinfo).toSorted()).toEqual(claimsOf(scopes).toSorted())
    })
  },
)
