import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Back } from '../../../src/admin/house.ts'
import { createPasswords } from '../../../src/accounts/passwords/hash.ts'
import { photographed, rightFrames, send, verify } from '../../setup/face.ts'
import { berta, portrait, writeFrames } from '../../setup/faces.ts'
import { find } from '../../setup/organisation.ts'
import { password, residentId } from '../../setup/people.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { startServer, type RunningServer } from '../../setup/server.ts'
import { Visitor, type Page } from '../../setup/visitor.ts'

let server: RunningServer
let house: Back
let kiosk: Awaited<ReturnType<typeof registerPortal>>
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer({ YIDENG_FACE_QUEUE: '0' })
  house = await server.house()
  kiosk = await registerPortal(house, { consent: 'implicit' })
  portal = await registerPortal(house, { consent: 'implicit' })
  await server.kill('SIGINT')
  server.environment['YIDENG_FACE_KIOSKS'] = kiosk.clientId
  await server.restart()
})

type Person = Awaited<ReturnType<typeof openPerson>>

async function person(overrides: Parameters<typeof openPerson>[1] = {}): Promise<Person> {
  const opened = await openPerson(house, overrides)
  await photographed(house, opened)
  return opened
}

/** Signed in, in the account centre's room for faces. */
async function room(who: { username: string }) {
  const visitor = new Visitor(server.issuer)
  const page = await signIn(visitor, await visitor.get('/account/face'), who.username)
  return { visitor, page }
}

/** On to the camera, agreeing where it is asked. */
async function camera(visitor: Visitor, page: Page): Promise<Page> {
  const next = await visitor.submit(page, '/face/start', {})
  return next.html.includes('name="agree"') ? visitor.submit(next, '/face/consent', { agree: 'yes' }) : next
}

const events = async (id: string) =>
  (
    await house.database
      .selectFrom('audit_events')
      .select('event')
      .where('person_id', '=', id)
      .orderBy('sequence')
      .execute()
  ).map(({ event }) => event)

const notices = async (id: string) => (await house.inbox.list(id, 20)).map(({ kind }) => kind)

async function passkeyMade(personId: string, minutesAgo: number): Promise<string> {
  const id = randomUUID()
  const created_at = Date.now() - minutesAgo * 60_000
  const row = { id, person_id: personId, kind: 'passkey', lookup_key: id, data: '{}', created_at, last_used_at: null }
  await house.database.insertInto('authenticators').values(row).execute()
  return id
}

describe('a verified face in the account centre', () => {
  it('raises an account, binds passkeys made just now, and is taken back', async () => {
    const who = await person()
    const { visitor, page } = await room(who)
    const [fresh, old] = [await passkeyMade(who.id, 5), await passkeyMade(who.id, 15)]
    const asked = await visitor.submit(page, '/face/start', {})
    expect(asked.html).toContain('name="agree"')
    const capture = await visitor.submit(asked, '/face/consent', { agree: 'yes' })
    expect(capture.headers.get('permissions-policy')).toContain('camera=(self)')
    const done = await verify(visitor, capture)
    expect(done.url.search).toBe('?done=proved')
    expect(await find(house, who)).toMatchObject({ identityLevel: 4 })
    expect([await house.faceProofs.isBound(fresh), await house.faceProofs.isBound(old)]).toEqual([true, false])
    const after = await passkeyMade(who.id, 0)
    const bound = await visitor.submit(done, '/face/bind', {})
    expect(bound.url.search).toBe('?done=bound')
    expect(await house.faceProofs.isBound(after)).toBe(true)
    expect(await events(who.id)).toEqual(
      expect.arrayContaining(['face.consented', 'face.passed', 'person.face-proofed', 'authenticator.bound']),
    )

    const left = await visitor.submit(bound, '/face/withdraw', {})
    expect(left.url.search).toBe('?done=withdrawn')
    const whose = { documentType: 'resident_id', documentNumber: who.number }
    expect(await house.faceReferences.find(whose)).toBeUndefined()
    const again = await camera(visitor, await visitor.get('/account/face'))
    expect(again.html).toContain('没有可以比对的登记照片')
    expect(await notices(who.id)).toEqual(
      expect.arrayContaining(['face-verified', 'authenticator-bound', 'face-withdrawn']),
    )
    // a picture or a template in clear would be longer than any of it
    const rows = await house.database
      .selectFrom('audit_events')
      .select('details')
      .where('person_id', '=', who.id)
      .execute()
    expect(Math.max(...rows.map(({ details }) => details.length))).toBeLessThan(400)
  })

  it('wins a number back from whoever had proven it by less, and tells both', async () => {
    const earlier = await person({ name: '林晓' })
    const earlierVisitor = new Visitor(server.issuer)
    await signIn(earlierVisitor, await earlierVisitor.get('/account'), earlier.username)
    const username = `winner${earlier.username}`
    const opened = await house.persons.create(
      {
        document: { type: 'resident_id', number: earlier.number },
        name: '林晓',
        phone: '+8613800138999',
        username,
        passwordHash: await createPasswords().hash(password),
        noticeVersion: '2026-11',
      },
      { actor: 'person' },
    )
    if (!opened.ok) return expect.fail()
    expect(opened.person.identityLevel).toBe(2)
    const { visitor, page } = await room({ username })
    const done = await verify(visitor, await camera(visitor, page))
    expect(done.url.search, server.output()).toBe('?done=won')
    expect((await find(house, opened.person)).identityLevel).toBe(4)
    expect((await find(house, earlier)).identityLevel).toBe(2)
    expect(await notices(earlier.id)).toContain('number-lost')
    expect(await notices(opened.person.id)).toContain('number-won')
    expect(await events(earlier.id)).toContain('person.superseded')
    expect((await earlierVisitor.get('/account')).html, 'still signed in').toContain('name="password"')

    // one that a face proved as well is for the counter to decide
    const third = await openPerson(house, { name: '林晓', level: 2 })
    const { documentIndex } = { documentIndex: (await find(house, earlier)).row.document_index }
    await house.database
      .updateTable('natural_persons')
      .set({ document_index: documentIndex })
      .where('id', '=', third.id)
      .execute()
    expect(
      await house.faceProofs.proveAtCounter(await find(house, third), { actor: 'administrator:test' }),
    ).toMatchObject({
      ok: true,
      superseded: [opened.person.id],
    })
    expect((await find(house, opened.person)).identityLevel).toBe(2)
  })

  it('is not for who is under 14 unless a guardian agreed at the counter', async () => {
    const by = { actor: 'administrator:test' }
    const child = await house.persons.create(
      {
        document: { type: 'resident_id', number: residentId('44030020160101001') },
        name: '小明',
        phone: '+8613800138998',
        username: 'xiaoming',
        passwordHash: await createPasswords().hash(password),
        vouchedLevel: 3,
      },
      by,
    )
    if (!child.ok) return expect.fail(child.problem)
    const { visitor, page } = await room({ username: 'xiaoming' })
    expect(page.html).not.toContain('/face/start')
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/account/qr')).html)?.[1] ?? ''
    expect((await visitor.post('/account/face/consent', { agree: 'yes', csrf })).status).toBe(403)
    const [guardian, stranger] = [await openPerson(house), await openPerson(house, { level: 2 })]
    const give = async (who: { id: string }) => house.faceConsents.giveFor(child.person, await find(house, who), by)
    expect(await give(stranger)).toBe('no_guardian')
    expect(await give(guardian)).toBe('given')
    expect((await visitor.get('/account/face')).html).toContain('/face/start')
    expect(await house.faceConsents.giveFor(await find(house, guardian), await find(house, guardian), by)).toBe(
      'not_a_child',
    )
  })
})

describe('whoever tries', () => {
  it('gets each challenge once, from their own page, with nothing but small pictures', async () => {
    const [one, other] = [await room(await person()), await room(await person())]
    const page = await camera(one.visitor, one.page)
    const frames = await rightFrames(page)
    expect(await send(one.visitor, page, frames, { csrf: 'forged' })).toMatchObject({ status: 403 })
    expect(await send(one.visitor, page, frames, { type: 'application/octet-stream' })).toMatchObject({ status: 415 })
    const large = Buffer.concat([frames, Buffer.alloc(4 * 1024 * 1024)])
    expect(await send(one.visitor, page, large).catch(() => ({ outcome: 'unusable' }))).toMatchObject({
      outcome: 'unusable',
    })
    const theirs = await camera(other.visitor, other.page)
    const checkOf = (given: Page) => /data-check="([^"]+)"/.exec(given.html)?.[1] ?? ''
    const foreign = checkOf(theirs)
    expect(await send(one.visitor, page, frames, { check: foreign })).toMatchObject({ outcome: 'late' })
    expect(await send(one.visitor, page, frames)).toMatchObject({ outcome: 'passed' })
    expect(await send(one.visitor, page, frames)).toMatchObject({ outcome: 'late' })
    // passed for one session is nothing to another
    expect((await other.visitor.submit(theirs, '/face/done', { check: checkOf(page) })).status).toBe(400)
    expect((await one.visitor.submit(page, '/face/done', {})).url.search).toBe('?done=proved')
    expect((await one.visitor.submit(page, '/face/done', {})).status).toBe(400)
  })

  it('waits a day after five failed ones', async () => {
    const who = await person()
    const { visitor, page } = await room(who)
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
  })

  it('is asked to come again when all places are taken, before anything is read', async () => {
    const [one, other] = [await room(await person()), await room(await person())]
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
    const refused = await expect
      .poll(() => send(other.visitor, second, frames), { timeout: 5000 })
      .toMatchObject({ status: 503, outcome: 'busy', retryAfter: '5' })
    void refused
    go()
    expect(await sending).toMatchObject({ outcome: 'passed' })
  })
})

describe('at a kiosk', () => {
  it('an identifier and a face sign in, at level 3; a stranger and nobody are one', async () => {
    const who = await person()
    await house.faceConsents.give(await find(house, who), { actor: 'person' })
    const visitor = new Visitor(server.issuer)
    const visit = await kiosk.begin()
    const begin = async (identifier: string) => {
      const ready = await visitor.submit(await visitor.get(visit.url), '/face/identify', { identifier })
      return visitor.submit(ready, '/face/start', {})
    }
    const shapes: unknown[] = []
    for (const identifier of [who.username, 'nobody-here']) {
      const page = await begin(identifier)
      const answer = await send(visitor, page, writeFrames([{ step: 0, jpeg: await portrait(berta) }]))
      shapes.push({ ...answer, page: page.status })
    }
    expect(shapes[0]).toMatchObject({ outcome: 'failed', reasons: ['other_face'] })
    expect(shapes[1]).toEqual(shapes[0])
    const tokens = await visit.finish(await verify(visitor, await begin(who.username)))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['face'] })
  })

  it('and nowhere else', async () => {
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await portal.begin()).url)
    expect(page.html).not.toContain('/face/')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const tried = await visitor.post(`${page.url.pathname}/face/identify`, { identifier: 'x', csrf })
    expect(tried.status).toBe(404)
  })
})

/** Links and forms of a page, by where they lead. */
function exits(page: Page): string[] {
  const main = /<main[\s\S]*<\/main>/.exec(page.html)?.[0] ?? ''
  return [...main.matchAll(/(?:href|action)="(\/[^"]*)"/g)].map(([, target = '']) => target)
}
const asksFace = (target: string) => /\/face(\/|$)/.test(target) && target !== '/account/face'

describe('without a face', () => {
  it('one gets on from every page that asks for one', async () => {
    const who = await person()
    const visited: Page[] = []
    const visitor = new Visitor(server.issuer)
    const see = (page: Page) => {
      visited.push(page)
      return page
    }
    // in a sign-in that asks for level 4: the question, consent, camera, the answer of a blocked account
    const visit = await portal.begin({ acr_values: 'urn:yideng:loa:4' })
    const question = see(await signIn(visitor, await visitor.get(visit.url), who.username))
    const consent = see(await visitor.submit(question, '/face/start', {}))
    const capture = see(await visitor.submit(consent, '/face/consent', { agree: 'yes' }))
    see(await visitor.get(`${new URL(capture.url).pathname.replace(/consent$/, 'return')}?check=none`))
    // in the account centre
    const account = await visitor.get('/account/face')
    see(account)
    see(await visitor.submit(account, '/face/start', {}))
    // at a kiosk
    const stranger = new Visitor(server.issuer)
    const atKiosk = see(await stranger.get((await kiosk.begin()).url))
    const ready = see(await stranger.submit(atKiosk, '/face/identify', { identifier: who.username }))
    see(await stranger.submit(ready, '/face/start', {}))

    for (const page of visited) {
      expect(page.status, page.html).toBeLessThan(400)
      const all = exits(page)
      if (!all.some(asksFace)) continue
      const others = all.filter((target) => !asksFace(target))
      const words = /不想刷脸|不用人脸|name="password"/.test(page.html)
      expect(others.length > 0 && words, `${page.url.pathname} leads nowhere without a face`).toBe(true)
    }
    expect(visited.filter((page) => exits(page).some(asksFace)).length).toBeGreaterThan(6)

    // and the way is real: seen at the counter, a passkey bound, level 4 without any face
    const key = await passkeyMade(who.id, 1)
    await house.faceProofs.proveAtCounter(await find(house, who), { actor: 'administrator:test' })
    expect(await house.faceProofs.isBound(key)).toBe(true)
    const left = await visitor.submit(await visitor.get(question.url), '/cancel', {})
    expect(left.leads?.searchParams.get('error')).toBe('unmet_authentication_requirements')
  })
})
