import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { bindingOf, startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { letIn, scan, WaitingComputer } from '../../../setup/qr.ts'
import { recoverBy } from '../../../setup/recovery.ts'
import { csrfOf, eventsOf } from '../../../setup/room.ts'
import type { Page, Visitor } from '../../../setup/visitor.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

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
    const { visitor } = await all.signedIn()
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const seen: Record<string, unknown> = {}
    const say = ({ status, html }: Page) => [status, html.includes('只是用微信或支付宝登录的')]
    for (const path of pages) seen[`GET ${path}`] = say(await visitor.get(`/account/${path}`))
    for (const path of acts) seen[`POST ${path}`] = say(await visitor.post(`/account/${path}`, { csrf }))
    const everywhere = [...pages.map((path) => `GET ${path}`), ...acts.map((path) => `POST ${path}`)]
    expect(seen).toEqual(Object.fromEntries(everywhere.map((one) => [one, [403, true]])))
  })

  it('removes no binding, and switches no way off', async () => {
    const { visitor } = await all.signedIn()
    const path = await bindingOf(visitor)
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    expect((await visitor.post(`${path}/remove`, { csrf })).status).toBe(403)
    expect((await visitor.post('/account/channel/add', { csrf })).status).toBe(403)
    expect((await visitor.get('/account/ways/password/off')).status).toBe(403)
  })

  it('takes no way to sign in and no mandate away, by no report of a stranger either', async () => {
    const { person, visitor } = await all.signedIn()
    const room = await all.roomOf(person)
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
    const { visitor } = await all.signedIn()
    const { page } = await all.begin(all.portal3, { visitor })
    expect(page.html).toContain('?way=password')
    expect(page.html).not.toContain('data-channel="mini"')
    expect(page.html).toContain('data-channel="mini3"')
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

  it('is 2 for a person who needs two factors, and another way leads on', async () => {
    const strict = await startChannelLogin({ YIDENG_TWO_FACTORS: 'administrators' })
    const [person, user] = [await strict.person(), strict.user()]
    await strict.bound(user, person, { id: 'mini3', at: strict.portal3 })
    const granted = { personId: person.id, role: 'viewer', region: '440000' } as const
    await strict.services.administrators.grant(granted, 'administrator:test')
    const low = await strict.begin()
    expect((await low.begun.finish(await strict.byMini(low, user, 'mini3'))).claims()?.['acr']).toBe('urn:yideng:loa:2')
    const high = await strict.begin(strict.portal3)
    const page = await strict.byMini(high, user, 'mini3')
    expect([page.leads, page.status]).toEqual([undefined, 200])
    expect(page.html).toContain('?way=password')
  })

  it('does not rise by a question to the register', async () => {
    const { visitor, begun, page } = await all.signedIn()
    expect((await begun.finish(page)).claims()?.['acr']).toBe('urn:yideng:loa:2')
    const login = await all.begin(all.portal3, { visitor })
    const asked = await visitor.post(`${login.path}/level`, { csrf: csrfOf(login.page) })
    expect(asked.status).toBe(400)
  })
})

describe('a phone that a channel signed in', () => {
  it('lets a computer in at its own level, and into no portal that asks for more', async () => {
    const { visitor: phone, person } = await all.signedIn()
    const begun = await all.portal.begin()
    const computer = await WaitingComputer.at(begun.url, all.server.issuer)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    const tokens = await begun.finish(await computer.redeem())
    expect(tokens.claims()).toMatchObject({ amr: ['qr'], acr: 'urn:yideng:loa:2' })
    // nor does the computer take away what the phone may not
    await computer.visitor.get('/account')
    const csrf = csrfOf(await computer.visitor.get('/account/organisations'))
    const report = await computer.visitor.post('/account/ways/password/not-me', { csrf })
    expect([report.status, report.html.includes('只是用微信或支付宝登录的')]).toEqual([403, true])
    // neither does the register raise it
    const more = await all.begin(all.portal3, { visitor: computer.visitor })
    const raised = await computer.visitor.post(`${more.path}/level`, { csrf: csrfOf(more.page) })
    expect(raised.status).toBe(400)
    const high = await WaitingComputer.at((await all.portal3.begin()).url, all.server.issuer)
    const stopped = await scan(phone, await high.start())
    expect(stopped.html).not.toContain('value="approve"')
    const [binding] = await all.services.authenticators.list(person.id, 'channel')
    const room = await all.roomOf(person)
    await room.lose(await room.get(`/account/channel/${binding?.id}`), '/remove')
    // the computer depended on the binding too
    expect((await computer.visitor.get('/account')).url.pathname).not.toBe('/account')
  })
})

describe('a session by a channel ends by', () => {
  const isIn = async (visitor: Visitor) => (await visitor.get('/account')).url.pathname === '/account'
  const signsIn = async (user: ReturnType<Setting['user']>) => {
    const mine = await all.begin()
    return (await all.byMini(mine, user)).leads !== undefined
  }

  it('a lock of the person', async () => {
    const { user, person, visitor } = await all.signedIn()
    await all.services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    expect(await isIn(visitor)).toBe(false)
    expect(await signsIn(user)).toBe(false)
  })

  it('“that was not me”, which switches the way off', async () => {
    const { user, person, visitor } = await all.signedIn()
    const room = await all.roomOf(person)
    const csrf = csrfOf(await room.get('/account/organisations'))
    await room.post('/account/ways/channel/not-me', { csrf })
    expect(await isIn(visitor)).toBe(false)
    expect(await signsIn(user)).toBe(false)
    await room.post('/account/ways/channel/on', { csrf })
  })

  it('a recovery, which holds a young binding', async () => {
    const { user, person, visitor } = await all.signedIn()
    const [code = ''] = await all.services.recovery.makeCodes(person.id, { actor: 'person' })
    await recoverBy(all.services, { identifier: person.username, knowledge: person.phone, code })
    expect(await isIn(visitor)).toBe(false)
    const mine = await all.begin()
    const page = await all.byMini(mine, user)
    expect([page.status, page.html.includes('已经暂停')]).toEqual([403, true])
  })

  it('a hold, until the owner confirms that the binding is theirs', async () => {
    const { user, person } = await all.signedIn()
    const [binding] = await all.services.authenticators.list(person.id, 'channel')
    const { database, authenticators } = all.services
    await database.transaction().execute((within) => authenticators.hold(binding ?? expect.fail(), Date.now(), within))
    expect(await signsIn(user)).toBe(false)
    const room = await all.roomOf(person)
    const path = await bindingOf(room)
    await room.submit(await room.get(path), '/mine', {})
    expect(await signsIn(user)).toBe(true)
    expect(await eventsOf(all.services, person.id, 'channel.released')).toHaveLength(1)
  })

  it('a channel that is taken out of the file: its sessions, its tickets, and no others', async () => {
    const { user, person, visitor } = await all.signedIn()
    const by3 = await all.begin()
    expect((await all.byMini(by3, user, 'mini3')).leads).toBeDefined()
    const late = await all.begin()
    const ticket = await all.ticketFor(late, user)
    const room = await all.roomOf(person)
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
