import { beforeAll, describe, expect, it } from 'vitest'
import { faceNoticeVersion } from '../../src/accounts/identity-proofing/face-consents.ts'
import { groupDocument, groupPhone } from '../../src/accounts/identifiers/grouping.ts'
import type { Services } from '../../src/services.ts'
import { hostile } from '../hostile/values.ts'
import { find } from '../setup/organisation.ts'
import { openPerson } from '../setup/person.ts'
import { csrfOf, eventsOf, listening, openRoom } from '../setup/room.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const main = ({ html }: Page) => /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? ''
const at = (person: { username: string }, path?: string) => openRoom(server.issuer, person, path)
const events = (personId: string, event: string) => eventsOf(services, personId, event)

const signInOf = async (personId: string, index = 0) =>
  (JSON.parse((await events(personId, 'login.succeeded'))[index]?.details ?? '{}') as { signIn: string }).signIn

describe('missing and foreign identifiers', () => {
  it('get the same answer in every form, and nothing changes', async () => {
    const [person, stranger] = [await openPerson(services), await openPerson(services)]
    const theirs = await at(stranger)
    const { portal } = await signedIn(services)
    const { visitor, csrf } = await at(person)
    const uid = /sessions\/([\w-]+)\/end/.exec((await (await at(stranger)).visitor.get('/account/sessions')).html)?.[1]
    const [device] = await services.devices.list(stranger.id)
    const forms: [string, string | undefined][] = [
      ['/account/sessions/ID/end', uid],
      ['/account/devices/ID/forget', device?.key],
      ['/account/portals/ID/withdraw', portal.clientId],
      ['/account/history/ID/not-me', await signInOf(stranger.id)],
      ['/account/ways/ID/off', 'iris'],
      ['/account/ways/ID/on', 'iris'],
      ['/account/ways/ID/not-me', 'iris'],
    ]
    const said = (page: Page) => [page.status, main(page).replaceAll(/<dd>[\w-]+<\/dd>/g, '')]
    for (const [path, id] of forms) {
      const send = (value: string) => visitor.post(path.replace('ID', value), { csrf })
      const absent = said(await send('00000000-0000-4000-8000-000000000000'))
      expect(absent[0], path).toBe(404)
      expect(absent[1], `${path}: the way back`).toContain('<a class="button" href="/account/')
      expect(said(await send(id ?? 'there is none')), path).toEqual(absent)
      expect((await visitor.post(path.replace('ID', id ?? ''), {})).status, `${path} without a token`).toBe(403)
      for (const [kind, value] of hostile.filter(([name]) => !['a path', 'an encoded path', 'empty'].includes(name))) {
        if (!value.isWellFormed()) continue // a lone surrogate has no address
        const { status } = await send(encodeURIComponent(value))
        expect(status >= 400 && status < 500, `${path} ${kind} ${status}`).toBe(true)
      }
    }
    expect((await visitor.get(`/account/history/${await signInOf(stranger.id)}`)).status).toBe(404)
    // nothing of the other person changed: their notices stay unread too
    await services.inbox.send({ personId: stranger.id, kind: 'new-device' })
    await visitor.post('/account/notices/read', { csrf, until: '9999999999999' })
    expect((await visitor.post('/account/notices/read', { csrf, until: 'x' })).status).toBe(400)
    expect(await services.inbox.unread(stranger.id)).toBeGreaterThan(0)
    expect(await services.devices.list(stranger.id)).toHaveLength(2)
    expect((await theirs.visitor.get('/account/sessions')).html.match(/<article/g)).toHaveLength(4)
    expect(server.output()).not.toContain('"level":50')
  })

  it('redirect everyone else to sign in, forms too', async () => {
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

describe('the record', () => {
  it('shows the whole record after a fresh sign-in, once, and audits it', async () => {
    const person = await openPerson(services)
    const { visitor, page } = await at(person, '/account/whole')
    expect(page.url.pathname).toBe('/account/whole')
    for (const shown of [groupDocument(person.number), groupPhone(`+86${person.phone}`)])
      expect(page.html).toContain(shown)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(await events(person.id, 'person.revealed')).toHaveLength(1)
    const masked = await visitor.get('/account/details')
    for (const secret of [groupDocument(person.number), person.number]) expect(masked.html).not.toContain(secret)
  })
})

describe('ways to sign in', () => {
  it('are listed in the order of the login methods; the last one that is on cannot be switched off', async () => {
    const person = await openPerson(services)
    const { visitor } = await at(person)
    const page = await visitor.get('/account/ways')
    for (const way of ['password', 'qr']) expect(page.html).toContain(`/account/ways/${way}/off`)
    const kept = await visitor.lose(page, '/password/off')
    expect(kept.status).toBe(400)
    expect(kept.html).toContain('最后一种')
    expect(await services.methodLocks.list(person.id)).toEqual([])
    const off = await visitor.lose(page, '/qr/off')
    expect(off.url.search).toBe('?done=off&way=qr')
    const on = await visitor.submit(await visitor.get('/account/ways'), '/qr/on', {})
    expect(on.url.search).toBe('?done=on')
    const kinds = (await services.inbox.list(person.id, 10)).map(({ kind }) => kind)
    expect(kinds.toSorted()).toEqual(['method-locked', 'method-unlocked'])
  })

  it('are never all off, even where two are switched off at once', async () => {
    const person = await openPerson(services)
    const by = { actor: 'person' }
    await services.authenticators.add({ personId: person.id, kind: 'passkey', data: '{}' })
    const one = { keepOne: true }
    const done = await Promise.all(
      ['password', 'passkey'].map((way) => services.methodLocks.lock(person.id, way, 'switched-off', by, one)),
    )
    expect(done.filter(Boolean)).toHaveLength(1)
  })
})

describe('history', () => {
  it('shows time, place, method and browser; "not me" ends that sign-in and its portals, and locks its method', async () => {
    const { told, more } = await listening()
    const { person, visitor: stranger, tokens } = await signedIn(services, more)
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

  it('"not me" on a sign-in by QR code locks QR codes and notifies the person', async () => {
    const person = await openPerson(services)
    const { visitor } = await at(person)
    const stranger = '11111111-1111-4111-8111-111111111111'
    await services.audit.record({
      event: 'login.succeeded',
      actor: 'person',
      personId: person.id,
      details: { method: 'qr', signIn: stranger },
    })
    const done = await visitor.submit(await visitor.get(`/account/history/${stranger}`), '/not-me', {})
    expect(done.url.search).toBe('?done=not_me')
    expect(await services.methodLocks.list(person.id)).toMatchObject([{ method: 'qr', reason: 'not-me' }])
    expect((await services.inbox.list(person.id, 1))[0]).toMatchObject({ kind: 'method-locked' })
  })

  it('has pages', async () => {
    const person = await openPerson(services)
    const { visitor } = await at(person)
    for (let count = 0; count < 25; count += 1) {
      await services.audit.record({ event: 'login.refused', actor: 'person', personId: person.id, details: {} })
      await services.inbox.send({ personId: person.id, kind: 'new-device' })
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
    expect(await services.inbox.unread(person.id)).toBe(0)
  })
})

describe('my data', () => {
  it('comes as one document without secrets, and the download is audited', async () => {
    const { person, portal, visitor } = await signedIn(services)
    await services.faceConsents.give(await find(services, person), { actor: 'person' })
    const subject = { upstream: 'foshan', subject: 'fs-of-rooms', alias: '大文' }
    const link = { ...subject, personId: person.id, level: 3, way: 'sign-in' } as const
    await services.upstreamLinks.add(services.database, link)
    const page = await visitor.get('/account/data')
    const shown = await visitor.submit(page, '/account/data', { as: 'page' })
    expect(shown.headers.get('cache-control')).toBe('no-store')
    for (const words of [groupDocument(person.number), '最近使用：', '测试门户', '登录成功'])
      expect(shown.html).toContain(words)
    expect(shown.html).not.toContain('还没有用过')
    for (const key of ['lastUsedAt', 'documentNumber', 'login.succeeded']) expect(shown.html).not.toContain(key)
    const answer = await visitor.submit(page, '/account/data', { as: 'file' })
    expect(answer.headers.get('content-disposition')).toContain('attachment')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const document = JSON.parse(answer.html) as Record<string, unknown>
    expect(document).toMatchObject({
      format: 'yideng-my-data',
      account: { id: person.id, documentNumber: person.number, name: '陈大文', username: person.username },
      authenticators: [{ kind: 'password', lastUsedAt: expect.stringMatching(/Z$/) }],
      faceConsent: { version: faceNoticeVersion, by: 'person', givenAt: expect.stringMatching(/Z$/) },
      upstreams: [{ upstream: 'foshan', username: '大文', level: 3, imported: false, lastUsedAt: null }],
      consents: [{ portal: portal.clientId }],
      sessions: [{ portals: expect.arrayContaining([portal.clientId]) }],
    })
    expect(answer.html).toContain('person.data-taken')
    for (const secret of ['argon2', 'hash', 'device_key', 'uid']) expect(answer.html).not.toContain(secret)
  })
})
