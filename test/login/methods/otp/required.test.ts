import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { mandate, openOrganisation } from '../../../setup/organisation.ts'
import { addApp, giveToken, typeCode, wrongCode } from '../../../setup/otp.ts'
import { addPasskey, signInByPasskey } from '../../../setup/passkey.ts'
import { openPerson, signIn, typePassword } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { csrfOf } from '../../../setup/room.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({
    YIDENG_TWO_FACTORS: 'administrators,representatives',
    YIDENG_ORGANISATION_LEVEL: '3',
    YIDENG_ADDRESS_TRIES: '100000',
  })
  services = await server.services()
})

const needsMore = (page: Page) => page.html.includes('只有密码还不够')

async function openAdministrator() {
  const person = await openPerson(services)
  await services.administrators.grant({ personId: person.id, role: 'viewer', region: '440000' }, 'administrator:test')
  return person
}

const groups = {
  'an administrator': openAdministrator,
  'a legal representative': async () => (await openOrganisation(services)).representative,
  'a handler': async () => {
    const { id, representative } = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    await mandate(services, id, representative, handler)
    return handler
  },
}

async function byPassword(person: { username: string }, minLevel: 2 | 3) {
  const portal = await registerPortal(services, { consent: 'implicit', min_level: minLevel })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  return { visitor, portal, begun, page: await signIn(visitor, await visitor.get(begun.url), person.username) }
}

const claimsOf = (tokens: { id_token?: string | undefined }) => {
  const { acr, amr } = decodeJwt(tokens.id_token ?? '')
  return { acr, amr }
}

describe.each(Object.entries(groups))('%s', (_who, open) => {
  it('reaches level 2 by password alone, and level 3 by no check of the register', async () => {
    const person = await open()
    const low = await byPassword(person, 2)
    expect(claimsOf(await low.begun.finish(low.page))).toEqual({ acr: 'urn:yideng:loa:2', amr: ['pwd'] })
    const high = await byPassword(person, 3)
    expect(needsMore(high.page)).toBe(true)
    const csrf = csrfOf(high.page)
    const checked = await high.visitor.post(`${high.page.url.pathname}/level`, { csrf })
    expect([needsMore(checked), checked.leads]).toEqual([true, undefined])
  })
})

it('a code raises the session of an administrator who got the token after signing in', async () => {
  const person = await openAdministrator()
  const { visitor, begun, page } = await byPassword(person, 3)
  expect(page.html).not.toContain('/otp/start"')
  const token = await addApp(services, visitor)
  const offered = await visitor.get(page.url)
  const asked = await visitor.submit(offered, '/otp/start', {})
  expect(asked.url.pathname).toMatch(/\/otp$/)
  const refused = await typeCode(visitor, asked, wrongCode(token))
  expect(refused.status).toBe(400)
  const tokens = await begun.finish(await typeCode(visitor, refused, token.code(1)))
  expect(claimsOf(tokens)).toEqual({ acr: 'urn:yideng:loa:3', amr: ['pwd', 'otp', 'mfa'] })
  // the token is removed elsewhere: what it raised ends
  expect((await visitor.get('/account')).url.pathname).toBe('/account')
  const other = new Visitor(server.issuer)
  const next = await typePassword(other, await other.get('/account/otp'), person.username)
  const room = await typeCode(other, next, token.code(2))
  const removed = await other.lose(room, '/remove')
  expect(removed.url.search).toBe('?done=removed')
  expect((await visitor.get('/account')).url.pathname).not.toBe('/account')
  expect((await other.get('/account')).url.pathname).toBe('/account')
})

it('an administrator with a token signs in by both at once, and by passkey without it', async () => {
  const person = await openAdministrator()
  const authenticator = new SoftwareAuthenticator(server.issuer)
  const phone = new Visitor(server.issuer)
  await signIn(phone, await phone.get('/account'), person.username)
  await addPasskey(phone, authenticator)
  const token = await giveToken(services, person.id)
  const { visitor, begun, page } = await byPassword(person, 3)
  const both = await begun.finish(await typeCode(visitor, page, token.code()))
  expect(claimsOf(both)).toEqual({ acr: 'urn:yideng:loa:3', amr: ['pwd', 'otp', 'mfa'] })
  const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
  const other = new Visitor(server.issuer)
  const next = await portal.begin()
  const tokens = await next.finish(await signInByPasskey(other, await other.get(next.url), authenticator))
  expect(claimsOf(tokens).acr).toBe('urn:yideng:loa:3')
})

it('a password adds the first second factor alone, and none beside it', async () => {
  const person = await openAdministrator()
  const authenticator = new SoftwareAuthenticator(server.issuer)
  const own = new Visitor(server.issuer)
  await signIn(own, await own.get('/account'), person.username)
  await addPasskey(own, authenticator)
  const thief = new Visitor(server.issuer)
  await signIn(thief, await thief.get('/account'), person.username)
  const csrf = csrfOf(await thief.get('/account/organisations'))
  for (const path of ['/account/otp/add', '/account/passkey/add']) {
    const page = await thief.get(path)
    expect([page.url.pathname === path, needsMore(page)]).toEqual([false, true])
  }
  const posted = await thief.post('/account/otp/add', { csrf })
  expect(posted.html).not.toContain('otpauth:')
  expect(await services.authenticators.list(person.id, 'otp')).toHaveLength(0)
  // by the passkey it goes on
  const next = new Visitor(server.issuer)
  const room = await signInByPasskey(next, await next.get('/account/otp/add'), authenticator)
  expect(room.url.pathname).toBe('/account/otp/add')
})

it('other people reach level 3 by password, as before', async () => {
  const { begun, page } = await byPassword(await openPerson(services), 3)
  expect(claimsOf(await begun.finish(page)).acr).toBe('urn:yideng:loa:3')
})

it('a person who stops to be an administrator is asked for one factor again', async () => {
  const person = await openAdministrator()
  await services.administrators.revoke(person.id, 'administrator:test')
  const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const page = await typePassword(visitor, await visitor.get(begun.url), person.username)
  expect(needsMore(page)).toBe(false)
})
