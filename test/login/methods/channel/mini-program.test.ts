import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { agents, handleOf, startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { signIn, typePassword } from '../../../setup/person.ts'
import { eventsOf } from '../../../setup/room.ts'
import { startServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

describe('a mini program hands its user over to the web view', () => {
  it('asks once for another way, then for a yes, and from then on for nothing', async () => {
    const [user, person] = [all.user(), await all.person()]
    const first = await all.begin()
    const entered = await all.byMini(first, user)
    expect(entered.status).toBe(200)
    expect(entered.url.search).toBe('')
    expect(entered.html).toContain('粤省事')
    const question = await typePassword(first.visitor, entered, person.username)
    expect(question.html).toContain('name="decision" value="bind"')
    const bound = await first.visitor.submit(question, '/channel/answer', { decision: 'bind' })
    await expect(first.begun.finish(bound)).resolves.toHaveProperty('id_token')
    expect(await eventsOf(all.services, person.id, 'channel.bound')).toHaveLength(1)

    const second = await all.begin()
    const tokens = await second.begun.finish(await all.byMini(second, user))
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ amr: ['wechat'], acr: 'urn:yideng:loa:2' })
  })

  it('does not ask to bind after “later”, nor where the binding exists', async () => {
    const [user, person] = [all.user(), await all.person()]
    const first = await all.begin()
    const question = await typePassword(first.visitor, await all.byMini(first, user), person.username)
    const later = await first.visitor.submit(question, '/channel/answer', { decision: 'later' })
    expect(later.leads?.href).toContain(all.portal.redirectUri)
    const second = await all.begin()
    expect((await all.byMini(second, user)).status).toBe(200)
    await all.bound(user, person)
    expect(await all.services.authenticators.list(person.id, 'channel')).toHaveLength(1)
  })

  it('is offered where the browser is a mini program of that vendor, to portals of the channel', async () => {
    const has = async (agent: keyof typeof agents) => {
      const { page } = await all.begin(all.portal, { visitor: all.browser(agent) })
      return [...page.html.matchAll(/data-channel="([^"]+)"/g)].map(([, id]) => id)
    }
    expect(await has('wechatMini')).toEqual(['mini', 'mini3', 'other'])
    expect(await has('alipayMini')).toEqual(['alipay-mini'])
    for (const agent of ['wechat', 'phone', 'computer'] as const) expect(await has(agent)).toEqual([])
    // each mini program sees its own channels; one without a name sees all
    expect(await has('secondMini')).toEqual(['second'])
    expect(await has('strangeMini')).toEqual([])
    expect(await has('namelessMini')).toEqual(['mini', 'mini3', 'other', 'second'])
  })

  it('gives a fresh handle on each page, which is no part of the address', async () => {
    const { visitor, page, path } = await all.begin()
    const [one, other] = [handleOf(page), handleOf(await visitor.get(path))]
    expect(one).not.toBe(other)
    expect(one.length).toBeGreaterThan(40)
    expect(Buffer.from(one.split('.')[1] ?? '', 'base64url').includes(path.split('/')[2] ?? '')).toBe(false)
  })
})

describe('a ticket is refused', () => {
  const isRefused = (page: { status: number; leads: URL | undefined }) => page.status === 400 && !page.leads

  it('in another browser, in another login, for another channel, and the second time', async () => {
    const [user, person] = [all.user(), await all.person()]
    await all.bound(user, person)
    const [mine, other] = [await all.begin(), await all.begin()]
    const ticket = await all.ticketFor(mine, user)
    expect(await all.enter({ ...mine, visitor: other.visitor }, ticket)).toSatisfy(isRefused)
    const elsewhere = await all.ticketFor(mine, user)
    expect(await all.enter(other, elsewhere)).toSatisfy(isRefused)
    const wrong = await all.ticketFor(mine, user)
    expect(await all.enter(mine, wrong, 'other')).toSatisfy(isRefused)
    // another browser did not use it up
    expect((await all.enter(mine, ticket)).leads?.href).toContain(all.portal.redirectUri)
    expect(await all.enter(other, ticket)).toSatisfy(isRefused)
    const again = await all.begin()
    const once = await all.ticketFor(again, user)
    const both = await Promise.all([all.enter(again, once), all.enter(again, once)])
    expect(both.filter(({ leads }) => leads)).toHaveLength(1)
  })

  it('after a minute', async () => {
    const mine = await all.begin()
    const ticket = await all.ticketFor(mine, all.user())
    await all.server.forward(61_000)
    expect(await all.enter(mine, ticket)).toSatisfy(isRefused)
  })

  it('and leaves the way back to the ways of this login', async () => {
    const mine = await all.begin()
    const page = await all.enter(mine, 'x'.repeat(27))
    expect(page.html).toContain(`href="${mine.path}"`)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('cache-control')).toContain('no-store')
  })
})

describe('POST /api/channel/<id>/ticket', () => {
  const answerOf = async (response: Promise<Response>) => {
    const { status, headers } = await response
    return { status, body: (await (await response).json()) as Record<string, unknown>, headers }
  }

  it('answers the same for bound and unbound', async () => {
    const [bound, unbound] = [all.user(), all.user()]
    await all.bound(bound, await all.person())
    const { page } = await all.begin()
    const shapes = []
    for (const user of [bound, unbound]) {
      const { status, body, headers } = await answerOf(all.askTicket(handleOf(page), all.vendors.loginCode(user)))
      shapes.push([status, Object.keys(body), String(body['ticket']).length, body['expires_in'], [...headers.keys()]])
    }
    expect(shapes[0]).toEqual(shapes[1])
    expect(shapes[0]?.slice(0, 4)).toEqual([200, ['ticket', 'expires_in'], 27, 60])
  })

  it('refuses a code a second time, without unionid, of a blocked user, and while WeChat is down', async () => {
    const { page } = await all.begin()
    const handle = handleOf(page)
    const code = all.vendors.loginCode(all.user())
    expect((await all.askTicket(handle, code)).status).toBe(200)
    const refused = async (given: string, fault?: Parameters<typeof all.vendors.fail>[1]) => {
      if (fault !== undefined) all.vendors.fail('jscode2session', fault)
      const { status, body } = await answerOf(all.askTicket(handle, given))
      all.vendors.well()
      expect(Object.keys(body)).toEqual(['error', 'reference'])
      return [status, body['error']]
    }
    const fresh = () => all.vendors.loginCode(all.user())
    expect(await refused(code)).toEqual([400, 'channel_refused'])
    expect(await refused('wrong')).toEqual([400, 'channel_refused'])
    expect(await refused(fresh(), 'no-unionid')).toEqual([503, 'channel_misconfigured'])
    expect(await refused(fresh(), 40226)).toEqual([403, 'channel_blocked'])
    expect(await refused(fresh(), 40125)).toEqual([503, 'channel_misconfigured'])
    for (const fault of ['huge', 'half-json', 'hang-up', -1] as const)
      expect(await refused(fresh(), fault)).toEqual([503, 'channel_unavailable'])
  })

  it('refuses a handle that is none, of another channel, or of a login that is over, and asks WeChat nothing', async () => {
    const { page } = await all.begin()
    const handle = handleOf(page)
    const before = all.vendors.calls.length
    const tries = [
      all.askTicket('x', 'code'),
      all.askTicket(`${handle.slice(0, -2)}AA`, 'code'),
      all.askTicket(handleOf(page, 'other'), 'code'),
      all.askTicket(handle, 'code', 'h5'),
      all.askTicket(handle, 'code', 'nothing'),
    ]
    expect(await Promise.all(tries.map(async (one) => (await one).status))).toEqual([400, 400, 400, 404, 404])
    await all.server.forward(601_000)
    expect((await all.askTicket(handle, 'code')).status).toBe(400)
    expect(all.vendors.calls.length).toBe(before)
  })

  it('counts the tries of one login', async () => {
    const { page } = await all.begin()
    const statuses = []
    for (let tries = 0; tries < 11; tries += 1) statuses.push((await all.askTicket(handleOf(page), 'wrong')).status)
    expect(statuses.slice(9)).toEqual([400, 429])
    const { page: next } = await all.begin()
    expect((await all.askTicket(handleOf(next), 'wrong')).status).toBe(400)
  })

  it('takes JSON of two fields alone', async () => {
    const post = (body: string, type = 'application/json') =>
      fetch(`${all.server.issuer}/api/channel/mini/ticket`, { method: 'POST', body, headers: { 'content-type': type } })
    const bodies = ['{}', '{"code":"a"}', '{"code":"a","handle":"b","more":1}', 'nonsense', '{"code":1,"handle":"b"}']
    for (const body of bodies) expect((await post(body)).status).toBe(400)
    expect((await post('code=a&handle=b', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await post(JSON.stringify({ code: 'a'.repeat(4000), handle: 'b' }))).status).toBe(413)
  })
})

describe('a vendor that is down', () => {
  it('costs a login nothing: the other ways are on the page, within the two seconds of one question', async () => {
    const person = await all.person()
    const mine = await all.begin(all.portal, { visitor: all.browser('wechat') })
    const back = await all.atVendor(mine, all.user())
    all.vendors.fail('access_token', 'slow')
    const began = performance.now()
    const page = await mine.visitor.get(back)
    const took = performance.now() - began
    all.vendors.well()
    expect(page.status).toBe(503)
    expect(took).toBeLessThan(2500)
    const end = await signIn(mine.visitor, page, person.username)
    await expect(mine.begun.finish(end)).resolves.toHaveProperty('id_token')
  })
})

it('without channels there is nothing of them', async () => {
  const server = await startServer()
  expect((await fetch(`${server.issuer}/api/channel/mini/ticket`, { method: 'POST' })).status).toBe(404)
  const page = await new Visitor(server.issuer, { 'user-agent': agents.wechatMini }).get('/account')
  expect(page.html).not.toContain('data-channel')
})

it('logs hold no ticket, code, handle, id of a user or secret', async () => {
  const [user, person] = [all.user(), await all.person()]
  const mine = await all.begin()
  const [handle, code] = [handleOf(mine.page), all.vendors.loginCode(user)]
  const { ticket } = (await (await all.askTicket(handle, code)).json()) as { ticket: string }
  await all.enter(mine, ticket)
  await all.enter(mine, ticket)
  await all.bound(user, person)
  const entries = await all.services.database.selectFrom('audit_events').selectAll().execute()
  const written = all.server.output() + JSON.stringify(entries)
  for (const secret of [handle, code, ticket, user.openid, user.unionid, 'top-secret'])
    expect(written.includes(secret ?? '?')).toBe(false)
})
