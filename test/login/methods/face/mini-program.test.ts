import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { VendorUser } from '../../../../examples/made-up-wechat/state.ts'
import type { Services } from '../../../../src/services.ts'
import { agents, handleOf as handleOfChannel } from '../../../setup/channel-login.ts'
import { channelRow, channelsFile, startVendors, vendorUser, type Vendors } from '../../../setup/channel-vendors.ts'
import { runNativePage } from '../../../setup/native-page.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let vendors: Vendors
let server: RunningServer
let services: Services
let portal: TestPortal

beforeAll(async () => {
  vendors = await startVendors()
  const rows = [channelRow(vendors, 'wechat-mini'), channelRow(vendors, 'wechat-mini', { id: 'other' })]
  const alipay = channelRow(vendors, 'alipay-h5')
  const channels = channelsFile(vendors, [...rows, alipay])
  const faces = join(dirname(channels), 'faces.json')
  writeFileSync(faces, JSON.stringify({ wechat: { channel: 'wechat-mini' }, alipay: { channel: 'alipay-h5' } }))
  server = await startServer({
    YIDENG_CHANNELS: channels,
    YIDENG_FACE_VENDORS: faces,
    YIDENG_FACE_PROOFING: 'wechat',
    YIDENG_FACE_STEP_UP: 'wechat,alipay',
    YIDENG_FACE_FAILURES: '20',
  })
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})
beforeEach(() => vendors.well())

let users = 0
const newUser = (): VendorUser => vendorUser(`face${(users += 1)}`)

/** A browser that is signed in by password and asked for level 4. */
async function atLevel(agent: keyof typeof agents = 'wechatMini', of?: Awaited<ReturnType<typeof openPerson>>) {
  const person = of ?? (await openPerson(services))
  const visitor = new Visitor(server.issuer, { 'user-agent': agents[agent] })
  const begun = await portal.begin({ acr_values: 'urn:yideng:loa:4' })
  const { url } = await visitor.get(begun.url)
  const question = await signIn(visitor, await visitor.get(`${url.pathname}?way=password`), person.username)
  return { visitor, begun, question, person }
}

type AtLevel = Awaited<ReturnType<typeof atLevel>>

/** Agrees, and comes to the page that opens the native page. */
async function toNative({ visitor, question }: AtLevel): Promise<Page> {
  const next = await visitor.submit(question, '/face/start', {})
  return next.html.includes('name="agree"') ? visitor.submit(next, '/face/consent', { agree: 'yes' }) : next
}

const handleOf = (page: Page) => handleOfChannel(page, 'wechat-mini')

/** What the native page does first: it shows whose phone it is. */
async function shows(body: object, channel = 'wechat-mini') {
  const answer = await fetch(`${server.issuer}/api/channel/${channel}/face`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const said = (await answer.json()) as { verify_id?: string; address?: string; expires_in?: number; error?: string }
  return { status: answer.status, cache: answer.headers.get('cache-control'), ...said }
}

/** The native page, from the handle to the end of the camera. @returns the address for the web view */
async function camera(handle: string, { user = newUser(), result = '10000' } = {}): Promise<string> {
  const { verify_id: id, address } = await shows({ code: vendors.loginCode(user), handle })
  if (id === undefined || address === undefined) return expect.fail('no verification')
  vendors.finishFace(id, result)
  return address
}

describe('a face in a mini program', () => {
  it('raises a sign-in to level 4, for the name, number and user that WeChat verified', async () => {
    const login = await atLevel()
    const page = await toNative(login)
    expect(page.headers.get('content-security-policy')).not.toContain('weixin')
    const user = newUser()
    const {
      status,
      cache,
      verify_id: id = '',
      address = '',
      expires_in: seconds,
    } = await shows({
      code: vendors.loginCode(user),
      handle: handleOf(page),
    })
    expect([status, cache]).toEqual([200, 'no-store'])
    expect(seconds).toBeGreaterThan(800)
    const begun = vendors.calls.findLast(({ endpoint }) => endpoint === 'getverifyid')?.sent ?? ''
    expect(JSON.parse(begun.slice(begun.indexOf('{')))).toMatchObject({
      cert_info: {
        cert_type: 'IDENTITY_CARD',
        cert_name: '陈大文',
        cert_no: login.person.number,
      },
      openid: user.openid,
    })
    vendors.finishFace(id, '10000')
    const tokens = await login.begun.finish(await login.visitor.get(address))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:4', amr: ['pwd', 'face'] })
    // it counts once
    expect((await login.visitor.get(address)).leads).toBeUndefined()
  })

  it('works with the native page of the example; its camera decides nothing', async () => {
    const login = await atLevel()
    const page = await toNative(login)
    const given = { issuer: server.issuer, channel: 'wechat-mini', handle: handleOf(page) }
    const verify = (id: string) => vendors.finishFace(id, '10000')
    expect(await runNativePage('face', { ...given, login: 'wrong', verify }), 'it says that it failed').toBeUndefined()
    const address = await runNativePage('face', { ...given, login: vendors.loginCode(newUser()), verify })
    expect((await login.visitor.get(address ?? '')).leads).toBeDefined()
  })

  it('raises an account that only named itself, where the register has the person', async () => {
    const person = await openPerson(services, { level: 2 })
    const whose = { documentType: 'resident_id', documentNumber: person.number }
    await services.database
      .transaction()
      .execute((within) => services.register.add(within, [{ ...whose, nameKey: '陈大文' }]))
    const login = await atLevel('wechatMini', person)
    const tokens = await login.begun.finish(await login.visitor.get(await camera(handleOf(await toNative(login)))))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:4' })
    expect(await services.persons.find(person.id)).toMatchObject({ identityLevel: 4, possession: 'biometric' })
  })

  it.each([
    ['10001', '没有通过'],
    ['90001', '取消'],
  ])('verify_ret %s leads to another try, and not into the portal', async (result, words) => {
    const login = await atLevel()
    const back = await login.visitor.get(await camera(handleOf(await toNative(login)), { result }))
    expect(back.leads).toBeUndefined()
    expect(back.html).toContain(words)
    expect(back.html).toContain('/face/start')
  })
})

describe('a person who is lured to the native page', () => {
  it('gets the result on the own phone: the browser that asked cannot use it', async () => {
    const thief = await atLevel()
    const page = await toNative(thief)
    const address = await camera(handleOf(page))
    // the owner's phone opens the address, and has no login there
    const owner = new Visitor(server.issuer, { 'user-agent': agents.wechatMini })
    expect((await owner.get(address)).status).toBe(400)
    // the thief knows the address but for the ticket
    const [plain = ''] = address.split('&t=')
    const back = await thief.visitor.get(plain)
    expect(back.leads).toBeUndefined()
    expect(back.html).toContain('取消')
    expect((await thief.visitor.get(address)).leads, 'the try is over').toBeUndefined()
  })

  it.each(['', 'x', 'AAAAAAAAAAAAAAAAAAAAAA'])('the ticket %j is none', async (ticket) => {
    const thief = await atLevel()
    const address = await camera(handleOf(await toNative(thief)))
    const back = await thief.visitor.get(address.replace(/&t=.*/, `&t=${ticket}`))
    expect(back.leads).toBeUndefined()
  })

  it('another login of the same person cannot use it, nor use it up', async () => {
    const one = await atLevel()
    const other = await atLevel('wechatMini', one.person)
    const address = await camera(handleOf(await toNative(one)))
    const moved = address.replace(one.question.url.pathname, other.question.url.pathname)
    expect((await other.visitor.get(moved)).leads).toBeUndefined()
    expect((await one.visitor.get(address)).leads).toBeDefined()
  })
})

describe('the native page gets nothing', () => {
  const refused = async (change: (right: { code: string; handle: string }) => object, channel?: string) => {
    const login = await atLevel()
    const handle = handleOf(await toNative(login))
    const calls = vendors.calls.filter(({ endpoint }) => endpoint === 'getverifyid').length
    const answer = await shows(change({ code: vendors.loginCode(newUser()), handle }), channel)
    expect(vendors.calls.filter(({ endpoint }) => endpoint === 'getverifyid').length).toBe(calls)
    expect(answer.verify_id).toBeUndefined()
    return answer
  }

  it.each([
    ['a wrong code', () => ({ code: 'wrong' }), 400],
    ['the id of the verification in place of the handle', (handle: string) => ({ handle: handle.split('.')[0] }), 400],
    ['a changed handle', (handle: string) => ({ handle: `${handle.slice(0, -3)}AAA` }), 400],
    ['the handle of no verification', () => ({ handle: `${'0'.repeat(32)}.${'A'.repeat(43)}` }), 400],
    ['a field too many', () => ({ verify_id: 'v-1' }), 400],
  ])('for %s', async (_what, change, status) => {
    expect((await refused((right) => ({ ...right, ...change(right.handle) }))).status).toBe(status)
  })

  it('for the handle of another channel, or a channel that is none', async () => {
    expect((await refused((right) => right, 'other')).status).toBe(400)
    expect((await refused((right) => right, 'nowhere')).status).toBe(404)
  })

  it('for a code that was used, and for a user without openid', async () => {
    const code = vendors.loginCode(newUser())
    const login = await atLevel()
    const handle = handleOf(await toNative(login))
    vendors.fail('jscode2session', 'no-openid')
    expect((await shows({ code, handle })).status).toBe(503)
    vendors.well()
    expect((await shows({ code, handle })).status).toBe(400)
  })

  it.each([
    [40226, 403],
    [45011, 403],
    ['slow', 503],
    ['huge', 503],
  ] as const)('where WeChat answers %s', async (fault, status) => {
    const login = await atLevel()
    const handle = handleOf(await toNative(login))
    vendors.fail('jscode2session', fault)
    expect((await shows({ code: vendors.loginCode(newUser()), handle })).status).toBe(status)
    // the page still works
    vendors.well()
    expect((await login.visitor.get(await camera(handle))).leads).toBeDefined()
  })

  it('a second time, and where two are as fast as each other one gets it', async () => {
    const handle = handleOf(await toNative(await atLevel()))
    const answers = await Promise.all([1, 2, 3].map(() => shows({ code: vendors.loginCode(newUser()), handle })))
    expect(answers.filter(({ verify_id: id }) => id !== undefined)).toHaveLength(1)
    expect((await shows({ code: vendors.loginCode(newUser()), handle })).status).toBe(400)
  })

  it('after five codes for one page', async () => {
    const handle = handleOf(await toNative(await atLevel()))
    for (let tries = 0; tries < 5; tries += 1) expect((await shows({ code: `wrong${tries}`, handle })).status).toBe(400)
    expect((await shows({ code: vendors.loginCode(newUser()), handle })).status).toBe(429)
  })

  it('where the consent was withdrawn on the way: name and number stay here', async () => {
    const login = await atLevel()
    const handle = handleOf(await toNative(login))
    const person = await services.persons.find(login.person.id)
    if (!person) throw new Error('no person')
    await services.faceConsents.withdraw(person, { actor: 'test' })
    const calls = vendors.calls.length
    expect((await shows({ code: vendors.loginCode(newUser()), handle })).status).toBe(400)
    expect(vendors.calls.slice(calls).map(({ endpoint }) => endpoint)).not.toContain('getverifyid')
  })
})

describe('of several vendors the first that serves the browser verifies', () => {
  /** At the page of Alipay. @returns its id, and the address that Alipay sends the browser back to */
  async function atAlipay(login: AtLevel) {
    const page = await toNative(login)
    expect(page.html).not.toContain('data-channel="wechat-mini"')
    const url = new URL(/href="([^"]*gateway\.do[^"]*)"/.exec(page.html)?.[1]?.replaceAll('&amp;', '&') ?? '')
    const { certify_id: id = '' } = JSON.parse(url.searchParams.get('biz_content') ?? '{}') as { certify_id?: string }
    const begun = vendors.calls.findLast(({ endpoint }) => endpoint === 'alipay.user.certify.open.initialize')?.sent
    const content = new URLSearchParams(begun?.trim()).get('biz_content') ?? ''
    const back = (JSON.parse(content) as { merchant_config: { return_url: string } }).merchant_config.return_url
    // the page that the browser sees has nothing of the ticket
    expect(page.html).not.toContain(back.split('&t=')[1] ?? expect.fail(back))
    return { id, back }
  }

  it('on a computer the next one: Alipay leads to its page, and only its answer counts', async () => {
    const login = await atLevel('computer')
    const { id, back } = await atAlipay(login)
    vendors.finishFace(id, 'T')
    const tokens = await login.begun.finish(await login.visitor.get(back))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:4', amr: ['pwd', 'face'] })
  })

  it.each(['', '&t=', '&t=AAAAAAAAAAAAAAAAAAAAAA'])(
    'a thief who sends the page of Alipay to its owner gets nothing by coming back with %j',
    async (ticket) => {
      const thief = await atLevel('computer')
      const { id, back } = await atAlipay(thief)
      vendors.finishFace(id, 'T')
      const [plain = ''] = back.split('&t=')
      const page = await thief.visitor.get(`${plain}${ticket}`)
      expect(page.leads).toBeUndefined()
      expect(page.html).toContain('取消')
      expect((await thief.visitor.get(back)).leads, 'the try is over').toBeUndefined()
    },
  )

  it('where none serves, no face is offered', async () => {
    const person = await openPerson(services, { level: 2 })
    expect((await atLevel('computer', person)).question.html).not.toContain('/face/start')
    expect((await atLevel('wechatMini', person)).question.html).toContain('/face/start')
  })
})
