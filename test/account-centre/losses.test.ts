import Router from '@koa/router'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes, type AccountRoutesDeps } from '../../src/account-centre/account-routes.ts'
import { faceEnrolment } from '../../src/login/methods/face/enrolment.ts'
import { otpEnrolment } from '../../src/login/methods/otp/enrolment.ts'
import { passkeyEnrolment } from '../../src/login/methods/passkey/enrolment.ts'
import { passwordEnrolment } from '../../src/login/methods/password/enrolment.ts'
import type { LoginMethod } from '../../src/login/method.ts'
import type { Services } from '../../src/services.ts'
import { find, mandate, openOrganisation } from '../setup/organisation.ts'
import { openPerson } from '../setup/person.ts'
import { openRoom } from '../setup/room.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import type { Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const at = (person: { username: string }, path?: string) => openRoom(server.issuer, person, path)
const by = { actor: 'person' }

/** Forms that take nothing away from the person. */
const gives = [
  '/account/devices/:id/again',
  '/account/portals/:id/again',
  '/account/mandates/:id/again',
  '/account/mandates/:id/confirm',
  '/account/mandates/sign',
  '/account/mandates/sign/options',
  '/account/invitations/open',
  '/account/invitations/:id/accept',
  '/account/helpers',
  '/account/organisations',
  '/account/organisations/level',
  '/account/organisations/:id/invite',
  '/account/ways/:id/on',
  '/account/notices/read',
  '/account/closing/keep',
  '/account/data',
  // only where no code is left; else it leads to the question
  '/account/recovery',
  ...['', '/code', '/again', '/level'].map((step) => `/account/phone${step}`),
  '/account/merging/code',
  '/account/merging/join',
  '/account/passkey/add',
  '/account/passkey/add/options',
  '/account/passkey/:id/name',
  '/account/passkey/:id/mine',
  '/account/otp/add',
  '/account/otp/code',
  '/account/otp/:id/mine',
  '/account/password',
  ...['bind', 'start', 'consent', 'frames', 'look', 'done'].map((step) => `/account/face/${step}`),
]

/** Questions with a page of their own at another path. */
const ownPages: Record<string, string> = { '/account/history/:id/not-me': '/account/history/:id' }

/** Every form of the account centre, those of login methods too. */
function routes() {
  const router = new Router()
  const stub = new Proxy({}, { get: () => () => stub }) as never
  const methods = [
    { name: 'passkey', enrolment: passkeyEnrolment(stub) },
    { name: 'face', enrolment: faceEnrolment(stub) },
    { name: 'otp', enrolment: otpEnrolment(stub) },
    { name: 'password', enrolment: passwordEnrolment(stub) },
  ] as unknown as LoginMethod[]
  accountRoutes(router, { methods } as unknown as AccountRoutesDeps)
  const of = (method: string) =>
    router.stack.filter(({ methods: all }) => all.includes(method)).map(({ path }) => String(path).replace(/\/$/, ''))
  return { posts: of('POST'), pages: of('GET') }
}

describe('every form of the account centre', () => {
  const { posts, pages } = routes()
  it.each(posts)('%s asks first, or takes nothing away', (path) => {
    const asks = pages.includes(ownPages[path] ?? path)
    expect(asks || gives.includes(path), 'a loss is declared by `lose`').toBe(true)
  })

  it('is named once, and no name is left over', () => {
    expect(gives.filter((path) => !posts.includes(path))).toEqual([])
    expect(posts.length).toBeGreaterThan(30)
  })
})

/** Asks at `path`, checks the page, and answers yes. */
async function lose(person: { username: string }, path: string, names: readonly string[]) {
  const { visitor } = await at(person)
  const asked = await visitor.get(path)
  expect(asked.status, path).toBe(200)
  for (const name of names) expect(asked.html, path).toContain(name)
  // the focus is on "no", which is no form and leads to a page
  const no = /<a class="button-second" href="([^"]+)"[^>]*\sautofocus>/.exec(asked.html)?.[1] ?? ''
  expect((await visitor.get(no)).status, `${path}: "no" leads to ${no}`).toBe(200)
  expect(asked.html.match(/<button class="button-danger"/g), path).toHaveLength(1)
  const after = await visitor.submit(asked, path, {})
  return { visitor, asked, after }
}

const message = ({ html }: Page) =>
  /role="status"[^>]*>(?:<svg[\s\S]*?<\/svg>)?([^<]+)/.exec(/<main[\s\S]*<\/main>/.exec(html)?.[0] ?? '')?.[1] ?? ''

describe('each loss names what is lost, and a message follows', () => {
  it('a session, and all others', async () => {
    const { person } = await signedIn(services)
    const { page } = await at(person, '/account/sessions')
    const path = /\/account\/sessions\/[\w-]+\/end/.exec(page.html)?.[0] ?? ''
    const one = await lose(person, path, ['让这台设备退出', '测试门户'])
    expect(message(one.after)).toBe('已经退出。')
    const all = await lose(person, '/account/sessions/end-others', ['还有 2 处登录'])
    expect(message(all.after)).toBe('其他设备都已退出。')
    expect(all.after.html).not.toContain('/end"')
  })

  it('a device, which is known again after an undo', async () => {
    const person = await openPerson(services)
    await at(person)
    const [before] = await services.devices.list(person.id)
    const path = `/account/devices/${before?.key}/forget`
    const { visitor, after } = await lose(person, path, ['忘记这台设备', 'Windows，Chrome'])
    expect(message(after)).toContain('已经忘记')
    expect((await services.devices.list(person.id)).map(({ key }) => key)).not.toContain(before?.key)
    const undone = await visitor.submit(after, '/again', {})
    expect(message(undone)).toContain('已经撤销')
    expect(await services.devices.list(person.id)).toContainEqual(before)
    expect(undone.html).not.toContain('/again')
    // once only
    const late = await visitor.submit(after, '/again', {})
    expect(message(late)).toContain('不能撤销')
    const events = await services.audit.ofPerson(person.id, { events: ['person.device-restored'], limit: 5 })
    expect(events).toHaveLength(1)
  })

  it('a consent; the page tells the truth about it, and an undo is a new consent', async () => {
    const { person, portal } = await signedIn(services)
    const path = `/account/portals/${portal.clientId}/withdraw`
    const before = await services.consents.find(person.id, portal.clientId)
    const { visitor, after } = await lose(person, path, ['收回给“', '测试门户'])
    expect(message(after)).toContain('已经收回')
    expect(after.html).toContain('您已于')
    expect(after.html).not.toContain('不需要您同意')
    expect((await visitor.get(path)).status).toBe(404)
    const undone = await visitor.submit(after, '/again', {})
    expect(message(undone)).toContain('已经重新同意')
    expect(undone.html).not.toContain('您已于')
    expect(await services.consents.find(person.id, portal.clientId)).toEqual(before)
    const events = await services.audit.ofPerson(person.id, { events: ['consent.given'], limit: 5 })
    expect(events).toHaveLength(2)
  })

  it('a way to sign in, and the report of a stranger', async () => {
    const person = await openPerson(services)
    const off = await lose(person, '/account/ways/qr/off', ['关闭“扫码'])
    expect(message(off.after)).toBe('已经关闭。')
    const on = await off.visitor.submit(off.after, '/account/ways/qr/on', {})
    expect(message(on)).toBe('已经打开。')
    const stranger = await lose(person, '/account/ways/qr/not-me', ['这些登录不是您'])
    expect(message(stranger.after)).toContain('已经锁住')
    expect(await services.methodLocks.list(person.id)).toMatchObject([{ method: 'qr', reason: 'not-me' }])
  })

  it('nothing where there is nothing to switch off', async () => {
    const person = await openPerson(services)
    const { visitor, csrf } = await at(person)
    expect((await visitor.get('/account/ways')).html).not.toContain('/account/ways/passkey/off')
    expect((await visitor.get('/account/ways/passkey/off')).status).toBe(404)
    expect((await visitor.post('/account/ways/passkey/off', { csrf })).status).toBe(404)
    expect(await services.methodLocks.list(person.id)).toEqual([])
  })

  it('the agreement to face verification', async () => {
    const person = await openPerson(services)
    await services.faceConsents.give(await find(services, person), by)
    const { after } = await lose(person, '/account/face/withdraw', ['人脸特征马上删除'])
    expect(message(after)).toContain('已收回同意')
    expect(await services.faceConsents.given(person.id)).toBe(false)
  })

  it('recovery codes, which a reload and a second form do not replace', async () => {
    const person = await openPerson(services)
    const { visitor } = await at(person)
    const codesOn = ({ html }: Page) => [...html.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code]) => code)
    const page = await visitor.get('/account/recovery')
    const made = await visitor.submit(page, '/account/recovery', {})
    expect(made.url.pathname).toBe('/account/recovery/codes')
    expect(codesOn(made)).toHaveLength(10)
    const reloaded = await visitor.get('/account/recovery/codes')
    expect([reloaded.url.pathname, message(reloaded)]).toEqual([
      '/account/recovery',
      expect.stringContaining('只显示一次'),
    ])
    const twice = await visitor.submit(page, '/account/recovery', {})
    expect(twice.url.pathname).toBe('/account/recovery/renew')
    const count = () => services.audit.ofPerson(person.id, { events: ['recovery.codes-made'], limit: 9 })
    expect(await count()).toHaveLength(1)
    const { after } = await lose(person, '/account/recovery/renew', ['10 个旧恢复码马上作废'])
    expect(codesOn(after)).toHaveLength(10)
    expect(codesOn(after)).not.toEqual(codesOn(made))
    expect(await count()).toHaveLength(2)
  })
})

describe('mandates', () => {
  async function company() {
    const representative = await openPerson(services, { name: '林知行' })
    const { id, name } = await openOrganisation(services, { representative })
    const holder = await openPerson(services, { name: '周小桐' })
    return { id, name, representative, holder }
  }
  const held = async (person: { id: string }, id: string) =>
    (await services.representations.find(person.id, id))?.granted

  it('taken back by the giver: named, told, and given again as a new mandate', async () => {
    const { id, name, representative, holder } = await company()
    const { id: old } = await mandate(services, id, representative, holder, { matters: ['tax.filing'] })
    const path = `/account/mandates/${old}/end`
    const { visitor, after } = await lose(representative, path, ['收回周小桐的授权', name, '税务申报'])
    expect(message(after)).toBe('已收回周小桐的授权，已发消息告诉对方。')
    expect(await held(holder, id)).toBeUndefined()
    expect((await visitor.get(path)).status).toBe(404)
    const undone = await visitor.submit(after, '/again', {})
    expect(message(undone)).toContain('已重新授权')
    const again = await held(holder, id)
    expect(again).toMatchObject({ relation: 'handler', matters: ['tax.filing'] })
    expect(again?.mandates[0]?.id).not.toBe(old)
    const [entry] = await services.audit.ofPerson(representative.id, { events: ['mandate.confirmed'], limit: 1 })
    expect(entry?.details).toMatchObject({ again: old, mandate: again?.mandates[0]?.id })
    const kinds = (await services.inbox.list(holder.id, 10)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind.startsWith('mandate-')).toSorted()).toEqual(['mandate-again', 'mandate-ended'])
    expect(message(await visitor.submit(after, '/again', {}))).toContain('不能撤销')
  })

  it('of a manager, with the mandates under it', async () => {
    const { id, representative, holder: manager } = await company()
    const handler = await openPerson(services, { name: '何志明' })
    const { id: old } = await mandate(services, id, representative, manager, {
      role: 'manager',
      matters: ['tax.filing'],
    })
    await mandate(services, id, manager, handler, { matters: ['tax.filing'], days: 20 })
    const { visitor, after } = await lose(representative, `/account/mandates/${old}/end`, ['跟着结束的授权'])
    expect([await held(manager, id), await held(handler, id)]).toEqual([undefined, undefined])
    await visitor.submit(after, '/again', {})
    expect(await held(manager, id)).toMatchObject({ relation: 'manager' })
    expect(await held(handler, id)).toMatchObject({ relation: 'handler', matters: ['tax.filing'] })
  })

  it('an invitation withdrawn, which is made again', async () => {
    const { id, representative, holder } = await company()
    const { visitor } = await at(representative)
    const form = await visitor.get(`/account/organisations/${id}/invite`)
    const sent = { name: '周小桐', contact: holder.number, role: 'handler', 'matter-tax.filing': 'yes', days: '30' }
    await visitor.submit(form, '/invite', {
      ...sent,
      from: new Date(Date.now() + 28_800_000).toISOString().slice(0, 10),
    })
    // the invited person is told, and sees the number in the menu
    expect((await services.inbox.list(holder.id, 5)).map(({ kind }) => kind)).toContain('mandate-offered')
    const [offer] = await services.representations.offersTo(await find(services, holder))
    const path = `/account/mandates/${offer?.mandate.id}/end`
    const { visitor: browser, after } = await lose(representative, path, ['撤回给周小桐的邀请', '税务申报'])
    expect(message(after)).toBe('已撤回给周小桐的邀请。')
    expect(await services.representations.offersTo(await find(services, holder))).toEqual([])
    const again = await browser.submit(after, '/again', {})
    expect(again.html).toContain('已邀请周小桐')
    const offers = await services.representations.offersTo(await find(services, holder))
    expect(offers).toHaveLength(1)
    const declined = await lose(holder, `/account/invitations/${offers[0]?.mandate.id}/decline`, ['税务申报'])
    expect(message(declined.after)).toContain('没有接受')
    expect(declined.after.html).not.toContain('/again')
  })

  it('given back by the holder, who cannot take it again', async () => {
    const { id, name, representative, holder } = await company()
    const { id: old } = await mandate(services, id, representative, holder)
    const { after } = await lose(holder, `/account/mandates/${old}/end`, [`退还${name}的授权`])
    expect(message(after)).toContain('已退还')
    expect(after.html).not.toContain('/again')
  })

  it('is given again by no other session', async () => {
    const { id, representative, holder } = await company()
    const { id: old } = await mandate(services, id, representative, holder)
    await lose(representative, `/account/mandates/${old}/end`, [])
    for (const other of [holder, representative, await openPerson(services)]) {
      // another session of the same person has no undo either
      const { visitor, csrf } = await at(other)
      expect(message(await visitor.post(`/account/mandates/${old}/again`, { csrf }))).toContain('不能撤销')
    }
    expect(await held(holder, id)).toBeUndefined()
  })
})
