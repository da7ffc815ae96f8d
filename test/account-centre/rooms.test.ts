import { createServer, type Server } from 'node:http'
import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Back } from '../../src/admin/house.ts'
import { hostile } from '../hostile/values.ts'
import { freePort } from '../setup/free-port.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let house: Back
const listeners: Server[] = []

beforeAll(async () => {
  server = await startServer()
  house = await server.house()
})
afterAll(() => listeners.forEach((listener) => listener.close()))

const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
const main = ({ html }: Page) => /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? ''

/** A browser with somebody signed in at the account centre. */
async function at(person: { username: string }, path = '/account/ways') {
  const visitor = new Visitor(server.issuer, { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0' })
  const page = await signIn(visitor, await visitor.get(path), person.username)
  const home = await visitor.get('/account/ways')
  return { visitor, page, csrf: csrfOf(home) }
}

const events = async (personId: string, event: string) =>
  house.database
    .selectFrom('audit_events')
    .select(['details', 'client_id'])
    .where('person_id', '=', personId)
    .where('event', '=', event)
    .execute()

const signInOf = async (personId: string, index = 0) =>
  (JSON.parse((await events(personId, 'login.succeeded'))[index]?.details ?? '{}') as { signIn: string }).signIn

/** A portal that notes the sessions it is told have ended. */
async function listening(more: Parameters<typeof registerPortal>[1] = {}) {
  const told: unknown[] = []
  const port = await freePort()
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push(decodeJwt(new URLSearchParams(body).get('logout_token') ?? '')['sid'])
      response.writeHead(200).end()
    })
  })
  listeners.push(listener)
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return { told, more: { backchannel_logout_uri: `http://127.0.0.1:${port}/`, ...more } }
}

describe('what is not there and what is somebody else’s', () => {
  it('get the same answer in every form, and nothing changes', async () => {
    const [person, stranger] = [await openPerson(house), await openPerson(house)]
    const theirs = await at(stranger)
    const { portal } = await signedIn(house)
    const { visitor, csrf } = await at(person)
    const uid = /sessions\/([\w-]+)\/end/.exec((await (await at(stranger)).visitor.get('/account/sessions')).html)?.[1]
    const [device] = await house.devices.list(stranger.id)
    const forms: [string, string | undefined][] = [
      ['/account/sessions/ID/end', uid],
      ['/account/devices/ID/forget', device?.key],
      ['/account/portals/ID/withdraw', portal.clientId],
      ['/account/history/ID/not-me', await signInOf(stranger.id)],
      ['/account/ways/ID/off', 'face'],
      ['/account/ways/ID/on', 'face'],
      ['/account/ways/ID/not-me', 'face'],
    ]
    const said = (page: Page) => [page.status, main(page).replaceAll(/<dd>[\w-]+<\/dd>/g, '')]
    for (const [path, id] of forms) {
      const send = (value: string) => visitor.post(path.replace('ID', value), { csrf })
      const absent = said(await send('00000000-0000-4000-8000-000000000000'))
      expect(absent[0], path).toBe(404)
      expect(said(await send(id ?? 'there is none')), path).toEqual(absent)
      expect((await visitor.post(path.replace('ID', id ?? ''), {})).status, `${path} without a token`).toBe(403)
      for (const [kind, value] of hostile.filter(([name]) => !['a path', 'an encoded path', 'empty'].includes(name))) {
        if (!value.isWellFormed()) continue // a lone surrogate has no address
        const { status } = await send(encodeURIComponent(value))
        expect(status >= 400 && status < 500, `${path} ${kind} ${status}`).toBe(true)
      }
    }
    expect((await visitor.get(`/account/history/${await signInOf(stranger.id)}`)).status).toBe(404)
    // nothing of the stranger changed, whose notices stay unread, too
    await house.inbox.notify({ personId: stranger.id, kind: 'new-device' })
    await visitor.post('/account/notices/read', { csrf, until: '9999999999999' })
    expect((await visitor.post('/account/notices/read', { csrf, until: 'x' })).status).toBe(400)
    expect(await house.inbox.unread(stranger.id)).toBeGreaterThan(0)
    expect(await house.devices.list(stranger.id)).toHaveLength(2)
    expect((await theirs.visitor.get('/account/sessions')).html.match(/<article/g)).toHaveLength(4)
    expect(server.output()).not.toContain('"level":50')
  })

  it('sends everybody else to sign in first, forms too', async () => {
    const visitor = new Visitor(server.issuer)
    const csrf = csrfOf(await visitor.get('/account/ways'))
    for (const path of [
      'sessions/x/end',
      'sessions/end-others',
      'notices/read',
      'portals/x/withdraw',
      'data',
      'closing',
    ]) {
      expect((await visitor.post(`/account/${path}`, { csrf })).html, path).toContain('name="password"')
    }
  })
})

describe('who I am', () => {
  it('is shown whole after a fresh sign-in, once, and that is noted', async () => {
    const person = await openPerson(house)
    const { visitor, page } = await at(person, '/account/whole')
    expect(page.url.pathname).toBe('/account/whole')
    for (const secret of [person.number, person.phone]) expect(page.html).toContain(secret)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(await events(person.id, 'person.revealed')).toHaveLength(1)
    expect((await visitor.get('/account')).html).not.toContain(person.number)
  })
})

describe('ways to sign in', () => {
  it('are listed as main.ts has them; the last one that is on cannot be switched off', async () => {
    const person = await openPerson(house)
    const { visitor } = await at(person)
    const page = await visitor.get('/account/ways')
    for (const way of ['password', 'qr']) expect(page.html).toContain(`/account/ways/${way}/off`)
    const kept = await visitor.submit(page, '/password/off', {})
    expect(kept.status).toBe(400)
    expect(kept.html).toContain('最后一种')
    expect(await house.methodLocks.list(person.id)).toEqual([])
    const off = await visitor.submit(page, '/qr/off', {})
    expect(off.url.search).toBe('?done=off')
    const on = await visitor.submit(await visitor.get('/account/ways'), '/qr/on', {})
    expect(on.url.search).toBe('?done=on')
    const kinds = (await house.inbox.list(person.id, 10)).map(({ kind }) => kind)
    expect(kinds.toSorted()).toEqual(['method-locked', 'method-unlocked'])
  })

  it('never are all off, even when two are switched off at once', async () => {
    const person = await openPerson(house)
    const ways = ['password', 'passkey']
    const by = { actor: 'person' }
    const done = await Promise.all(ways.map((way) => house.methodLocks.lock(person.id, way, 'switched-off', by, ways)))
    expect(done.toSorted()).toEqual([false, true])
  })
})

describe('sessions and devices', () => {
  it('are listed with what people know them by, and end where one says so', async () => {
    const { told, more } = await listening()
    const { person, portal, visitor: elsewhere, tokens } = await signedIn(house, more)
    const { visitor } = await at(person)
    const page = await visitor.get('/account/sessions')
    for (const words of ['Windows · Chrome', '密码', '测试门户', '这一台']) expect(page.html).toContain(words)
    const after = await visitor.submit(page, '/end', {})
    expect(after.url.search).toBe('?done=ended')
    expect((await elsewhere.get('/account')).html).toContain('name="password"')
    await expect(oidc.fetchUserInfo(portal.configuration, tokens.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    expect(told).toEqual([tokens.claims()?.['sid']])
    expect((await events(person.id, 'session.ended')).map(({ details }) => details)).toEqual([
      '{"reason":"one","sessions":1}',
    ])
    expect((await visitor.get('/account')).url.pathname).toBe('/account')
  })

  it('all others end at once; the current one by its own number', async () => {
    const person = await openPerson(house)
    const [one, two, here] = [await at(person), await at(person), await at(person)]
    const page = await here.visitor.get('/account/sessions')
    await here.visitor.submit(page, '/end-others', {})
    for (const { visitor } of [one, two]) expect((await visitor.get('/account')).html).toContain('name="password"')
    const again = await at(person)
    const uid = /sessions\/([\w-]+)\/end"/.exec((await again.visitor.get('/account/sessions')).html)?.[1]
    const ended = await here.visitor.post(`/account/sessions/${uid}/end`, { csrf: here.csrf })
    expect(ended.url.pathname).toBe('/')
    expect((await here.visitor.get('/account')).html).toContain('name="password"')
  })

  it('a forgotten browser is signed out and new the next time', async () => {
    const person = await openPerson(house)
    const [old, here] = [await at(person), await at(person)]
    const before = await house.inbox.unread(person.id)
    await here.visitor.submit(await here.visitor.get('/account/sessions'), '/forget', {})
    const page = await old.visitor.get('/account')
    expect(page.html).toContain('name="password"')
    await signIn(old.visitor, page, person.username)
    expect(await house.inbox.unread(person.id)).toBe(before + 1)
  })
})

describe('services I used', () => {
  const scope = 'openid profile phone offline_access'

  it('show what each received; a consent taken back ends its tokens, tells it, and it has to ask again', async () => {
    const { told, more } = await listening({ scope })
    const { person, portal, visitor, tokens } = await signedIn(house, more, { prompt: 'consent' })
    const page = await visitor.get('/account/portals')
    for (const words of ['测试门户', '深圳市', '姓名、性别、出生日期、手机号']) expect(page.html).toContain(words)
    await visitor.submit(page, '/withdraw', {})
    await expect(oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(oidc.fetchUserInfo(portal.configuration, tokens.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    await until(async () => told.length > 0)
    expect(told).toEqual([tokens.claims()?.['sid']])
    expect(await events(person.id, 'consent.withdrawn')).toHaveLength(1)
    const again = await portal.begin()
    const asked = await visitor.get(again.url)
    expect(asked.html).toContain('name="decision"')
    await again.finish(await allow(visitor, asked))
    // what was not asked for cannot be taken back
    const csrf = csrfOf(page)
    const silent = await registerPortal(house, { consent: 'implicit' })
    const visit = await silent.begin()
    await visit.finish(await visitor.get(visit.url))
    expect((await visitor.get('/account/portals')).html).toContain('不需要您同意')
    expect((await visitor.post(`/account/portals/${silent.clientId}/withdraw`, { csrf })).status).toBe(404)
  })

  it('a consent taken back reaches tokens whose session is over, and wins over refreshes at the same moment', async () => {
    const { person, portal, visitor, tokens } = await signedIn(house, { scope }, { prompt: 'consent' })
    const { visitor: other } = await at(person)
    visitor.cookies = []
    const page = await other.get('/account/portals')
    const refresh = (token: string | undefined) =>
      oidc.refreshTokenGrant(portal.configuration, token ?? '').catch(() => undefined)
    const racing = Promise.all(Array.from({ length: 6 }, () => refresh(tokens.refresh_token)))
    await other.submit(page, '/withdraw', {})
    for (const won of await racing) {
      if (!won) continue
      expect(await refresh(won.refresh_token)).toBeUndefined()
      await expect(oidc.fetchUserInfo(portal.configuration, won.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    }
    expect(await refresh(tokens.refresh_token)).toBeUndefined()
    expect(await house.consents.find(person.id, portal.clientId)).toBeUndefined()
  })
})

describe('history', () => {
  it('says when, where, how and with what; "not me" ends that sign-in, its portals, and locks its way', async () => {
    const { told, more } = await listening()
    const { person, visitor: stranger, tokens } = await signedIn(house, more)
    const { visitor } = await at(person)
    const page = await visitor.get('/account/history?only=sign-ins')
    for (const words of ['登录成功', '测试门户', '密码', '127.0.0.1', '这一次']) expect(page.html).toContain(words)
    expect(page.html).not.toContain('开立账户')
    expect((await visitor.get('/account/history')).html).toContain('开立账户')
    const signIns = [...page.html.matchAll(/\/account\/history\/([0-9a-f-]{36})"/g)].map(([, id]) => id)
    expect(signIns).toEqual([await signInOf(person.id)])
    const confirm = await visitor.get(`/account/history/${signIns[0]}`)
    expect(confirm.html).toContain('测试门户')
    const done = await visitor.submit(confirm, '/not-me', {})
    // the password is the only way in: it is not locked, and the page says what to do at once
    expect(done.url.href).toContain('/account/ways?done=not_me_last')
    expect((await stranger.get('/account')).html).toContain('name="password"')
    expect(told).toEqual([tokens.claims()?.['sid']])
    expect((await visitor.get('/account')).url.pathname).toBe('/account')
  })

  it('"not me" on a sign-in by QR code locks that way and tells the person', async () => {
    const person = await openPerson(house)
    const { visitor } = await at(person)
    const stranger = '11111111-1111-4111-8111-111111111111'
    await house.audit.record({
      event: 'login.succeeded',
      actor: 'person',
      personId: person.id,
      details: { method: 'qr', signIn: stranger },
    })
    const done = await visitor.submit(await visitor.get(`/account/history/${stranger}`), '/not-me', {})
    expect(done.url.search).toBe('?done=not_me')
    expect(await house.methodLocks.list(person.id)).toMatchObject([{ method: 'qr', reason: 'not-me' }])
    expect((await house.inbox.list(person.id, 1))[0]).toMatchObject({ kind: 'method-locked' })
  })

  it('has pages', async () => {
    const person = await openPerson(house)
    const { visitor } = await at(person)
    for (let count = 0; count < 25; count += 1) {
      await house.audit.record({ event: 'login.refused', actor: 'person', personId: person.id, details: {} })
      await house.inbox.notify({ personId: person.id, kind: 'new-device' })
    }
    for (const path of ['/account/history', '/account/notices']) {
      const first = await visitor.get(path)
      expect(first.html.match(/<article/g)).toHaveLength(20)
      expect(first.html).toContain('page=2')
      expect((await visitor.get(`${path}?page=2`)).html).toContain('page=1')
      for (const page of ['0', '-1', 'x', '99999', '1;']) {
        expect((await visitor.get(`${path}?page=${encodeURIComponent(page)}`)).status).toBe(200)
      }
    }
    const read = await visitor.submit(await visitor.get('/account/notices'), '/read', {})
    expect(read.url.pathname).toBe('/account/notices')
    expect(await house.inbox.unread(person.id)).toBe(0)
  })
})

describe('my data', () => {
  it('comes as one document without secrets, and that is noted', async () => {
    const { person, portal, visitor } = await signedIn(house)
    const page = await visitor.get('/account/data')
    const answer = await visitor.submit(page, '/account/data', {})
    expect(answer.headers.get('content-disposition')).toContain('attachment')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const document = JSON.parse(answer.html) as Record<string, unknown>
    expect(document).toMatchObject({
      format: 'yideng-my-data',
      account: { id: person.id, documentNumber: person.number, name: '陈大文', username: person.username },
      authenticators: [{ kind: 'password' }],
      consents: [{ portal: portal.clientId }],
      sessions: [{ portals: expect.arrayContaining([portal.clientId]) }],
    })
    expect(answer.html).toContain('person.data-taken')
    for (const secret of ['argon2', 'hash', 'device_key', 'uid']) expect(answer.html).not.toContain(secret)
  })
})

describe('closing', () => {
  const close = async (visitor: Visitor, words = '注销我的账户') =>
    visitor.submit(await visitor.get('/account/closing'), '/account/closing', { confirm: words })

  it('wants it typed, signs out everywhere, and asks at the next sign-in whether to keep the account', async () => {
    const { told, more } = await listening()
    const { person, portal, visitor } = await signedIn(house, more)
    expect((await close(visitor, '好的')).status).toBe(400)
    expect((await house.persons.find(person.id))?.closesAt).toBeNull()
    const leaving = await close(visitor)
    expect(leaving.html).toContain('已经收到您的申请')
    expect(told).toHaveLength(1)
    expect((await house.persons.find(person.id))?.closesAt).toBeGreaterThan(Date.now() + 6.9 * 86_400_000)

    // goes on as planned: asked once for each sign-in, not by the next portal
    const visit = await portal.begin()
    const asked = await signIn(visitor, await visitor.get(visit.url), person.username)
    expect(asked.html).toContain('要保留您的账户吗')
    expect((await visitor.submit(asked, '/closing', { decision: 'maybe' })).status).toBe(400)
    await visit.finish(await visitor.submit(asked, '/closing', { decision: 'close' }))
    const next = await registerPortal(house, { consent: 'implicit' })
    const silent = await next.begin({ prompt: 'none' })
    await silent.finish(await visitor.get(silent.url))
    const home = await visitor.get('/account')
    expect(home.html).toContain('/account/closing/keep')

    const again = new Visitor(server.issuer)
    const other = await portal.begin()
    const question = await signIn(again, await again.get(other.url), person.username)
    await other.finish(await again.submit(question, '/closing', { decision: 'keep' }))
    expect((await house.persons.find(person.id))?.closesAt).toBeNull()
    expect((await visitor.get('/account')).html).not.toContain('/account/closing/keep')
    const kinds = (await house.inbox.list(person.id, 20)).map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['account-closing', 'account-kept']))
  })
})
