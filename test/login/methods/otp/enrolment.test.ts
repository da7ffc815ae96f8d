import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { appOf, giveToken, typeCode } from '../../../setup/otp.ts'
import { openPerson, typePassword } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { openRoom } from '../../../setup/room.ts'
import { usualServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const openRooms = (person: { username: string }, path = '/account/otp') => openRoom(server.issuer, person, path)
const at = (page: Page) => page.url.pathname.replace(/^(\/login)\/[\w-]+/, '$1') + page.url.search

async function begin(person: { username: string }) {
  const { visitor } = await openRooms(person)
  const page = await visitor.submit(await visitor.get('/account/otp/add'), '/account/otp/add', {})
  return { visitor, page, app: appOf(services, page) }
}

const confirm = (visitor: Visitor, page: Page, code: string) => visitor.submit(page, '/account/otp/code', { code })

describe('a new app', () => {
  it('reads an address with everything it needs, and no name or number of the person', async () => {
    const person = await openPerson(services)
    const { app, page } = await begin(person)
    expect(app.secret).toHaveLength(20)
    expect([...app.searchParams.keys()]).toEqual(['secret', 'issuer'])
    for (const secret of [person.username, person.number, person.phone, '陈大文'])
      expect(decodeURIComponent(app.address)).not.toContain(secret)
    expect(page.html).toContain('<svg class="modules"')
    expect(page.headers.get('cache-control')).toContain('no-store')
  })

  it('is added by its first code, which does not sign in again; the next one does', async () => {
    const person = await openPerson(services)
    const { visitor, page, app } = await begin(person)
    const code = app.code()
    expect(at(await confirm(visitor, page, code))).toBe('/account/otp?done=added')

    const portal = await registerPortal(services, { consent: 'implicit' })
    const next = new Visitor(server.issuer)
    const begun = await portal.begin()
    const asked = await typePassword(next, await next.get(begun.url), person.username)
    expect(at(asked)).toBe('/login/otp')
    const refused = await typeCode(next, asked, code)
    expect(refused.status).toBe(400)
    const tokens = await begun.finish(await typeCode(next, refused, app.code(1)))
    expect(decodeJwt(tokens.id_token ?? '')['amr']).toEqual(['pwd', 'otp', 'mfa'])
  })

  it('sent twice is added once, and both answers lead to the list', async () => {
    const person = await openPerson(services)
    const { visitor, page, app } = await begin(person)
    const code = app.code()
    const twice = await Promise.all([confirm(visitor, page, code), confirm(visitor, page, code)])
    expect(twice.map(at)).toEqual(['/account/otp?done=added', '/account/otp?done=added'])
    expect(await services.authenticators.list(person.id, 'otp')).toHaveLength(1)
  })

  it('ends the other sign-ins of the person, with a notice', async () => {
    const person = await openPerson(services)
    const other = await openRooms(person)
    const { visitor, page, app } = await begin(person)
    await confirm(visitor, page, app.code())
    expect(at(await visitor.get('/account'))).toBe('/account')
    expect(at(await other.visitor.get('/account'))).toBe('/login')
    expect((await visitor.get('/account/notices')).html).toContain('动态口令')
  })

  it('keeps its secret out of the page after a wrong code, and out of the store', async () => {
    const person = await openPerson(services)
    const { visitor, page, app } = await begin(person)
    const wrong = await confirm(visitor, page, '12')
    expect(wrong.status).toBe(400)
    expect(wrong.html).not.toContain('otpauth')
    expect(at(await confirm(visitor, wrong, app.code()))).toBe('/account/otp?done=added')
    const [row] = await services.authenticators.list(person.id, 'otp')
    expect(row?.data).not.toContain(app.secret.toString('base64'))
  })

  it('is not added after five wrong codes, though the sixth is right', async () => {
    const person = await openPerson(services)
    const { visitor, page, app } = await begin(person)
    for (let turn = 0; turn < 5; turn += 1) expect((await confirm(visitor, page, `12${turn}`)).status).toBe(400)
    const over = await confirm(visitor, page, app.code())
    expect(over.html).toContain('请重新开始')
    expect(await services.authenticators.list(person.id, 'otp')).toEqual([])
  })

  it('is not added by another session, nor by one secret twice', async () => {
    const person = await openPerson(services)
    const thief = await begin(person)
    const { visitor, page, app } = await begin(person)
    expect((await confirm(thief.visitor, thief.page, app.code())).status).toBe(400)
    const twice = await Promise.all([confirm(visitor, page, app.code()), confirm(visitor, page, app.code(1))])
    expect(twice.map(at)).toContain('/account/otp?done=added')
    expect(await services.authenticators.list(person.id, 'otp')).toHaveLength(1)
  })

  it('is one of two at most', async () => {
    const person = await openPerson(services)
    const pages = await begin(person)
    const [first, second] = [await giveToken(services, person.id), await giveToken(services, person.id)]
    expect([first, second]).toHaveLength(2)
    await expect(giveToken(services, person.id)).rejects.toThrow()
    expect(pages.page.status).toBe(200)
  })
})

describe('a token in the account centre', () => {
  it('is removed after a question, and the password alone signs in again', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id, 'gmt0021-sm3')
    const visitor = new Visitor(server.issuer)
    const asked = await typePassword(visitor, await visitor.get('/account/otp'), person.username)
    const room = await typeCode(visitor, asked, token.code())
    expect(room.html).toContain('0042')
    const question = await visitor.get(/href="(\/account\/otp\/[\w-]+\/remove)"/.exec(room.html)?.[1] ?? '')
    expect(question.html).toContain('0042')
    expect(at(await visitor.submit(question, '/remove', {}))).toBe('/account/otp?done=removed')
    const next = new Visitor(server.issuer)
    expect(at(await typePassword(next, await next.get('/account'), person.username))).not.toBe('/login/otp')
  })

  it('of another person is not found', async () => {
    const [person, other] = [await openPerson(services), await openPerson(services)]
    await giveToken(services, other.id)
    const [theirs] = await services.authenticators.list(other.id, 'otp')
    const { visitor, csrf } = await openRooms(person)
    expect((await visitor.get(`/account/otp/${theirs?.id}/remove`)).status).toBe(404)
    for (const act of ['remove', 'mine'])
      expect((await visitor.post(`/account/otp/${theirs?.id}/${act}`, { csrf })).status).toBe(404)
    expect(await services.authenticators.list(other.id, 'otp')).toHaveLength(1)
  })

  it('has no switch: what guards the password is removed, not switched off', async () => {
    const person = await openPerson(services)
    const { visitor, csrf, page } = await openRooms(person, '/account/ways')
    expect(page.html).toContain('href="/account/otp"')
    expect(page.html).not.toContain('/account/ways/otp/off')
    for (const path of ['/account/ways/otp/off', '/account/ways/otp/not-me']) await visitor.post(path, { csrf })
    expect(await services.methodLocks.locked(person.id, 'otp')).toBe(false)
  })
})
