import { beforeAll, describe, expect, it } from 'vitest'
import { giveToken } from '../../../setup/otp.ts'
import { signIn, typePassword } from '../../../setup/person.ts'
import { personWithCodes, recoverBy } from '../../../setup/recovery.ts'
import { csrfOf, eventsOf, openRoom } from '../../../setup/room.ts'
import { startUpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import { Visitor } from '../../../setup/visitor.ts'

const home = '/account/upstream'

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin({ YIDENG_RECOVERY_PASSKEY_DAYS: '30' })
})

type Citizen = Awaited<ReturnType<UpstreamSetting['citizen']>>

const roomOf = async (person: { username: string }) => (await openRoom(all.server.issuer, person)).visitor
const isIn = async (visitor: Visitor) => (await visitor.get('/account')).url.pathname === '/account'

/** The address of the first link in the account centre. */
const linkOf = async (visitor: Visitor): Promise<string> =>
  /href="(\/account\/upstream\/[\w-]{43})(?:\/undo)?"/.exec((await visitor.get(home)).html)?.[1] ??
  expect.fail('no link')

/** The browser after a sign-in by the upstream. */
async function signedInBy(who: Citizen): Promise<Visitor> {
  const login = await all.begin()
  const page = await all.walk(login, who)
  if (!page.leads) throw new Error(`not signed in:\n${page.html}`)
  return login.visitor
}

/** A person with a link that they made by themself. */
async function linked(opened?: Awaited<ReturnType<UpstreamSetting['person']>>) {
  const who = await all.citizen({ acr: 'low' })
  const person = opened ?? (await all.person())
  await all.linked(who, person)
  return { who, person }
}

/** A person whom the upstream's proven number has linked. */
async function byNumber() {
  const who = await all.citizen({ registered: true })
  const person = await all.person({ number: who.id_number ?? '' })
  return { who, person, visitor: await signedInBy(who) }
}

describe('the account centre', () => {
  it('lists a link, ends it after a fresh sign-in, and with it the sessions that it began', async () => {
    const { who, person } = await linked()
    const visitor = await signedInBy(who)
    const room = await roomOf(person)
    const list = await room.get(home)
    for (const words of [all.fs.row().name, '您自己登录后关联']) expect(list.html).toContain(words)
    expect(list.html).not.toContain(who.sub)
    expect(list.html, 'the person made it').not.toContain('/undo"')
    const removed = await room.lose(await room.get(await linkOf(room)), '/remove')
    expect(removed.url.href).toContain(`${home}?done=removed`)
    expect(await isIn(visitor)).toBe(false)
    expect(await isIn(room)).toBe(true)
    expect(await all.linkOf(who)).toBeUndefined()
    expect(await eventsOf(all.services, person.id, 'upstream.unlinked')).toHaveLength(1)
    const login = await all.begin()
    expect((await all.walk(login, who)).url.pathname).toBe(`${login.path}/upstream/new`)
  })

  it('adds one by a sign-in in which the upstream speaks, and by another way', async () => {
    const [who, person] = [await all.citizen({ acr: 'low' }), await all.person()]
    const room = await roomOf(person)
    const page = await room.submit(await room.get(home), '/upstream/add', {})
    const login = { visitor: room, page, path: page.url.pathname, begun: await all.portal.begin() }
    await all.walk(login, who)
    const question = await typePassword(room, await room.get(`${login.path}?way=password`), person.username)
    const end = await room.submit(question, '/upstream/answer', { decision: 'link' })
    expect(end.url.pathname).toBe(home)
    expect(end.html).toContain(all.fs.row().name)
    expect(await all.linkOf(who)).toMatchObject({ personId: person.id, way: 'sign-in' })
  })

  it('never ends the last way in, and shows where another one is made', async () => {
    const who = await all.citizen()
    const login = await all.begin()
    await all.open(login.visitor, await all.walk(login, who))
    const { personId } = (await all.linkOf(who)) ?? expect.fail()
    const path = await linkOf(login.visitor)
    const page = await login.visitor.get(path)
    expect(page.html).toContain('唯一的登录方式')
    expect(page.html).not.toContain(`${path}/remove`)
    const csrf = csrfOf(await login.visitor.get('/account/organisations'))
    expect((await login.visitor.post(`${path}/remove`, { csrf })).status).toBe(409)
    const off = await login.visitor.get('/account/ways/upstream/off')
    expect((await login.visitor.submit(off, '/ways/upstream/off', {})).status).toBe(400)
    expect(await all.services.methodLocks.list(personId)).toEqual([])
    expect((await login.visitor.get('/account/password')).status, 'the usual rules let them add one').toBe(200)
  })

  it('knows no link of another person', async () => {
    const [one, other] = [await linked(), await linked()]
    const [mine, theirs] = [await roomOf(one.person), await roomOf(other.person)]
    const path = await linkOf(theirs)
    expect((await mine.get(path)).status).toBe(404)
    const csrf = csrfOf(await mine.get('/account/organisations'))
    for (const act of ['remove', 'mine', 'undo'])
      expect((await mine.post(`${path}/${act}`, { csrf })).status, act).toBe(404)
    expect(await all.linkOf(other.who)).toBeDefined()
  })

  it('switches the way off: no link signs in then', async () => {
    const { who, person } = await linked()
    const room = await roomOf(person)
    await room.lose(await room.get('/account/ways'), '/ways/upstream/off')
    expect(await all.services.methodLocks.locked(person.id, 'upstream')).toBe(true)
    expect((await room.get(home)).html).toContain('现在是关闭的')
    const login = await all.begin()
    expect((await all.walk(login, who)).leads).toBeUndefined()
  })
})

describe('a link by number', () => {
  it('is undone by one press: its sessions end, and the number never links it again', async () => {
    const { who, person, visitor } = await byNumber()
    const room = await roomOf(person)
    const list = await room.get(home)
    expect(list.html).toContain('按证件号码关联')
    const undone = await room.lose(list, '/undo')
    expect(undone.url.href).toContain(`${home}?done=undone`)
    expect(await isIn(visitor), 'the session that the link began').toBe(false)
    expect(await isIn(room)).toBe(true)
    const login = await all.begin()
    const page = await all.walk(login, who)
    expect(page.url.pathname).toBe(`${login.path}/upstream/new`)
    expect(await all.linkOf(who)).toBeUndefined()
    // the person may still link it by a sign-in
    await all.linked(who, person)
    expect(await all.linkOf(who)).toMatchObject({ personId: person.id, way: 'sign-in', undoUntil: null })
  })

  it('may be undone by the session that it began, which ends with it', async () => {
    const { who, visitor } = await byNumber()
    await visitor.lose(await visitor.get(home), '/undo')
    expect(await isIn(visitor)).toBe(false)
    expect(await all.linkOf(who)).toBeUndefined()
  })

  it('changes nothing in the account for a day, binds no other account, and then does', async () => {
    const { who, person, visitor } = await byNumber()
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const path = await linkOf(visitor)
    const acts = [
      'password',
      'recovery',
      'passkey/add/options',
      'helpers',
      'closing',
      'ways/password/off',
      'upstream/add',
    ]
    for (const act of [...acts.map((one) => `/account/${one}`), `${path}/remove`]) {
      const page = await visitor.post(act, { csrf })
      expect([act, page.status, page.html.includes('刚刚按证件号码连到')]).toEqual([act, 403, true])
    }
    // another account of the thief at another upstream is no way in either
    const other = await all.citizen({ acr: 'low' })
    const login = await all.begin()
    await all.walk(login, other, all.zh)
    const next = await all.walk(login, who)
    expect(next.html).not.toContain('/upstream/answer')
    expect(await all.linkOf(other, all.zh)).toBeUndefined()
    // the city's clock does not move with ours
    await all.services.database
      .updateTable('upstream_links')
      .set({ held_until: all.services.clock() - 1 })
      .where('person_id', '=', person.id)
      .execute()
    const again = await signedInBy(who)
    expect((await again.get('/account/password')).status).toBe(200)
    expect((await again.get(`${await linkOf(again)}/undo`)).status, 'for thirty days').toBe(200)
    expect(await eventsOf(all.services, person.id, 'upstream.linked')).toHaveLength(1)
  })
})

describe('a recovery', () => {
  it('pauses a young link, which signs in again once its person has confirmed it', async () => {
    const person = await personWithCodes(all.services)
    const { who } = await linked(person)
    await recoverBy(all.services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    const login = await all.begin()
    const refused = await all.walk(login, who)
    expect(refused.leads).toBeUndefined()
    expect(refused.html).toContain('在找回账户时已经暂停')
    const visitor = new Visitor(all.server.issuer)
    const signed = await signIn(visitor, await visitor.get(home), person.username, 'Dongjiang-River-88')
    expect(signed.html).toContain('已暂停')
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const path = await linkOf(visitor)
    await visitor.post(`${path}/mine`, { csrf })
    expect((await all.linkOf(who))?.pausedAt, 'in the hold it may be a thief who asks').not.toBeNull()
    await all.services.database
      .updateTable('natural_persons')
      .set({ held_until: all.services.clock() - 1 })
      .where('id', '=', person.id)
      .execute()
    const later = new Visitor(all.server.issuer)
    await signIn(later, await later.get(home), person.username, 'Dongjiang-River-88')
    const released = await later.submit(await later.get(path), '/mine', {})
    expect(released.url.href).toContain(`${home}?done=released`)
    await signedInBy(who)
  })
})

describe('a person who needs two factors', () => {
  it('reaches level 2 by an upstream alone, which adds no factor beside one that is there', async () => {
    const strict = await startUpstreamLogin({ YIDENG_TWO_FACTORS: 'administrators' })
    const who = await strict.citizen({ registered: true })
    const person = await strict.person({ number: who.id_number ?? '' })
    const acrBy = async () => {
      const login = await strict.begin()
      const page = await strict.walk(login, who)
      return { ...login, acr: (await login.begun.finish(page)).claims()?.['acr'] }
    }
    expect((await acrBy()).acr).toBe('urn:yideng:loa:3')
    const granted = { personId: person.id, role: 'viewer', region: '440000' } as const
    await strict.services.administrators.grant(granted, 'administrator:test')
    // a link that its person did not make is held for a day
    await strict.services.database
      .updateTable('upstream_links')
      .set({ held_until: strict.services.clock() - 1 })
      .where('person_id', '=', person.id)
      .execute()
    const { visitor, acr } = await acrBy()
    expect(acr).toBe('urn:yideng:loa:2')
    expect((await visitor.get('/account/passkey/add')).url.pathname).toBe('/account/passkey/add')
    await giveToken(strict.services, person.id)
    expect((await visitor.get('/account/passkey/add')).url.pathname).toMatch(/^\/login\//)
  })
})
