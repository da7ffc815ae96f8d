import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { residentId } from '../../../setup/people.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { csrfOf } from '../../../setup/room.ts'
import { startSmsGateway } from '../../../setup/sms-gateway.ts'
import { startUpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import type { Citizen } from '../../../setup/city.ts'

let all: UpstreamSetting
let gateway: Awaited<ReturnType<typeof startSmsGateway>>
beforeAll(async () => {
  gateway = await startSmsGateway()
  all = await startUpstreamLogin({
    YIDENG_SMS: 'webhook',
    YIDENG_SMS_URL: `${gateway.url}/send`,
    YIDENG_SMS_ADDRESS_TEXTS: '100000',
  })
})

/** A person whose only way in is their city. */
async function newcomer(given: Parameters<UpstreamSetting['citizen']>[0] = {}, at = all.portal) {
  const who = await all.citizen(given)
  const login = await all.begin(at)
  const done = await all.open(login.visitor, await all.walk(login, who))
  const link = await all.linkOf(who)
  if (!link) throw new Error(`no account was opened:\n${done.html}`)
  return { who, login, done, id: link.personId, visitor: login.visitor }
}

/** Signs in by the city once more, where a page asks. */
async function roomOf(who: Citizen, visitor: Awaited<ReturnType<typeof newcomer>>['visitor'], path: string) {
  const page = await visitor.get(path)
  if (!page.url.pathname.startsWith('/login/')) return page
  const login = { visitor, page, path: page.url.pathname, begun: undefined as never }
  return all.walk(login, who)
}

describe('a person whose only way in is an upstream', () => {
  it('has an account without a telephone number, on every page of the account centre', async () => {
    const { who, visitor } = await newcomer()
    const seen = new Set(['/account'])
    for (const path of seen) {
      const page = await roomOf(who, visitor, path)
      expect([path, page.status]).toEqual([path, 200])
      expect(page.html).not.toMatch(/undefined|\[object|<dd[^>]*>\s*<\/dd>/)
      for (const [, next = ''] of page.html.matchAll(/href="(\/account[^"?#]*)"/g)) seen.add(next)
    }
    expect(seen.size).toBeGreaterThan(15)
  })

  it('and a portal gets no number in place of one', async () => {
    const portal = await registerPortal(all.services, { consent: 'ask', scope: 'openid profile phone' })
    const login = await all.begin(portal)
    const who = await all.citizen()
    const asked = await all.open(login.visitor, await all.walk(login, who))
    expect(asked.html).not.toContain('手机号')
    const tokens = await login.begun.finish(await login.visitor.submit(asked, '/consent', { decision: 'allow' }))
    const { sub } = decodeJwt(tokens.id_token ?? '') as { sub: string }
    const answer = await fetch(`${all.server.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const claims = (await answer.json()) as Record<string, unknown>
    expect(claims['sub']).toBe(sub)
    expect(claims).not.toHaveProperty('phone_number')
    expect(claims['name']).toBe(who.name)
  })

  it('sets a password, and signs in by it from then on', async () => {
    const { who, visitor, id } = await newcomer()
    const page = await roomOf(who, visitor, '/account/password')
    const password = 'Yue-Xiu-Shan-2026'
    const done = await visitor.submit(page, '/account/password', {
      password,
      repeat: password,
      password_again: password,
    })
    expect(done.url.search).toBe('?done=changed')
    const login = await all.begin()
    const fields = { identifier: who.id_number ?? '', password }
    expect(await all.subOf(login, await login.visitor.submit(login.page, '/password', fields))).toBe(id)
  })

  it('adds a first telephone number by a code to it alone', async () => {
    const { who, visitor, id } = await newcomer()
    await roomOf(who, visitor, '/account/phone')
    const post = async (step: string, fields: Record<string, string>) =>
      visitor.post(`/account/phone${step}`, { csrf: csrfOf(await visitor.get('/account/phone')), ...fields })
    await post('', { phone: '13900031999' })
    const { code } = await gateway.textTo('+8613900031999', 0)
    expect((await post('/code', { code })).url.search).toBe('?done=changed')
    const person = await all.services.persons.find(id)
    expect(person && all.services.persons.open(person, 'phone')).toBe('+8613900031999')
    // the number before was none, so no text went to it
    expect(gateway.received.filter(({ to }) => to === '')).toEqual([])
  })
})

describe('the account that is opened', () => {
  const levelOf = async (id: string) => (await all.services.persons.find(id))?.identityLevel

  it.each([
    [
      '3, where the upstream has proven the number itself and our register has it with the name',
      { registered: true },
      3,
    ],
    ['2, where our register does not have it', {}, 2],
    ['2, where the upstream has not proven it', { registered: true, acr: 'low' }, 2],
    ['2, where the upstream does not prove numbers of this type', { id_type: 'passport', id_number: 'E12345678' }, 2],
  ])('is at level %s', async (_what, given, level) => {
    expect(await levelOf((await newcomer(given)).id)).toBe(level)
  })

  it('is at level 2 where another account has proven the number, with the same page and answer', async () => {
    const who = await all.citizen({ registered: true, name: '陈小文' })
    const holder = await all.person({ number: who.id_number ?? '' })
    const { id } = await newcomer({ ...who, registered: false })
    expect([await levelOf(id), await levelOf(holder.id)]).toEqual([2, 3])
    expect(id).not.toBe(holder.id)
  })

  it('is at level 2 with a typed number, and the link keeps no number that the upstream did not assert', async () => {
    const { id_number: number = '', id_type: type = '', ...who } = await all.citizen({ registered: true })
    const login = await all.begin()
    const page = await all.walk(login, who)
    await all.open(login.visitor, page, { document_type: type, document_number: number })
    const link = await all.linkOf(who)
    expect(link).toMatchObject({ documentIndex: null, opened: true, way: 'sign-in' })
    expect(await levelOf(link?.personId ?? '')).toBe(2)
  })

  it('of a child needs the words of a guardian', async () => {
    const year = new Date().getFullYear() - 8
    const who = await all.citizen({ id_number: residentId(`440300${year}0307901`) })
    const login = await all.begin()
    expect((await all.walk(login, who)).html).toContain('监护人')
  })

  it('is limited by network, as a registration is', async () => {
    const few = await startUpstreamLogin({ YIDENG_ADDRESS_REGISTRATIONS: '1' })
    const pages = []
    for (let times = 0; times < 2; times += 1) {
      const login = await few.begin()
      pages.push(await few.open(login.visitor, await few.walk(login, await few.citizen())))
    }
    expect(pages.map(({ status }) => status)).toEqual([303, 429])
  })
})
