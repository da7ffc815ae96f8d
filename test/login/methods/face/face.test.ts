import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { createPasswords } from '../../../../src/accounts/passwords/hash.ts'
import { camera, passkeyMade, photographedPerson, rightFrames, room, send, verify } from '../../../setup/face.ts'
import { berta, darkness, portrait, writeFrames } from '../../../setup/faces.ts'
import { find } from '../../../setup/organisation.ts'
import { password, residentId } from '../../../setup/people.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'
import { passwordAuthenticator } from '../../../../src/login/methods/password/stored-password.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_FACE_QUEUE: '0' })
  services = await server.services()
})

const authenticators = async () => [passwordAuthenticator(await createPasswords().hash(password))]

const csrfOf = ({ html }: Page) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

const events = async (id: string) =>
  (
    await services.database
      .selectFrom('audit_events')
      .select('event')
      .where('person_id', '=', id)
      .orderBy('sequence')
      .execute()
  ).map(({ event }) => event)

const notices = async (id: string) => (await services.inbox.list(id, 20)).map(({ kind }) => kind)

describe('a verified face in the account centre', () => {
  it('raises an account, binds passkeys made just now, and is taken back', async () => {
    const who = await photographedPerson(services)
    const { visitor, page } = await room(server.issuer, who)
    const [made, elsewhere] = [passkeyMade(services, who.id, visitor), passkeyMade(services, who.id)]
    const [fresh, old, foreign] = [await made(5), await made(15), await elsewhere(5)]
    expect(page.html).toContain('不想刷脸')
    const asked = await visitor.submit(page, '/face/start', {})
    expect(asked.html).toContain('name="agree"')
    const capture = await visitor.submit(asked, '/face/consent', { agree: 'yes' })
    expect(capture.headers.get('permissions-policy')).toContain('camera=(self)')
    const done = await verify(visitor, capture)
    expect(done.url.search).toBe('?done=proved')
    // nothing more is asked for, so no other way to do it is offered
    expect(done.html).not.toMatch(/不想刷脸|\/face\/start/)
    expect(await find(services, who)).toMatchObject({ identityLevel: 4 })
    const bindings = () => Promise.all([fresh, old, foreign].map((id) => services.identityProofs.isBound(id)))
    expect(await bindings()).toEqual([true, false, false])
    // an intruder with the password binds nothing by a face in another browser
    const thief = await room(server.issuer, who)
    const stolen = await passkeyMade(services, who.id, thief.visitor)(0)
    expect(thief.page.html).not.toContain('/face/bind')
    const binding = { csrf: csrfOf(thief.page) }
    expect((await thief.visitor.post('/account/face/bind', binding)).url.search).toBe('?done=nothing_bound')
    const after = await made(0)
    const bound = await visitor.submit(done, '/face/bind', {})
    expect(bound.url.search).toBe('?done=bound')
    expect(await services.identityProofs.isBound(after)).toBe(true)
    expect([...(await bindings()), await services.identityProofs.isBound(stolen)]).toEqual([true, false, false, false])
    expect(await events(who.id)).toEqual(
      expect.arrayContaining(['face.consented', 'face.passed', 'person.face-proofed', 'authenticator.bound']),
    )

    // the page asks for no second proof now, but a person may do it all the same
    const post = (step: string) => visitor.post(`/account/face/${step}`, { csrf: csrfOf(bound), agree: 'yes' })
    const running = await post('start')
    const left = await visitor.lose(bound, '/face/withdraw')
    expect(left.url.search).toBe('?done=withdrawn')
    expect(await send(visitor, running, await rightFrames(running))).toMatchObject({ outcome: 'cancelled' })
    const whose = { documentType: 'resident_id', documentNumber: who.number }
    expect(await services.faceReferences.find(whose)).toBeUndefined()
    const again = await post('consent')
    expect(again.html).toContain('没有可以比对的登记照片')
    expect(await notices(who.id)).toEqual(
      expect.arrayContaining(['face-verified', 'authenticator-bound', 'face-withdrawn']),
    )
    // a picture or a template in clear would be longer than any of it
    const rows = await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('person_id', '=', who.id)
      .execute()
    expect(Math.max(...rows.map(({ details }) => details.length))).toBeLessThan(400)
  })

  it('wins a number back from an account that had proven it by less, and notifies both', async () => {
    const earlier = await photographedPerson(services, { name: '林晓' })
    const earlierVisitor = new Visitor(server.issuer)
    await signIn(earlierVisitor, await earlierVisitor.get('/account'), earlier.username)
    const username = `winner${earlier.username}`
    const document = { type: 'resident_id', number: earlier.number } as const
    const claim = { document, name: '林晓', phone: '+8613800138999', username, noticeVersion: '2026-11' }
    const opened = await services.persons.create(
      { ...claim, authenticators: await authenticators() },
      { actor: 'person' },
    )
    if (!opened.ok) throw new Error(opened.problem)
    expect(opened.person.identityLevel).toBe(2)
    const { visitor, page } = await room(server.issuer, { username })
    const done = await verify(visitor, await camera(visitor, page))
    expect(done.url.search, server.output()).toBe('?done=won')
    expect((await find(services, opened.person)).identityLevel).toBe(4)
    expect((await find(services, earlier)).identityLevel).toBe(2)
    expect(await notices(earlier.id)).toContain('number-lost')
    expect(await notices(opened.person.id)).toContain('number-won')
    expect(await events(earlier.id)).toContain('person.superseded')
    expect((await earlierVisitor.get('/account')).html, 'still signed in').toContain('name="password"')

    // one that a face proved as well is for the counter to decide
    const third = await openPerson(services, { name: '林晓', level: 2 })
    const document_number = services.dataKeys.cipher.seal(earlier.number, `natural_persons.document_number:${third.id}`)
    const { document_index } = (await find(services, earlier)).row
    await services.database
      .updateTable('natural_persons')
      .set({ document_number, document_index })
      .where('id', '=', third.id)
      .execute()
    const by = { actor: 'administrator:test' }
    const proved = await services.identityProofs.proveAtCounter(await find(services, third), { bothPresent: true }, by)
    expect(proved).toMatchObject({ ok: true, superseded: [opened.person.id] })
    expect((await find(services, opened.person)).identityLevel).toBe(2)
    // the counter is the command line: a server ends the sessions and tells portals
    await expect.poll(() => events(opened.person.id), { timeout: 30_000 }).toContain('person.sessions-ended')
    expect((await visitor.get('/account')).html).toContain('name="password"')
  })

  it('needs a guardian’s agreement at the counter for a person under 14', async () => {
    const by = { actor: 'administrator:test' }
    const child = await services.persons.create(
      {
        document: { type: 'resident_id', number: residentId('44030020160101001') },
        name: '小明',
        phone: '+8613800138998',
        username: 'xiaoming',
        authenticators: await authenticators(),
        vouchedLevel: 3,
      },
      by,
    )
    if (!child.ok) throw new Error(child.problem)
    const { visitor, page } = await room(server.issuer, { username: 'xiaoming' })
    expect(page.html).not.toContain('/face/start')
    const csrf = csrfOf(await visitor.get('/account/qr'))
    expect((await visitor.post('/account/face/consent', { agree: 'yes', csrf })).status).toBe(403)
    const [guardian, stranger] = [await openPerson(services), await openPerson(services, { level: 2 })]
    const give = async (who: { id: string }) =>
      services.faceConsents.giveFor(child.person, await find(services, who), by)
    expect(await give(stranger)).toBe('no_guardian')
    expect(await give(guardian)).toBe('given')
    expect((await visitor.get('/account/face')).html).toContain('/face/start')
    expect(
      await services.faceConsents.giveFor(await find(services, guardian), await find(services, guardian), by),
    ).toBe('not_a_child')
    // a passport shows no age: its holder declares it, or a guardian does at the counter
    const passport = { document: { type: 'passport', number: 'E12345678' }, username: 'passport' } as const
    const opening = { name: '小红', phone: '+8613800138997', authenticators: await authenticators() }
    const ageless = await services.persons.create({ ...opening, ...passport, vouchedLevel: 3 }, by)
    if (!ageless.ok) throw new Error(ageless.problem)
    const asked = await room(server.issuer, passport)
    expect((await asked.visitor.submit(asked.page, '/face/start', {})).html).toContain('我已满 14 周岁，同意')
    expect(await services.faceConsents.giveFor(ageless.person, await find(services, guardian), by)).toBe('given')
    expect(await services.faceConsents.of(ageless.person)).toMatchObject({ by: 'guardian' })
  })
})

describe('limits of tries', () => {
  it('gets each challenge once, from their own page, with nothing but small pictures', async () => {
    const [one, other] = [
      await room(server.issuer, await photographedPerson(services)),
      await room(server.issuer, await photographedPerson(services)),
    ]
    const page = await camera(one.visitor, one.page)
    const frames = await rightFrames(page)
    expect(await send(one.visitor, page, frames, { csrf: 'forged' })).toMatchObject({ status: 403 })
    expect(await send(one.visitor, page, frames, { type: 'application/octet-stream' })).toMatchObject({ status: 415 })
    const theirs = await camera(other.visitor, other.page)
    const checkOf = (given: Page) => /data-check="([^"]+)"/.exec(given.html)?.[1] ?? ''
    const foreign = checkOf(theirs)
    expect(await send(one.visitor, page, frames, { check: foreign })).toMatchObject({ outcome: 'late' })
    // and whose it is has it still
    const dark = writeFrames([{ step: 0, jpeg: await darkness() }])
    expect(await send(other.visitor, theirs, dark)).toMatchObject({ outcome: 'unusable', reasons: ['too_dark'] })
    expect(await send(one.visitor, page, frames)).toMatchObject({ outcome: 'passed' })
    expect(await send(one.visitor, page, frames)).toMatchObject({ outcome: 'late' })
    // passed for one session is nothing to another
    expect((await other.visitor.submit(theirs, '/face/done', { check: checkOf(page) })).status).toBe(400)
    expect((await one.visitor.submit(page, '/face/done', {})).url.search).toBe('?done=proved')
    // the same form leads where the first one went; its check is used up
    expect((await one.visitor.submit(page, '/face/done', {})).url.search).toBe('?done=proved')
    expect(await send(one.visitor, page, frames)).toMatchObject({ outcome: 'late' })
    // too much, or nothing: the challenge is used up, and holds no place again
    for (const wrong of [Buffer.concat([frames, Buffer.alloc(4 * 1024 * 1024)]), Buffer.alloc(0)]) {
      const next = await camera(one.visitor, one.page)
      const unusable = { outcome: 'unusable' }
      expect(await send(one.visitor, next, wrong).catch(() => unusable)).toMatchObject(unusable)
      expect(await send(one.visitor, next, await rightFrames(next))).toMatchObject({ outcome: 'late' })
    }
  })

  it('is not asked for a face by what they switched off themselves', async () => {
    const who = await photographedPerson(services)
    const { visitor } = await room(server.issuer, who)
    const ways = await visitor.get('/account/ways')
    expect(ways.html).toContain('只用来确认是您本人')
    expect((await visitor.lose(ways, '/face/off')).url.search).toBe('?done=off&way=face')
    const off = await visitor.get('/account/face')
    expect(off.html).toContain('您关闭了刷脸')
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const tried = await visitor.post('/account/face/consent', { agree: 'yes', csrf })
    expect(tried.html).toContain('您关闭了刷脸')
    expect(tried.html).not.toContain('data-check')
  })

  it('block an account for a day after five failures, and no other account that claims the number', async () => {
    const who = await photographedPerson(services, { level: 2 })
    const { visitor, page } = await room(server.issuer, who)
    const jpeg = await portrait(berta)
    for (let failed = 0; failed < 5; failed += 1) {
      const capture = await camera(visitor, page)
      const answer = await send(visitor, capture, writeFrames([{ step: 0, jpeg }]))
      expect(answer).toMatchObject({ outcome: 'failed', reasons: ['other_face'] })
    }
    const blocked = await camera(visitor, page)
    expect(blocked.html).toContain('24 小时内不能再刷脸')
    expect(blocked.html).toContain('href="/account/face"')
    expect(await events(who.id)).toContain('face.blocked')
    expect(await notices(who.id)).toContain('face-blocked')
    const owner = await openPerson(services, { level: 2, number: who.number })
    const own = await room(server.issuer, owner)
    expect(own.page.html).not.toContain('24 小时内不能再刷脸')
    expect((await verify(own.visitor, await camera(own.visitor, own.page))).url.search).toBe('?done=proved')
  })

  it('do not count captures that were begun and never sent', async () => {
    const owner = await photographedPerson(services, { level: 2 })
    const impostor = await openPerson(services, { level: 2, number: owner.number })
    const theirs = await room(server.issuer, impostor)
    let last = await camera(theirs.visitor, theirs.page)
    for (let begun = 0; begun < 30; begun += 1) last = await theirs.visitor.submit(theirs.page, '/face/start', {})
    expect(last.html).toContain('今天刷脸的次数太多了')
    const own = await room(server.issuer, owner)
    expect((await verify(own.visitor, await camera(own.visitor, own.page))).url.search).toBe('?done=proved')
    // in another session of theirs it goes on: only challenges of one session are bounded
    const again = await room(server.issuer, impostor)
    expect((await camera(again.visitor, again.page)).html).toContain('data-check')
  })

  it('refuses a name that the register does not have under the number, and says why', async () => {
    const owner = await photographedPerson(services, { level: 2 })
    const impostor = await openPerson(services, { level: 2, number: owner.number, name: '赵假名' })
    const theirs = await room(server.issuer, impostor)
    // after the answered questions a capture is compared with no photograph, and the page shows no difference
    const pages = []
    for (let turn = 0; turn < 8; turn += 1) pages.push(await camera(theirs.visitor, theirs.page))
    expect(pages[0]?.html).toContain('与人口登记对不上')
    expect(pages[0]?.html).not.toContain('data-check')
    for (let failed = 0; failed < 5; failed += 1) {
      const capture = await camera(theirs.visitor, theirs.page)
      // the owner's very face passes nothing there
      expect(await send(theirs.visitor, capture, await rightFrames(capture))).toMatchObject({ outcome: 'failed' })
    }
    const own = await room(server.issuer, owner)
    expect((await verify(own.visitor, await camera(own.visitor, own.page))).url.search).toBe('?done=proved')
  })

  it('is asked to come again when all places are taken, before anything is read', async () => {
    const [one, other] = [
      await room(server.issuer, await photographedPerson(services)),
      await room(server.issuer, await photographedPerson(services)),
    ]
    const [first, second] = [await camera(one.visitor, one.page), await camera(other.visitor, other.page)]
    const frames = await rightFrames(first)
    let go = () => {}
    const slow = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(frames.subarray(0, 1000)))
        go = () => {
          controller.enqueue(new Uint8Array(frames.subarray(1000)))
          controller.close()
        }
      },
    })
    const sending = send(one.visitor, first, slow)
    await expect
      .poll(() => send(other.visitor, second, frames), { timeout: 30_000 })
      .toMatchObject({ status: 503, outcome: 'busy', retryAfter: '5' })
    // an unknown challenge takes no place, and the answer shows that
    expect(await send(other.visitor, second, frames, { check: 'none' })).toMatchObject({ status: 200, outcome: 'late' })
    go()
    expect(await sending).toMatchObject({ outcome: 'passed' })
  })
})
