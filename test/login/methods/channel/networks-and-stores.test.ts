import { beforeAll, describe, expect, it } from 'vitest'
import { startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { cannotRun } from '../../../setup/parts.ts'
import { typePassword } from '../../../setup/person.ts'
import { csrfOf } from '../../../setup/room.ts'
import { scaleOut } from '../../../setup/stores.ts'
import { Visitor } from '../../../setup/visitor.ts'

describe('the tries of one network', () => {
  const most = 6
  let all: Setting
  beforeAll(async () => {
    all = await startChannelLogin({ YIDENG_ADDRESS_TRIES: String(most), YIDENG_TRUST_PROXY: 'true' })
  })

  const from = (address: string) => ({ 'x-forwarded-for': address })
  const post = async (path: string, headers: Record<string, string>, body: object) =>
    fetch(`${all.server.issuer}/api/channel/mini/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  it('are one sum of tickets, faces, numbers and starts, and another network is served', async () => {
    const [one, other] = [from('198.51.100.7'), from('203.0.113.9')]
    const agent = { 'user-agent': 'Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0.60' }
    const begun = await all.portal.begin()
    const visitor = new Visitor(all.server.issuer, { ...agent, ...one })
    const page = await visitor.get(begun.url)
    const start = () => visitor.post(`${page.url.pathname}/channel/h5/start`, { csrf: csrfOf(page) })
    const asked = all.vendors.calls.length
    const statuses = [
      (await post('ticket', one, { code: 'a', handle: 'b' })).status,
      (await post('ticket', one, {})).status,
      (await post('face', one, { code: 'a', handle: 'b' })).status,
      (await post('phone', one, { code: 'a', login: 'a', handle: 'b' })).status,
      (await start()).status,
      (await start()).status,
    ]
    expect(statuses).toEqual([400, 400, 400, 400, 303, 303])
    const stopped = await post('ticket', one, { code: 'a', handle: 'b' })
    expect(stopped.status).toBe(429)
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0)
    const refused = await start()
    expect([refused.status, refused.leads]).toEqual([429, undefined])
    expect(all.vendors.calls.length).toBe(asked)
    expect((await post('ticket', other, { code: 'a', handle: 'b' })).status).toBe(400)
    // the other ways of that login are open
    const person = await all.person()
    const end = await typePassword(visitor, await visitor.get(`${page.url.pathname}?way=password`), person.username)
    await expect(begun.finish(end)).resolves.toHaveProperty('id_token')
  })

  it('count again after ten minutes', async () => {
    const one = from('198.51.100.8')
    const ask = async () => (await post('ticket', one, { code: 'a', handle: 'b' })).status
    const statuses = await Promise.all(Array.from({ length: most + 2 }, ask))
    expect(statuses.filter((status) => status === 429)).toHaveLength(2)
    await all.server.forward(601_000)
    expect(await ask()).toBe(400)
  })
})

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('two processes on PostgreSQL and Redis', () => {
  let all: Setting
  beforeAll(async () => {
    all = await startChannelLogin({ YIDENG_WORKERS: '2', ...(await scaleOut()) })
  })

  it('take a ticket once', async () => {
    const [user, person] = [all.user(), await all.person()]
    await all.bound(user, person)
    for (let round = 0; round < 5; round += 1) {
      const mine = await all.begin()
      const ticket = await all.ticketFor(mine, user)
      const entered = await Promise.all(Array.from({ length: 4 }, () => all.enter(mine, ticket)))
      expect(entered.filter(({ leads }) => leads)).toHaveLength(1)
    }
  })

  it('give one WeChat to one of two people', async () => {
    for (let round = 0; round < 5; round += 1) {
      const user = all.user()
      const people = [await all.person(), await all.person()]
      const questions = await Promise.all(
        people.map(async ({ username }) => {
          const mine = await all.begin()
          return { mine, page: await typePassword(mine.visitor, await all.byMini(mine, user), username) }
        }),
      )
      const answers = await Promise.all(
        questions.map(({ mine, page }) => mine.visitor.submit(page, '/channel/answer', { decision: 'bind' })),
      )
      expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([303, 409])
      const rows = await Promise.all(people.map(({ id }) => all.services.authenticators.list(id, 'channel')))
      expect(rows.flat()).toHaveLength(1)
    }
  })
})
