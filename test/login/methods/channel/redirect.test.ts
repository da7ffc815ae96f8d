import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { VendorUser } from '../../../../examples/made-up-wechat/state.ts'
import { bindingOf, startChannelLogin, type Agent, type Setting } from '../../../setup/channel-login.ts'
import { typePassword } from '../../../setup/person.ts'
import { csrfOf } from '../../../setup/room.ts'
import type { Page } from '../../../setup/visitor.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

const login = (agent: Agent = 'wechat', at = all.portal) => all.begin(at, { visitor: all.browser(agent) })
const exchanges = () => all.vendors.calls.filter(({ endpoint }) => /access_token|oauth\.token/.test(endpoint)).length
const isExpired = (page: Page) => page.status === 400 && !page.leads

/** Binds a user by the vendor's page. */
async function bound(user: VendorUser, person: { username: string }, id = 'h5', agent: Agent = 'wechat') {
  const mine = await login(agent)
  const unbound = await mine.visitor.get(await all.atVendor(mine, user, id))
  const question = await typePassword(mine.visitor, unbound, person.username)
  return mine.visitor.submit(question, '/channel/answer', { decision: 'bind' })
}

describe.each([
  ['wechat', 'h5', 'wechat'],
  ['alipay', 'alipay', 'alipay'],
] as const)('by the page of %s', (agent, id, amr) => {
  it('asks once for another way, then for a yes, and from then on for nothing', async () => {
    const [user, person] = [all.user(), await all.person()]
    expect((await bound(user, person, id, agent)).leads?.href).toContain(all.portal.redirectUri)
    const mine = await login(agent)
    const tokens = await mine.begun.finish(await mine.visitor.get(await all.atVendor(mine, user, id)))
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ amr: [amr], acr: 'urn:yideng:loa:2' })
  })

  it.each([1, 2, 5])('a callback that comes %i times more has one answer and one exchange', async (more) => {
    const [user, person] = [all.user(), await all.person()]
    await bound(user, person, id, agent)
    const mine = await login(agent)
    const back = await all.atVendor(mine, user, id)
    const before = exchanges()
    mine.visitor.follows = false
    const answers = await Promise.all(Array.from({ length: more + 1 }, () => mine.visitor.get(back)))
    const later = await mine.visitor.get(back)
    expect(new Set([...answers, later].map(({ headers }) => headers.get('location'))).size).toBe(1)
    expect(exchanges() - before).toBe(1)
    mine.visitor.follows = true
    expect((await mine.visitor.get(back)).leads?.href).toContain(all.portal.redirectUri)
    // the login has gone on: the same browser is led on, and the code is asked for nothing again
    expect([200, 303]).toContain((await mine.visitor.get(back)).status)
    expect(exchanges() - before).toBe(1)
  })
})

describe('the callback refuses', () => {
  it('another browser, which uses nothing up', async () => {
    const [user, person] = [all.user(), await all.person()]
    await bound(user, person)
    const mine = await login()
    const back = await all.atVendor(mine, user)
    const before = exchanges()
    for (const agent of ['wechat', 'computer'] as const) expect(await all.browser(agent).get(back)).toSatisfy(isExpired)
    const begun = await login()
    expect(await begun.visitor.get(back)).toSatisfy(isExpired)
    expect(exchanges()).toBe(before)
    expect((await mine.visitor.get(back)).leads?.href).toContain(all.portal.redirectUri)
    // and the answer is for that browser alone
    expect(await begun.visitor.get(back)).toSatisfy(isExpired)
  })

  it('the state of another channel, no state, a made-up one, and another code', async () => {
    const mine = await login()
    const back = await all.atVendor(mine, all.user())
    const altered = (change: (url: URL) => void) => {
      const url = new URL(back)
      change(url)
      return mine.visitor.get(url)
    }
    expect(await altered((url) => (url.pathname = '/channel/alipay/callback'))).toSatisfy(isExpired)
    expect(await altered((url) => url.searchParams.delete('state'))).toSatisfy(isExpired)
    expect(await altered((url) => url.searchParams.set('state', 'A'.repeat(27)))).toSatisfy(isExpired)
    expect(await altered((url) => url.searchParams.append('state', 'A'.repeat(27)))).toSatisfy(isExpired)
    expect((await mine.visitor.get(back)).status).toBe(200)
    const other = all.vendors.webCode(all.user())
    expect(await altered((url) => url.searchParams.set('code', other))).toSatisfy(isExpired)
  })

  it('a code of another login', async () => {
    const [victim, thief] = [all.user(), all.user()]
    const person = await all.person()
    await bound(victim, person)
    const [mine, theirs] = [await login(), await login()]
    const [own, foreign] = [await all.atVendor(mine, thief), await all.atVendor(theirs, victim)]
    // each code counts once
    await theirs.visitor.get(foreign)
    own.searchParams.set('code', foreign.searchParams.get('code') ?? '')
    const page = await mine.visitor.get(own)
    expect(page.status).toBe(400)
    expect(page.html).toContain('<form')
  })

  it('a visitor of a snapshot page, with the words of WeChat, as often as they come', async () => {
    const [user, person] = [{ ...all.user(), snapshot: true }, await all.person()]
    const mine = await login()
    const back = await all.atVendor(mine, user)
    const before = exchanges()
    for (let times = 0; times < 2; times += 1) {
      const page = await mine.visitor.get(back)
      expect(page.status).toBe(403)
      expect(page.html).toContain('使用完整服务')
    }
    expect(exchanges() - before).toBe(1)
    // nothing of it is kept: the sign-in by another way asks nothing
    const next = await typePassword(mine.visitor, await mine.visitor.get(`${mine.path}?way=password`), person.username)
    expect(next.leads?.href).toContain(all.portal.redirectUri)
  })

  it.each([
    ['h5', 'access_token', 'no-unionid', 503],
    ['h5', 'access_token', 40029, 400],
    ['h5', 'access_token', 'huge', 503],
    ['alipay', 'alipay.system.oauth.token', 'bad-sign', 503],
    ['alipay', 'alipay.system.oauth.token', 'unsigned', 503],
    ['alipay', 'alipay.system.oauth.token', 'reordered', 503],
    ['alipay', 'alipay.system.oauth.token', 'no-ids', 503],
    ['alipay', 'alipay.system.oauth.token', 'isv.code-invalid', 400],
  ] as const)('at %s, an answer of %s with the fault %s', async (id, endpoint, fault, status) => {
    const user = all.user()
    await bound(user, await all.person(), id, id === 'h5' ? 'wechat' : 'alipay')
    const mine = await login(id === 'h5' ? 'wechat' : 'alipay')
    const back = await all.atVendor(mine, user, id)
    all.vendors.fail(endpoint, fault)
    const page = await mine.visitor.get(back)
    all.vendors.well()
    expect(page.status).toBe(status)
    expect(page.html).toContain('name="password"')
  })

  it('no one who went back at the page of the vendor, but leads to the other ways', async () => {
    const mine = await login()
    const back = await all.atVendor(mine, all.user())
    back.searchParams.delete('code')
    const page = await mine.visitor.get(back)
    expect([page.status, page.url.pathname]).toEqual([200, mine.path])
  })
})

describe('POST /login/<attempt>/channel/<id>/start', () => {
  it('leads to the vendor with a state that only WeChat and this server know', async () => {
    const mine = await login()
    const { leads } = await mine.visitor.submit(mine.page, '/channel/h5/start', {})
    expect(leads?.origin).toBe(all.vendors.url)
    expect(leads?.hash).toBe('#wechat_redirect')
    expect(leads?.searchParams.get('redirect_uri')).toBe(`${all.server.issuer}/channel/h5/callback`)
    expect(leads?.searchParams.get('state')).toMatch(/^[A-Za-z0-9]{27}$/)
    const policy = mine.page.headers.get('content-security-policy')
    expect(/form-action [^;]*/.exec(policy ?? '')?.[0].split(' ')).toContain(all.vendors.url)
  })

  it('refuses a channel without a page, an unknown one, a portal of a higher level, and another browser', async () => {
    const mine = await login()
    const start = (path: string, id: string, { visitor, page } = mine) =>
      visitor.post(`${path}/channel/${id}/start`, { csrf: csrfOf(page) })
    for (const id of ['mini', 'nothing', '..']) expect((await start(mine.path, id)).status).toBe(404)
    const high = await login('wechat', all.portal3)
    expect((await start(high.path, 'h5', high)).status).toBe(404)
    expect((await start(mine.path, 'h5', high)).status).toBe(400)
  })
})

describe('Alipay changes the id of its users', () => {
  const signedIn = async (user: VendorUser, id: string) => {
    const mine = await login('alipay')
    return (await mine.visitor.get(await all.atVendor(mine, user, id))).leads !== undefined
  }

  it('and a binding stays, whichever id it began with', async () => {
    const user = all.user()
    const person = await all.person()
    const { userId = '', openId = '' } = user
    await bound({ userId }, person, 'alipay-old', 'alipay')
    expect(await signedIn({ openId }, 'alipay')).toBe(false)
    // while both are sent, the new id joins
    expect(await signedIn({ userId, openId }, 'alipay')).toBe(true)
    expect(await signedIn({ openId }, 'alipay')).toBe(true)
    const room = await login('alipay')
    await room.visitor.get(await all.atVendor(room, { openId }, 'alipay'))
    const list = await room.visitor.get('/account/channel')
    expect(list.html.match(/class="tap" href="\/account\/channel\//g)).toHaveLength(1)
    // two rows, and one way in: the page does not offer what the server refuses
    const centre = await all.roomOf(person)
    const path = await bindingOf(centre)
    expect((await centre.get(path)).html).toContain(`${path}/remove`)
    await all.services.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' })
    const last = (await centre.get(path)).html
    expect([last.includes('唯一的登录方式'), last.includes(`${path}/remove`)]).toEqual([true, false])
  })
})

it('the callback refuses a state after ten minutes', async () => {
  const mine = await login()
  const back = await all.atVendor(mine, all.user())
  await all.server.forward(601_000)
  expect(await mine.visitor.get(back)).toSatisfy(isExpired)
})
