import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { preferredUsername } from '../../src/oidc/claims.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

/** Both POSIX user names and the rules of common products. */
const userName = /^[a-z][a-z0-9]{0,31}$/

describe('preferred_username', () => {
  it('is safe as a user name for every subject, and another one for each', () => {
    const subjects = ['-a', '_a', 'A', 'a', '', '陈', ...Array.from({ length: 200 }, (_, at) => `subject ${at}`)]
    const names = subjects.map(preferredUsername)
    for (const name of names) expect(name).toMatch(userName)
    expect(new Set(names).size).toBe(subjects.length)
  })

  it('is the same at each sign-on of a portal, and another one elsewhere', async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(services.settings.issuer)
    const portals = [
      await registerPortal(services, { scope: 'openid profile', consent: 'implicit' }),
      await registerPortal(services, { scope: 'openid profile', consent: 'implicit', subject_type: 'public' }),
    ]
    const names: unknown[] = []
    for (const portal of [...portals, ...portals]) {
      const begun = await portal.begin()
      let page = await visitor.get(begun.url)
      if (!page.leads) page = await signIn(visitor, page, person.username)
      const tokens = await begun.finish(page)
      const sub = tokens.claims()?.sub ?? ''
      const { preferred_username: name } = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub)
      expect(name).toMatch(userName)
      names.push(name)
    }
    expect(names.slice(0, 2)).toEqual(names.slice(2))
    expect(new Set(names).size).toBe(2)
    expect(portals[0]?.configuration.serverMetadata()['claims_supported']).toContain('preferred_username')
  })

  it('needs the scope profile', async () => {
    const { portal, tokens } = await signedIn(services, { scope: 'openid', consent: 'implicit' })
    const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
    expect(userinfo).not.toHaveProperty('preferred_username')
  })
})

describe('a person without a document number (网号)', () => {
  it('has level 3, and no portal gets the pseudonym as a number', async () => {
    const who = { type: 'network_id', number: 'a7Kd93QmZr5Tb2Xc8LwE' }
    const { portal, tokens } = await signedIn(services, { scope: 'openid profile identity' }, {}, who)
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:3' })
    const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
    expect(userinfo).toMatchObject({ name: '陈大文' })
    for (const claim of ['id_type', 'id_number', 'birthdate', 'gender']) expect(userinfo).not.toHaveProperty(claim)
    expect(JSON.stringify([userinfo, tokens.claims()])).not.toContain(who.number)
  })
})

describe('claims in the ID token', () => {
  const scope = 'openid profile phone'

  it('are those of the granted scopes where the portal is registered so, also after a refresh', async () => {
    const registration = { scope: `${scope} offline_access`, consent: 'implicit', claims_in_id_token: true } as const
    const { portal, tokens } = await signedIn(services, registration)
    const whole = {
      name: '陈大文',
      preferred_username: expect.stringMatching(userName),
      phone_number: expect.any(String),
    }
    expect(tokens.claims()).toMatchObject(whole)
    const again = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    expect(again.claims()).toMatchObject(whole)
    expect(tokens.claims()).not.toHaveProperty('id_number')
  })

  it('are left to userinfo elsewhere, except those that the request names', async () => {
    const { tokens } = await signedIn(services, { scope, consent: 'implicit' })
    for (const name of ['name', 'preferred_username', 'phone_number']) expect(tokens.claims()).not.toHaveProperty(name)
    const claims = JSON.stringify({ id_token: { name: null, preferred_username: null } })
    const asked = await signedIn(services, { scope, consent: 'implicit' }, { claims })
    expect(asked.tokens.claims()).toMatchObject({ name: '陈大文', preferred_username: expect.stringMatching(userName) })
    expect(asked.tokens.claims()).not.toHaveProperty('phone_number')
  })
})
