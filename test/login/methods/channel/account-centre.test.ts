import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { signIn, typePassword } from '../../../setup/person.ts'
import { recoverBy } from '../../../setup/recovery.ts'
import { csrfOf, eventsOf, openRoom } from '../../../setup/room.ts'
import type { Page, Visitor } from '../../../setup/visitor.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

const noticesOf = async (personId: string) =>
  (await all.services.inbox.list(personId, 50, 0)).map(({ kind, details }) => [kind, details['method']])

/** A person with a bound WeChat, and a browser that signed in by it alone. */
async function signedIn() {
  const [user, person] = [all.user(), await all.person()]
  await all.bound(user, person)
  const mine = await all.begin()
  const page = await all.byMini(mine, user)
  expect(page.leads).toBeDefined()
  return { user, person, visitor: mine.visitor, begun: mine.begun, page }
}

const roomOf = async (person: { username: string }) => (await openRoom(all.server.issuer, person)).visitor
const bindingOf = async (visitor: Visitor) =>
  /href="(\/account\/channel\/[0-9a-f-]{36})"/.exec((await visitor.get('/account/channel')).html)?.[1] ?? ''

describe('a session by a channel alone', () => {
  const pages = ['passkey/add', 'whole', 'data', 'details/correct']
  const acts = [
    'recovery',
    'recovery/renew',
    'closing',
    'helpers',
    'invitations/open',
    'organisations',
    'phone',
    'password',
    'passkey/add/options',
    'ways/password/on',
    'channel/add',
    'data',
    'details/correct',
  ]

  it('changes no way to sign in, recovery, phone or mandate, sees no whole data, and closes nothing', async () => {
    const { visitor } = await signedIn()
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const seen: Record<string, unknown> = {}
    const say = ({ status, html }: Page) => [status, html.includes('只是用微信或支付宝登录的')]
    for (const path of pages) seen[`GET ${path}`] = say(await visitor.get(`/account/${path}`))
    for (const path of acts) seen[`POST ${path}`] = say(await visitor.post(`/account/${path}`, { csrf }))
    const everywhere = [...pages.map((path) => `GET ${path}`), ...acts.map((path) => `POST ${path}`)]
    expect(seen).toEqual(Object.fromEntries(everywhere.map((one) => [one, [403, true]])))
  })

  it('removes no binding, and switches no way off', async () => {
    const { visitor } = await signedIn()
    const path = await bindingOf(visitor)
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    expect((await visitor.post(`${path}/remove`, { csrf })).status).toBe(403)
    expect((await visitor.post('/account/channel/add', { csrf })).status).toBe(403)
    expect((await visitor.get('/account/ways/password/off')).status).toBe(403)
  })

  it('takes no way to sign in and no mandate away, by no report of a stranger either', async () => {
    const { person, visitor } = await signedIn()
    const room = await roomOf(person)
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const history = (await visitor.get('/account/history')).html
    const [, own] = /href="(\/account\/history\/[0-9a-f-]{36})"/.exec(history) ?? expect.fail(history)
    const reports = ['/account/ways/password/not-me', '/account/ways/channel/not-me', `${own}/not-me`]
    for (const act of [...reports, '/account/mandates/none/end', '/account/face/withdraw']) {
      const page = await visitor.post(act, { csrf })
      expect([act, page.status, page.html.includes('只是用微信或支付宝登录的')]).toEqual([act, 403, true])
    }
    expect((await room.get('/account')).url.pathname).toBe('/account')
    expect(await all.services.methodLocks.list(person.id)).toEqual([])
  })

  it('is asked for another way where a portal needs level 3', async () => {
    const { visitor } = await signedIn()
    const { page } = await all.begin(all.portal3, { visitor })
    expect(page.html).toContain('?way=password')
    expect(page.html).not.toContain('data-channel="mini"')
    expect(page.html).toContain('data-channel="mini3"')
  })
})

describe('the account centre', () => {
  it('lists a binding, removes it after a fresh sign-in, and ends the sessions that it began', async () => {
    const { user, person, visitor } = await signedIn()
    const room = await roomOf(person)
    const list = await room.get('/account/channel')
    expect(list.html).toContain('粤省事')
    const removed = await room.lose(await room.get(await bindingOf(room)), '/remove')
    expect(removed.url.href).toContain('/account/channel?done=removed')
    expect((await visitor.get('/account')).url.pathname).not.toBe('/account')
    expect((await room.get('/account')).url.pathname).toBe('/account')
    expect(await noticesOf(person.id)).toEqual(
      expect.arrayContaining([
        ['authenticator-added', 'channel'],
        ['authenticator-removed', 'channel'],
      ]),
    )
    expect(await eventsOf(all.services, person.id, 'channel.unbound')).toHaveLength(1)
    expect((await all.byMini(await all.begin(), user)).status).toBe(200)
  })

  it('adds one by a sign-in in which the vendor speaks, and by another way', async () => {
    const [user, person] = [all.user(), await all.person()]
    const visitor = all.browser()
    const shown = await visitor.get('/account/channel')
    const inside = await signIn(visitor, await visitor.get(`${shown.url.pathname}?way=password`), person.username)
    const page = await visitor.submit(inside, '/channel/add', {})
    const login = { visitor, page, path: page.url.pathname, begun: await all.portal.begin() }
    const question = await typePassword(visitor, await all.byMini(login, user), person.username)
    const end = await visitor.submit(question, '/channel/answer', { decision: 'bind' })
    expect(end.url.pathname).toBe('/account/channel')
    expect(end.html).toContain('粤省事')
  })

  it('never removes the last way in', async () => {
    const { person } = await signedIn()
    const room = await roomOf(person)
    const path = await bindingOf(room)
    await all.services.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' })
    const csrf = csrfOf(await room.get('/account/organisations'))
    expect((await room.post(`${path}/remove`, { csrf })).status).toBe(409)
    expect(await all.services.authenticators.list(person.id, 'channel')).toHaveLength(1)
    expect((await room.get(path)).html).toContain('唯一的登录方式')
  })

  it('knows no binding of another person', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    const [mine, theirs] = [await roomOf(one.person), await roomOf(other.person)]
    const path = await bindingOf(theirs)
    expect((await mine.get(path)).status).toBe(404)
    const csrf = csrfOf(await mine.get('/account/organisations'))
    for (const act of ['remove', 'mine']) expect((await mine.post(`${path}/${act}`, { csrf })).status).toBe(404)
    expect(await all.services.authenticators.list(other.person.id, 'channel')).toHaveLength(1)
  })
})

describe('the binding is asked for', () => {
  const asks = (page: Page) => page.html.includes('value="bind"')

  it('of a sign-in of the level that the channel will give, and of no weaker one', async () => {
    const [low, user] = [await all.person(), all.user()]
    await all.services.database
      .updateTable('natural_persons')
      .set({ identity_level: 2 })
      .where('id', '=', low.id)
      .execute()
    const mine = await all.begin(all.portal)
    expect(asks(await typePassword(mine.visitor, await all.byMini(mine, user, 'mini3'), low.username))).toBe(false)
    const other = await all.begin(all.portal)
    expect(asks(await typePassword(other.visitor, await all.byMini(other, user), low.username))).toBe(true)
  })

  it('of no account on hold', async () => {
    const [person, user] = [await all.person(), all.user()]
    await all.services.database
      .updateTable('natural_persons')
      .set({ held_until: Date.now() + 3_600_000 })
      .where('id', '=', person.id)
      .execute()
    const mine = await all.begin(all.portal)
    expect(asks(await typePassword(mine.visitor, await all.byMini(mine, user), person.username))).toBe(false)
  })

  it('once: the proof is used up by the first answer', async () => {
    const [person, user] = [await all.person(), all.user()]
    const mine = await all.begin(all.portal)
    const question = await typePassword(mine.visitor, await all.byMini(mine, user), person.username)
    const csrf = csrfOf(question)
    const both = await Promise.all(
      ['bind', 'later'].map((decision) =>
        mine.visitor.post(`${question.url.pathname}/channel/answer`, { csrf, decision }),
      ),
    )
    expect(both.every(({ status }) => status < 500)).toBe(true)
    expect((await all.services.authenticators.list(person.id, 'channel')).length).toBeLessThanOrEqual(1)
  })

  it('with a decision', async () => {
    const [person, user] = [await all.person(), all.user()]
    const mine = await all.begin(all.portal)
    const question = await typePassword(mine.visitor, await all.byMini(mine, user), person.username)
    const path = `${question.url.pathname}/channel/answer`
    expect((await mine.visitor.post(path, { csrf: csrfOf(question), decision: 'other' })).status).toBe(400)
    expect((await mine.visitor.post(path, { csrf: csrfOf(question), decision: 'bind' })).leads).toBeDefined()
  })
})

describe('two people and one WeChat', () => {
  it('only one of them gets it, and no notice tells the other', async () => {
    for (let round = 0; round < 5; round += 1) {
      const user = all.user()
      const people = [await all.person(), await all.person()]
      const questions = await Promise.all(
        people.map(async (person) => {
          const mine = await all.begin()
          return { mine, page: await typePassword(mine.visitor, await all.byMini(mine, user), person.username) }
        }),
      )
      const answers = await Promise.all(
        questions.map(({ mine, page }) => mine.visitor.submit(page, '/channel/answer', { decision: 'bind' })),
      )
      expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 409])
      const rows = await Promise.all(people.map(({ id }) => all.services.authenticators.list(id, 'channel')))
      expect(rows.flat()).toHaveLength(1)
      const loser = people[answers.findIndex(({ status }) => status === 409)]
      expect(await noticesOf(loser?.id ?? '')).toEqual([])
      // and the login of the other goes on
      const lost = questions[answers.findIndex(({ status }) => status === 409)]
      const on = await lost?.mine.visitor.get(lost.page.url.pathname)
      expect(on && (await lost?.mine.visitor.submit(on, '/channel/answer', { decision: 'later' }))?.leads).toBeDefined()
    }
  })

  it('one person may have several', async () => {
    const person = await all.person()
    for (const user of [all.user(), all.user()]) await all.bound(user, person)
    expect(await all.services.authenticators.list(person.id, 'channel')).toHaveLength(2)
  })
})

describe('the level', () => {
  it('is the lower one of channel and binding', async () => {
    const [person, user] = [await all.person(), all.user()]
    await all.bound(user, person)
    const acrBy = async (id: string) => {
      const mine = await all.begin()
      return (await mine.begun.finish(await all.byMini(mine, user, id))).claims()?.['acr']
    }
    // one namespace: the same account, which was bound for level 2
    expect(await acrBy('mini')).toBe('urn:yideng:loa:2')
    expect(await acrBy('mini3')).toBe('urn:yideng:loa:2')
    const high = all.user()
    await all.bound(high, person, { id: 'mini3' })
    const mine = await all.begin(all.portal3)
    expect((await mine.begun.finish(await all.byMini(mine, high, 'mini3'))).claims()?.['acr']).toBe('urn:yideng:loa:3')
  })

  it('does not rise by a question to the register', async () => {
    const { visitor, begun, page } = await signedIn()
    expect((await begun.finish(page)).claims()?.['acr']).toBe('urn:yideng:loa:2')
    const login = await all.begin(all.portal3, { visitor })
    const asked = await visitor.post(`${login.path}/level`, { csrf: csrfOf(login.page) })
    expect(asked.status).toBe(400)
  })
})

describe('a session by a channel ends by', () => {
  const isIn = async (visitor: Visitor) => (await visitor.get('/account')).url.pathname === '/account'
  const signsIn = async (user: ReturnType<Setting['user']>) => {
    const mine = await all.begin()
    return (await all.byMini(mine, user)).leads !== undefined
  }

  it('a lock of the person', async () => {
    const { user, person, visitor } = await signedIn()
    await all.services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    expect(await isIn(visitor)).toBe(false)
    expect(await signsIn(user)).toBe(false)
  })

  it('“that was not me”, which switches the way off', async () => {
    const { user, person, visitor } = await signedIn()
    const room = await roomOf(person)
    const csrf = csrfOf(await room.get('/account/organisations'))
    await room.post('/account/ways/channel/not-me', { csrf })
    expect(await isIn(visitor)).toBe(false)
    expect(await signsIn(user)).toBe(false)
    await room.post('/account/ways/channel/on', { csrf })
  })

  it('a recovery, which holds a young binding', async () => {
    const { user, person, visitor } = await signedIn()
    const [code = ''] = await all.services.recovery.makeCodes(person.id, { actor: 'person' })
    await recoverBy(all.services, { identifier: person.username, knowledge: person.phone, code })
    expect(await isIn(visitor)).toBe(false)
    const mine = await all.begin()
    const page = await all.byMini(mine, user)
    expect([page.status, page.html.includes('已经暂停')]).toEqual([403, true])
  })

  it('a hold, until the owner confirms that the binding is theirs', async () => {
    const { user, person } = await signedIn()
    const [binding] = await all.services.authenticators.list(person.id, 'channel')
    const { database, authenticators } = all.services
    await database.transaction().execute((within) => authenticators.hold(binding ?? expect.fail(), Date.now(), within))
    expect(await signsIn(user)).toBe(false)
    const room = await roomOf(person)
    const path = await bindingOf(room)
    await room.submit(await room.get(path), '/mine', {})
    expect(await signsIn(user)).toBe(true)
    expect(await eventsOf(all.services, person.id, 'channel.released')).toHaveLength(1)
  })

  it('a channel that is taken out of the file: its sessions, its tickets, and no others', async () => {
    const { user, person, visitor } = await signedIn()
    const by3 = await all.begin()
    expect((await all.byMini(by3, user, 'mini3')).leads).toBeDefined()
    const late = await all.begin()
    const ticket = await all.ticketFor(late, user)
    const room = await roomOf(person)
    const file = all.server.environment['YIDENG_CHANNELS'] ?? ''
    const rows = JSON.parse(readFileSync(file, 'utf8')) as { id: string }[]
    await all.server.kill('SIGINT')
    writeFileSync(file, JSON.stringify(rows.filter(({ id }) => id !== 'mini')))
    await all.server.restart()
    await expect.poll(() => isIn(visitor), { timeout: 15_000 }).toBe(false)
    expect(await isIn(by3.visitor)).toBe(true)
    expect(await isIn(room)).toBe(true)
    expect((await all.enter(late, ticket)).leads).toBeUndefined()
    writeFileSync(file, JSON.stringify(rows))
    await all.server.kill('SIGINT')
    await all.server.restart()
    expect(await isIn(visitor)).toBe(false)
  })
})
