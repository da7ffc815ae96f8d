import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

describe('signing in at a portal', () => {
  it('ID token and userinfo contain the agreed claims', async () => {
    const { portal, tokens } = await signedIn(services)
    const claims = tokens.claims()
    expect(claims).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['pwd'], iss: server.issuer, aud: portal.clientId })
    expect(claims?.auth_time).toBeTypeOf('number')
    const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, claims?.sub ?? '')
    expect(userinfo).toMatchObject({
      name: '陈大文',
      birthdate: expect.stringMatching(/^1956-03-(1[2-9]|2[01])$/), // the day of openPerson's numbers goes on after 1000 people
      phone_number: expect.stringMatching(/^\+86/),
    })
    expect(userinfo).not.toHaveProperty('id_number')
  })

  it('gives the browser a new session id at each sign-in, also instead of a planted one', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const planted = 'A'.repeat(43)
    visitor.cookies.push({ name: 'yideng_session', value: planted, path: '/' })
    const session = () => visitor.cookies.find(({ name }) => name === 'yideng_session')?.value
    const enter = async () => {
      const begun = await portal.begin({ prompt: 'login' })
      await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
      return session()
    }
    const seen = [planted, await enter(), await enter()]
    expect(new Set(seen).size).toBe(3)
    const thief = new Visitor(server.issuer)
    thief.cookies.push({ name: 'yideng_session', value: String(seen[1]), path: '/' })
    const { url } = await portal.begin({ prompt: 'none' })
    expect((await thief.get(url)).leads?.searchParams.get('error')).toBe('login_required')
  })

  it('lets scripts of the portal’s own pages read the answers, but no other pages', async () => {
    const { portal, tokens } = await signedIn(services)
    const allowed = async (origin: string) => {
      const headers = { authorization: `Bearer ${tokens.access_token}`, origin }
      return (await fetch(`${server.issuer}/userinfo`, { headers })).headers.get('access-control-allow-origin')
    }
    const own = new URL(portal.redirectUri).origin
    expect(await allowed(own)).toBe(own)
    for (const origin of ['https://evil.example', 'null', `${own}.evil.example`])
      expect(await allowed(origin)).toBeNull()
  })

  it('enters the next portal without a form, with another subject', async () => {
    const { person, visitor, tokens } = await signedIn(services)
    const sector = 'https://next.example.gov.cn/'
    const next = await registerPortal(services, { scope: 'openid profile', consent: 'implicit', sector })
    const begun = await next.begin()
    const there = await begun.finish(await visitor.get(begun.url))
    expect(there.claims()?.sub).not.toBe(tokens.claims()?.sub)
    expect(there.claims()?.sub).not.toBe(person.id)
    expect(there.claims()?.auth_time).toBe(tokens.claims()?.auth_time)
  })

  it('a public subject for a portal with that registration; one subject for portals of one sector', async () => {
    const { person, tokens, visitor } = await signedIn(services, { subject_type: 'public' })
    expect(tokens.claims()?.sub).toBe(person.id)
    const sector = 'https://sector.example.gov.cn/sector.json'
    const subjects = []
    for (let index = 0; index < 2; index += 1) {
      const portal = await registerPortal(services, { sector, consent: 'implicit' })
      const begun = await portal.begin()
      subjects.push((await begun.finish(await visitor.get(begun.url))).claims()?.sub)
    }
    expect(subjects[0]).toBe(subjects[1])
  })

  it('remembers consent on every device, and asks again only for new claims', async () => {
    const { person, portal } = await signedIn(
      services,
      { scope: 'openid profile phone identity' },
      { scope: 'openid profile' },
    )
    const elsewhere = new Visitor(server.issuer)
    const again = await portal.begin({ scope: 'openid profile' })
    const page = await signIn(elsewhere, await elsewhere.get(again.url), person.phone)
    expect((await again.finish(page)).claims()?.sub).toBeTypeOf('string')

    const more = await portal.begin({ scope: 'openid profile identity' })
    const asked = await elsewhere.get(more.url)
    expect(asked.html).toContain('name="decision"')
    expect(asked.html).not.toContain(person.number)
    const tokens = await more.finish(await allow(elsewhere, asked))
    const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
    expect(userinfo).toMatchObject({ id_type: 'resident_id', id_number: person.number })
  })

  it('accepts phone, username and ID number', async () => {
    const person = await openPerson(services)
    for (const identifier of [person.phone, `+86 ${person.phone}`, person.username.toUpperCase(), person.number]) {
      const portal = await registerPortal(services, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const begun = await portal.begin()
      const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), identifier))
      expect(tokens.claims()?.acr, identifier).toBe('urn:yideng:loa:3')
    }
  })

  it('the portal gets access_denied when the person refuses or goes back', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services)
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    const back = await visitor.submit(page, '/cancel', {})
    expect(back.leads?.searchParams.get('error')).toBe('access_denied')

    const second = await portal.begin()
    const consent = await signIn(visitor, await visitor.get(second.url), person.username)
    const denied = await visitor.submit(consent, '/consent', { decision: 'deny' })
    await expect(second.finish(denied)).rejects.toMatchObject({ error: 'access_denied' })
  })
})
