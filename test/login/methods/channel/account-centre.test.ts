import { beforeAll, describe, expect, it } from 'vitest'
import { bindingOf, startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { openPerson, signIn, typePassword } from '../../../setup/person.ts'
import { csrfOf, eventsOf } from '../../../setup/room.ts'
import type { Page } from '../../../setup/visitor.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

const noticesOf = async (personId: string) =>
  (await all.services.inbox.list(personId, 50, 0)).map(({ kind, details }) => [kind, details['method']])

describe('the account centre', () => {
  it('lists a binding, removes it after a fresh sign-in, and ends the sessions that it began', async () => {
    const { user, person, visitor } = await all.signedIn()
    const room = await all.roomOf(person)
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
    const { person } = await all.signedIn()
    const room = await all.roomOf(person)
    const path = await bindingOf(room)
    await all.services.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' })
    const csrf = csrfOf(await room.get('/account/organisations'))
    expect((await room.post(`${path}/remove`, { csrf })).status).toBe(409)
    expect(await all.services.authenticators.list(person.id, 'channel')).toHaveLength(1)
    expect((await room.get(path)).html).toContain('唯一的登录方式')
  })

  it('knows no binding of another person', async () => {
    const [one, other] = [await all.signedIn(), await all.signedIn()]
    const [mine, theirs] = [await all.roomOf(one.person), await all.roomOf(other.person)]
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

  /** At level 2, and the register would raise them now. */
  async function provable() {
    const person = await openPerson(all.services, { level: 2, name: '钱多多' })
    const { register, persons, database } = all.services
    await persons.proof(person.id, { actor: 'test' }, { possession: 'phone' })
    const known = { documentType: 'resident_id', documentNumber: person.number, nameKey: '钱多多' }
    await database.transaction().execute((transaction) => register.add(transaction, [known]))
    return person
  }

  it('also after the question of the level, with the level that it reached', async () => {
    const [person, user] = [await provable(), all.user()]
    const mine = await all.begin(all.portal3)
    const level = await typePassword(mine.visitor, await all.byMini(mine, user, 'mini3'), person.username)
    expect(asks(level)).toBe(false)
    const question = await mine.visitor.submit(level, '/level', {})
    expect(asks(question)).toBe(true)
    const end = await mine.visitor.submit(question, '/channel/answer', { decision: 'bind' })
    expect((await mine.begun.finish(end)).claims()?.['acr']).toBe('urn:yideng:loa:3')
    expect(await all.services.authenticators.list(person.id, 'channel')).toHaveLength(1)
  })

  it.each([
    ['keep', true],
    ['close', false],
  ])('after the question of a closing account, where its owner says: %s', async (decision, asked) => {
    const [person, user] = [await all.person(), all.user()]
    await all.services.closing.ask(person.id, { actor: 'person' })
    const mine = await all.begin()
    const closing = await typePassword(mine.visitor, await all.byMini(mine, user), person.username)
    expect(asks(closing)).toBe(false)
    const next = await mine.visitor.submit(closing, '/closing', { decision })
    expect([asks(next), next.leads === undefined]).toEqual([asked, asked])
  })

  it('never of a session that only raised its level, for what another login found', async () => {
    const person = await provable()
    const visitor = await all.roomOf(person)
    const login = await all.begin(all.portal3, { visitor })
    const raised = await visitor.submit(login.page, '/level', {})
    expect([asks(raised), raised.leads === undefined]).toEqual([false, false])
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
      expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([303, 409])
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
