import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** A form of another site: a browser sends no `SameSite=Lax` cookie with it. */
const post = (body: string | URLSearchParams | Uint8Array<ArrayBuffer>, type = 'application/x-www-form-urlencoded') =>
  fetch(new URL('/authorize', server.issuer), {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': type, origin: 'https://portal.example', accept: 'text/html' },
  })

describe('an authorization request by POST (OpenID Connect Core section 3.1.2.1)', () => {
  it('goes on as the same GET, so that the session of the browser counts and stays', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    const before = visitor.cookies.length

    const again = await portal.begin({ ui_locales: 'en zh', custom: '张三 & co' })
    const answer = await post(again.url.searchParams)
    expect(answer.status).toBe(303)
    expect(answer.headers.getSetCookie(), 'no secret of a browser is replaced').toEqual([])
    const target = new URL(answer.headers.get('location') ?? '', server.issuer)
    expect([...target.searchParams]).toEqual([...again.url.searchParams])
    const tokens = await again.finish(await visitor.get(target))
    expect(tokens.claims()?.sub).toBeTypeOf('string')
    expect(visitor.cookies.length).toBe(before)
  })

  it('signs in a person who had no session', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const answer = await post(begun.url.searchParams)
    const page = await visitor.get(answer.headers.get('location') ?? '')
    expect((await begun.finish(await signIn(visitor, page, person.username))).id_token).toBeTypeOf('string')
  })

  it('keeps repeated parameters, which are refused as they are by GET', async () => {
    const portal = await registerPortal(services)
    const { url } = await portal.begin()
    url.searchParams.append('scope', 'openid')
    const answer = await post(url.searchParams)
    const target = new URL(answer.headers.get('location') ?? '', server.issuer)
    expect(target.searchParams.getAll('scope')).toHaveLength(2)
    const { leads } = await new Visitor(server.issuer).get(target)
    expect(leads?.searchParams.get('error')).toBe('invalid_request')
  })

  it.each([
    ['JSON', '{}', 'application/json', 415],
    ['a form of several parts', '--x--', 'multipart/form-data; boundary=x', 415],
    ['no UTF-8', new Uint8Array([0x73, 0x3d, 0xff]), 'application/x-www-form-urlencoded', 400],
    ['more than 16 KiB', `state=${'x'.repeat(16_384)}`, 'application/x-www-form-urlencoded', 413],
    ['more than 16 KiB in an address', `state=${'张'.repeat(2000)}`, 'application/x-www-form-urlencoded', 413],
  ] as const)('of %s is refused', async (_name, body, type, status) => {
    expect((await post(body, type)).status).toBe(status)
  })

  it('without parameters gets the page that GET gets', async () => {
    const answer = await post('')
    expect((await new Visitor(server.issuer).get(answer.headers.get('location') ?? '')).status).toBe(400)
  })
})

/** A fresh sign-in of a new person: the portal, the browser and the ID token. */
async function signedInAt() {
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
  return { person, portal, visitor, hint: tokens.id_token ?? '', sub: tokens.claims()?.sub ?? '' }
}

async function leadsTo(url: URL): Promise<URL> {
  const answer = await post(url.searchParams)
  expect(answer.status).toBe(303)
  return new URL(answer.headers.get('location') ?? '', server.issuer)
}

describe('a parameter that may name a person, by POST', () => {
  const told = '张三 13800010009'
  const object = (claims: object) =>
    ['{"alg":"none"}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.') + '.'

  it.each([
    ['id_token_hint', object({ sub: told })],
    ['login_hint', told],
    ['representee_hint', told],
    ['claims', JSON.stringify({ id_token: { sub: { value: told } } })],
    ['request', object({ login_hint: told })],
    ['login_hint of many characters', told.repeat(50)],
  ])('%s is in no address', async (called, value) => {
    const portal = await registerPortal(services)
    const name = called.split(' ')[0] ?? ''
    const { url } = await portal.begin({ [name]: value })
    const { href, searchParams } = await leadsTo(url)
    expect(searchParams.get(name)).toBeNull()
    for (const part of [value, told, Buffer.from(value).toString('base64url')])
      for (const written of [part, encodeURIComponent(part), new URLSearchParams({ a: part }).toString().slice(2)])
        expect(href).not.toContain(written)
    expect(searchParams.get('client_id')).toBe(portal.clientId)
  })

  it('reaches the sign-in page: the hint fills the field', async () => {
    const portal = await registerPortal(services)
    const { url } = await portal.begin({ login_hint: '13800010009' })
    const { html } = await new Visitor(server.issuer).get(await leadsTo(url))
    expect(html).toMatch(/name="identifier"[^>]*value="13800010009"/)
  })

  it('decides as by GET: the hint of another person gets no code, the own one does', async () => {
    const here = await signedInAt()
    const other = await signedInAt()
    const asked = async (hint: string) => {
      const { url } = await here.portal.begin({ prompt: 'none', id_token_hint: hint })
      return (await here.visitor.get(await leadsTo(url))).leads?.searchParams
    }
    expect((await asked(here.hint))?.get('code')).toBeTruthy()
    expect((await asked(other.hint))?.get('code')).toBeNull()
    const claims = JSON.stringify({ id_token: { sub: { value: other.sub } } })
    const { url } = await here.portal.begin({ prompt: 'none', claims })
    expect((await here.visitor.get(await leadsTo(url))).leads?.searchParams.get('error')).toBe('login_required')
  })

  it('is refused as by GET when it is repeated', async () => {
    const portal = await registerPortal(services)
    const { url } = await portal.begin({ login_hint: 'a' })
    url.searchParams.append('login_hint', 'b')
    const { leads } = await new Visitor(server.issuer).get(await leadsTo(url))
    expect(leads?.searchParams.get('error')).toBe('invalid_request')
  })

  it('is never left out: a changed, foreign or old text gets no code and no redirect', async () => {
    const { portal, visitor, hint } = await signedInAt()
    const { url } = await portal.begin({ prompt: 'none', id_token_hint: hint })
    const target = await leadsTo(url)
    const name = 'yideng_posted'
    const sealed = target.searchParams.get(name) ?? ''
    const changed = `${sealed.slice(0, -9)}${sealed.at(-9) === 'A' ? 'B' : 'A'}${sealed.slice(-8)}`
    const { cipher } = services.dataKeys
    const foreign = cipher.seal(JSON.stringify([Date.now() + 60_000, [['id_token_hint', hint]]]), 'channel-handle')
    const old = cipher.seal(JSON.stringify([Date.now() - 1000, [['id_token_hint', hint]]]), 'posted-authorization')
    for (const text of [
      '',
      'x',
      '.',
      '..',
      sealed.slice(0, -4),
      changed,
      foreign,
      old,
      '__proto__.x',
      'x'.repeat(9000),
    ]) {
      const tried = new URL(target)
      tried.searchParams.set(name, text)
      const { status, leads } = await visitor.get(tried)
      expect({ text, status, leads }).toEqual({ text, status: 400, leads: undefined })
    }
    const twice = new URL(target)
    twice.searchParams.append(name, sealed)
    expect((await visitor.get(twice)).status).toBe(400)
    expect((await visitor.get(target)).leads?.searchParams.get('code')).toBeTruthy()
  })
})
