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

    const again = await portal.begin({ ui_locales: 'en zh', login_hint: '张三 & co' })
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
