import { beforeAll, describe, expect, it } from 'vitest'
import { typePassword } from '../../../setup/person.ts'
import { startUpstreamLogin, type UpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

const byPassword = async (login: UpstreamLogin, person: { username: string }) =>
  typePassword(login.visitor, await login.visitor.get(`${login.path}?way=password`), person.username)

describe('a proof counts once', () => {
  it('for the account that is opened with it', async () => {
    const [who, login] = [await all.citizen(), await all.begin()]
    const page = await all.walk(login, who)
    login.visitor.follows = false
    const answers = await Promise.all(Array.from({ length: 5 }, () => all.open(login.visitor, page)))
    // the same form has one answer; the link has one person
    const link = await all.linkOf(who)
    expect(answers.filter(({ status }) => status === 303).length).toBeGreaterThan(0)
    const opened = await all.services.database
      .selectFrom('upstream_links')
      .select('person_id')
      .where('person_id', '=', link?.personId ?? '')
      .execute()
    expect(opened.length).toBe(1)
  })

  it('for one of two logins that open an account at the same time, and no other account stays', async () => {
    const who = await all.citizen()
    const logins = [await all.begin(), await all.begin(), await all.begin()]
    const pages = await Promise.all(logins.map((login) => all.walk(login, who)))
    const count = async () => (await all.services.database.selectFrom('natural_persons').select('id').execute()).length
    const before = await count()
    const answers = await Promise.all(logins.map((login, index) => all.open(login.visitor, pages[index] ?? login.page)))
    expect(answers.filter(({ leads }) => leads !== undefined).length).toBe(1)
    expect(answers.filter(({ status }) => status === 409).length).toBe(2)
    expect(await count()).toBe(before + 1)
  })

  it('for one of two people who link it at the same time', async () => {
    const who = await all.citizen({ acr: 'low' })
    const people = [await all.person(), await all.person()]
    const logins = [await all.begin(), await all.begin()]
    const questions = await Promise.all(
      logins.map(async (login, index) => {
        await all.walk(login, who)
        return byPassword(login, people[index] ?? { username: '' })
      }),
    )
    const done = await Promise.all(
      logins.map(({ visitor, page }, index) =>
        visitor.submit(questions[index] ?? page, '/upstream/answer', { decision: 'link' }),
      ),
    )
    const [first, second] = done.map(({ status }) => status).toSorted((one, other) => one - other)
    expect(first).toBe(303)
    // whether the link was there before the second looked, or came first
    expect([400, 409]).toContain(second)
    expect(people.map(({ id }) => id)).toContain((await all.linkOf(who))?.personId)
  })
})

describe('a proof counts for the account that its page showed', () => {
  it('and not for one that came in its place, at the question', async () => {
    const [shown, planted, person] = [
      await all.citizen({ acr: 'low' }),
      await all.citizen({ acr: 'low' }),
      await all.person(),
    ]
    const login = await all.begin()
    // the other walk of the same login is under way
    const late = all.fs.agree(await all.start(login), planted)
    await all.walk(login, shown)
    const page = await login.visitor.get(`${login.path}?way=password`)
    await login.visitor.get(late)
    const question = await typePassword(login.visitor, page, person.username)
    const proof = /name="proof" value="([^"]+)"/.exec(question.html)?.[1] ?? ''
    const other = await login.visitor.submit(question, '/upstream/answer', {
      decision: 'link',
      proof: proof.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')),
    })
    expect(other.leads?.href).toContain(all.portal.redirectUri)
    for (const who of [shown, planted]) expect(await all.linkOf(who)).toBeUndefined()
  })

  it('and not for one that came in its place, at the page of a newcomer', async () => {
    const [shown, planted] = [await all.citizen(), await all.citizen()]
    const login = await all.begin()
    const late = all.fs.agree(await all.start(login), planted)
    const page = await all.walk(login, shown)
    await login.visitor.get(late)
    expect((await all.open(login.visitor, page)).status).toBe(400)
    for (const who of [shown, planted]) expect(await all.linkOf(who)).toBeUndefined()
  })

  it('and not in another login, of this browser or of another', async () => {
    const who = await all.citizen()
    const login = await all.begin()
    const page = await all.walk(login, who)
    const other = await all.begin(all.portal, login.visitor)
    const fields = { consent: 'yes', proof: /name="proof" value="([^"]+)"/.exec(page.html)?.[1] ?? '' }
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const posted = await login.visitor.post(`${other.path}/upstream/new`, { ...fields, csrf })
    expect(posted.status).toBe(400)
    const stranger = await all.begin()
    const theirs = /name="csrf" value="([^"]+)"/.exec(stranger.page.html)?.[1] ?? ''
    expect((await stranger.visitor.post(`${login.path}/upstream/new`, { ...fields, csrf: theirs })).status).toBe(400)
    expect(await all.linkOf(who)).toBeUndefined()
  })
})

describe('the question', () => {
  it('is over after the proof was taken: the page leads on', async () => {
    const [who, person, login] = [await all.citizen({ acr: 'low' }), await all.person(), await all.begin()]
    await all.walk(login, who)
    const question = await byPassword(login, person)
    login.visitor.follows = false
    await login.visitor.submit(question, '/upstream/answer', { decision: 'later' })
    login.visitor.follows = true
    const done = await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    expect(await all.linkOf(who)).toBeUndefined()
    expect(done.status).toBeLessThan(500)
  })

  it('takes no other decision', async () => {
    const [who, person, login] = [await all.citizen({ acr: 'low' }), await all.person(), await all.begin()]
    await all.walk(login, who)
    const question = await byPassword(login, person)
    expect((await login.visitor.submit(question, '/upstream/answer', { decision: 'maybe' })).status).toBe(400)
  })
})
