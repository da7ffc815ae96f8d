import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { signIn } from '../../../setup/person.ts'
import {
  approve,
  computerAndPhone,
  digitsOf,
  letIn,
  look,
  scan,
  signedInPhone,
  WaitingComputer,
} from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const gone = '这个二维码不能用了'

async function auditOf(personId: string): Promise<string[]> {
  const rows = await services.database
    .selectFrom('audit_events')
    .select(['event', 'details'])
    .where('person_id', '=', personId)
    .orderBy('sequence')
    .execute()
  return rows.filter(({ event }) => event.startsWith('qr.')).map(({ event, details }) => `${event} ${details}`)
}

describe('a sign-in by QR code', () => {
  it('ends at the portal with amr qr and the level of the phone, and is audited and told', async () => {
    const { person, begun, computer, phone } = await computerAndPhone(services)
    const asked = await scan(phone, await computer.start())
    expect(asked.url.pathname).toMatch(/^\/q\/scan\//)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
    expect((await letIn(phone, asked, computer)).html).toContain('请把这 4 位数字输入电脑')
    expect((await phone.get(asked.url)).html).toContain('已同意，请看电脑')
    const tokens = await begun.finish(await computer.redeem())
    expect(tokens.claims()).toMatchObject({ amr: ['qr'], acr: 'urn:yideng:loa:3' })
    expect((await phone.get(asked.url)).html).toContain('电脑已经登录')
    expect(await auditOf(person.id)).toEqual([
      'qr.scanned {"risk":"code","reasons":["no-passkey"]}',
      'qr.approved {"code":true,"level":3}',
    ])
    const notices = await services.inbox.list(person.id, 10)
    expect(notices.map(({ kind }) => kind)).toContain('signed-in-by-qr')
  })
})

describe('attacks', () => {
  it('a frame older than 4 seconds', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const frame = await computer.start()
    await server.forward(4200)
    const page = await look(phone, frame)
    expect(page.status).toBe(400)
    expect(page.html).toContain(gone)
    expect(await computer.look()).toMatchObject({ state: 'created' })
  })

  it('a frame forged, or put together from two transactions', async () => {
    const one = await computerAndPhone(services)
    const other = await computerAndPhone(services)
    const [first, second] = [await one.computer.start(), await other.computer.start()]
    const [firstParts, secondParts] = [first.split('.'), second.split('.')]
    const mixed = [...firstParts.slice(0, -1), secondParts.at(-1)].join('.')
    const later = [...firstParts.slice(0, -2), '3', firstParts.at(-1)].join('.')
    for (const forged of [mixed, later, `${first}x`, first.replace('/q/1.', '/q/2.')]) {
      expect((await look(one.phone, forged)).html, forged).toContain(gone)
    }
    expect(await one.computer.look()).toMatchObject({ state: 'created' })
    expect(await other.computer.look()).toMatchObject({ state: 'created' })
  })

  it('a redemption from another browser, even one that has all other cookies', async () => {
    const { begun, computer, phone } = await computerAndPhone(services)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    expect((await computer.redeem(new Visitor(server.issuer))).status).toBe(403)
    const thief = new Visitor(server.issuer)
    thief.cookies = computer.visitor.cookies.filter(({ name }) => name !== 'yideng_qr')
    const page = await computer.redeem(thief)
    expect(page.leads).toBeUndefined()
    expect(page.status).toBe(400)
    expect((await thief.get(`${computer.page.url.pathname}/qr/state?id=${computer.id}`)).status).toBe(400)
    await begun.finish(await computer.redeem())
  })

  it('a transaction begun in one login, redeemed in another (fixation)', async () => {
    const mine = await computerAndPhone(services)
    const yours = await computerAndPhone(services)
    await letIn(mine.phone, await scan(mine.phone, await mine.computer.start()), mine.computer)
    await yours.computer.start()
    yours.computer.id = mine.computer.id
    expect((await yours.computer.redeem()).leads).toBeUndefined()
    // not even in another tab of the same browser
    const tab = await mine.portal.begin()
    const page = await mine.computer.visitor.get(tab.url)
    const wrong = await mine.computer.visitor.post(`${page.url.pathname}/qr/redeem`, {
      csrf: mine.computer.csrf,
      id: mine.computer.id,
    })
    expect(wrong.leads).toBeUndefined()
    await mine.begun.finish(await mine.computer.redeem())
  })

  it('a second scan aborts both', async () => {
    const { person, computer, phone } = await computerAndPhone(services)
    const thief = await signedInPhone(server.issuer, person)
    const frame = await computer.start()
    const asked = await scan(phone, frame)
    expect((await scan(thief, frame)).html).toContain(gone)
    expect(await computer.look()).toMatchObject({ state: 'aborted', reason: 'second_scan' })
    expect((await approve(phone, asked)).html).toContain('有两部手机扫了同一个二维码')
    expect((await computer.redeem()).leads).toBeUndefined()
  })

  it('an approval from another browser, and one without the token of its page', async () => {
    const { person, computer, phone } = await computerAndPhone(services)
    const asked = await scan(phone, await computer.start())
    const other = await signedInPhone(server.issuer, person)
    const csrf = /name="csrf" value="([^"]+)"/.exec((await other.get('/account/organisations')).html)?.[1] ?? ''
    expect((await other.post(asked.url, { csrf, decision: 'approve' })).html).toContain(gone)
    expect((await phone.post(asked.url, { decision: 'approve' })).status).toBe(403)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
  })

  it('a replayed approval and a replayed redemption', async () => {
    const { person, begun, computer, phone } = await computerAndPhone(services)
    const asked = await scan(phone, await computer.start())
    await letIn(phone, asked, computer)
    expect((await approve(phone, asked)).html).toContain('已同意')
    const entered = await computer.redeem()
    expect((await approve(phone, asked)).html).toContain('电脑已经登录')
    expect((await computer.redeem()).leads).toBeUndefined()
    await begun.finish(entered)
    const refusals = (await auditOf(person.id)).filter((line) => line.startsWith('qr.refused'))
    expect(refusals).toHaveLength(2)
  })

  it('a code tried four times', async () => {
    const { computer, phone } = await computerAndPhone(services, { phoneNetwork: '198.51.100.7' })
    const told = await approve(phone, await scan(phone, await computer.start()))
    const code = digitsOf(told)
    expect(code).toMatch(/^\d{4}$/)
    expect(await computer.look()).toMatchObject({ state: 'approved', code: 3 })
    const wrong = String((Number(code) + 1) % 10_000).padStart(4, '0')
    expect((await computer.redeem()).leads).toBeUndefined()
    expect(await computer.post('code', { code: wrong })).toMatchObject({ right: false, code: 2 })
    expect(await computer.post('code', { code: wrong })).toMatchObject({ right: false, code: 1 })
    expect(await computer.post('code', { code: wrong })).toMatchObject({ state: 'aborted', reason: 'wrong_codes' })
    expect(await computer.post('code', { code })).toMatchObject({ state: 'aborted' })
    expect((await computer.redeem()).leads).toBeUndefined()
    expect((await phone.get(told.url)).html).toContain('电脑上的数字输错太多次')
  })

  it('the right code lets in, once', async () => {
    const { begun, computer, phone } = await computerAndPhone(services, { phoneNetwork: '198.51.100.7' })
    const told = await approve(phone, await scan(phone, await computer.start()))
    const code = digitsOf(told)
    expect(await computer.post('code', { code })).toMatchObject({ right: true, state: 'approved' })
    await begun.finish(await computer.redeem())
  })

  it('a phone of too low a level', async () => {
    const { person, computer, phone } = await computerAndPhone(services, { level: 2, asked: 3 })
    const page = await scan(phone, await computer.start())
    expect(page.html).toContain('手机上的登录等级不够')
    // a fault of the phone is shown on the phone alone
    expect(await computer.look()).toMatchObject({ state: 'aborted', reason: 'phone' })
    expect(await auditOf(person.id)).toEqual(['qr.ended {"state":"aborted","reason":"level"}'])
  })

  it('a session got by QR code changes no authenticators and signs no other computer in', async () => {
    const { computer, phone, portal, person } = await computerAndPhone(services)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await computer.redeem()
    await services.methodLocks.lock(person.id, 'qr', 'switched-off', { actor: 'person' })
    const settings = await computer.visitor.get('/account/qr')
    const refused = await computer.visitor.submit(settings, '/on', {})
    expect(refused.status).toBe(403)
    expect(refused.html).toContain('您这次是扫码登录的')
    await services.methodLocks.unlock(person.id, 'qr', { actor: 'person' })

    const next = await waitingAt(portal)
    expect((await scan(computer.visitor, await next.start())).html).toContain('这部手机本身是扫码登录的')
    expect(await next.look()).toMatchObject({ state: 'aborted' })
  })

  it('is open on a computer also over a wrong password, and never where a fresh sign-in is needed', async () => {
    const { computer, phone, portal } = await computerAndPhone(services)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await computer.redeem()
    const { visitor } = computer
    visitor.cookies = visitor.cookies.filter(({ name }) => name !== 'yideng_session')
    const page = await visitor.get((await portal.begin()).url)
    expect(page.html).toContain('data-qr')
    expect((await signIn(visitor, page, 'nobody', 'wrong')).html).toContain('data-qr')
    // an act that needs a fresh sign-in does not accept it
    const fresh = await visitor.get('/account/qr')
    expect(fresh.html).toContain('data-qr')
    const again = await phone.get(`/authorize?${freshSignIn()}`)
    expect(again.html).toContain('name="password"')
    expect(again.html).not.toContain('data-qr')
  })

  it('a person whose passkeys are switched off must sign in again before an approval counts', async () => {
    const { person, begun, computer, phone } = await computerAndPhone(services)
    await services.authenticators.add({ personId: person.id, kind: 'passkey', lookupKey: person.id, data: '{}' })
    await services.methodLocks.lock(person.id, 'passkey', 'switched-off', { actor: 'person' })
    await server.forward(1100)
    const asked = await scan(phone, await computer.start())
    const again = await approve(phone, asked)
    expect(again.url.pathname).toMatch(/^\/login\//)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
    expect((await computer.redeem()).leads).toBeUndefined()
    // going back asks once more and approves nothing
    const back = await phone.submit(again, '/cancel', {})
    expect(back.html).toContain('同意之前要再登录一次')
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
    const told = await signIn(phone, await approve(phone, back), person.username)
    await computer.post('code', { code: digitsOf(told) })
    await begun.finish(await computer.redeem())
  })

  it('an eleventh scan of one account in ten minutes', async () => {
    const { phone, portal } = await computerAndPhone(services)
    for (let count = 0; count < 10; count += 1) {
      const computer = await waitingAt(portal)
      expect((await scan(phone, await computer.start())).url.pathname).toMatch(/^\/q\/scan\//)
    }
    const computer = await waitingAt(portal)
    expect((await scan(phone, await computer.start())).html).toContain('扫码太频繁了')
  })

  it('a person who switched it off', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const settings = await phone.get('/account/qr')
    await phone.lose(settings, '/off')
    expect((await scan(phone, await computer.start())).html).toContain('您关闭了扫码登录')
    expect(await computer.look()).toMatchObject({ state: 'aborted', reason: 'phone' })
  })

  it('the log names no person', async () => {
    const { person, computer, phone } = await computerAndPhone(services)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await computer.redeem()
    for (const secret of [person.id, person.username, '203.0.113.1', computer.id]) {
      expect(server.output()).not.toContain(secret)
    }
  })
})

async function waitingAt(portal: Awaited<ReturnType<typeof computerAndPhone>>['portal']) {
  return WaitingComputer.at((await portal.begin()).url, server.issuer, { 'x-forwarded-for': '203.0.113.1' })
}

/** As the account centre asks for a fresh sign-in before authenticators are changed. */
function freshSignIn(): string {
  return new URLSearchParams({
    client_id: 'yideng-account',
    redirect_uri: `${server.issuer}/account/return`,
    response_type: 'code',
    scope: 'openid',
    state: '/account/qr',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    prompt: 'login',
    max_age: '300',
  }).toString()
}
