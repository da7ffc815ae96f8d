import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { createBlindIndex } from '../../src/keys/blind-index.ts'
import { deriveKey } from '../../src/keys/derived-key.ts'
import { suites, type Suite } from '../../src/config/suite.ts'
import { placeOf } from '../../src/registration/draft.ts'
import { password, residentId } from '../setup/people.ts'
import { signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_INTERACTION_SECONDS: '600', YIDENG_ADDRESS_REGISTRATIONS: '200' })
  services = await server.services()
})

const hourMs = 3_600_000
let people = 0

function who(overrides: Record<string, string> = {}) {
  people += 1
  return {
    name: '周晓岚',
    document_type: 'resident_id',
    document_number: residentId(`44060519680214${String(100 + people)}`),
    phone_code: '86',
    phone: `1390000${String(2000 + people)}`,
    ...overrides,
  }
}

const send = (visitor: Visitor, page: Page, fields: Record<string, string>) => visitor.submit(page, '/register', fields)
const stepOf = ({ html }: Page) => /name="step" value="(\d)"/.exec(html)?.[1]
const valueOf = ({ html }: Page, name: string) => new RegExp(`id="${name}"[^>]* value="([^"]*)"`).exec(html)?.[1] ?? ''

async function inPortal() {
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const signInPage = await visitor.get(begun.url)
  const path = `${signInPage.url.pathname}/register`
  return { visitor, begun, path, first: await visitor.get(path) }
}

describe('registration in three steps', () => {
  it('asks who, a password, the agreement, and goes on to the portal', async () => {
    const { visitor, begun, first } = await inPortal()
    expect(stepOf(first)).toBe('1')
    expect(first.html).not.toMatch(/name="(?:password|consent|username)"/)
    const second = await send(visitor, first, who())
    expect(stepOf(second)).toBe('2')
    expect(second.html.match(/type="password"/g)).toHaveLength(1)
    const third = await send(visitor, second, { password, username: '' })
    expect(stepOf(third)).toBe('3')
    expect(third.html).toContain('周晓岚')
    const registered = await send(visitor, third, { consent: 'yes' })
    expect(registered.html).toContain('href="/account/passkey/add"')
    expect(registered.html).toContain('href="/account/recovery"')
    const tokens = await begun.finish(await visitor.submit(registered, '/registered', {}))
    expect(tokens.claims()).toMatchObject({ amr: ['pwd'] })
  })

  it('needs no username: phone and document number sign in, and two people may have none', async () => {
    const two = [who(), who()]
    for (const fields of two) {
      const visitor = new Visitor(server.issuer)
      const done = await send(visitor, await visitor.get('/register'), { ...fields, password, consent: 'yes' })
      expect(done.url.pathname).toBe('/registered')
      for (const identifier of [fields.phone, fields.document_number]) {
        const own = new Visitor(server.issuer)
        const overview = await signIn(own, await own.get('/account'), identifier)
        expect(overview.url.pathname).toBe('/account')
        expect(overview.html).not.toContain('用户名')
      }
    }
  })

  it('goes no further than the person came', async () => {
    const visitor = new Visitor(server.issuer)
    expect(stepOf(await visitor.get('/register?step=3'))).toBe('1')
    const early = await send(visitor, await visitor.get('/register'), { step: '3', consent: 'yes' })
    expect(early.status).toBe(400)
    expect(stepOf(early)).toBe('1')
    await send(visitor, await visitor.get('/register'), who())
    expect(stepOf(await visitor.get('/register?step=3'))).toBe('2')
  })

  it('asks the guardian of a child, and records it', async () => {
    const visitor = new Visitor(server.issuer)
    const child = who({ document_number: residentId('440605202402140' + String(10 + people)) })
    const third = await send(visitor, await visitor.get('/register'), { ...child, password, step: '2' })
    expect(third.html).toContain('不满十四周岁')
    await send(visitor, third, { consent: 'yes' })
    const person = await services.persons.findByIdentifier([{ kind: 'document', value: child.document_number }])
    const [entry] = await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('person_id', '=', person?.id ?? '')
      .execute()
    expect(String(entry?.details)).toContain('guardian')
  })
})

describe('nothing typed is lost', () => {
  it('after a mistake, back, a reload and another step', async () => {
    const visitor = new Visitor(server.issuer)
    const fields = who({ phone: '110' })
    const wrong = await send(visitor, await visitor.get('/register'), fields)
    expect(wrong.status).toBe(400)
    for (const page of [wrong, await visitor.get('/register'), await visitor.get('/register?step=1')])
      for (const field of ['name', 'document_number', 'phone'] as const)
        expect(valueOf(page, field)).toBe(fields[field])
    const second = await send(visitor, wrong, { ...fields, phone: '13900009999' })
    const third = await send(visitor, second, { password, username: 'lan' })
    expect(third.status).toBe(400)
    expect(third.html).toContain('密码已经设好')
    expect(third.html).not.toContain(password)
    const last = await send(visitor, third, { password: '', username: '' })
    expect(stepOf(last)).toBe('3')
    const back = await visitor.get('/register?step=1')
    expect(valueOf(back, 'name')).toBe(fields.name)
    const changed = await send(visitor, back, { ...fields, phone: '13900009998' })
    const done = await send(visitor, await send(visitor, changed, { password: '' }), { consent: 'yes' })
    expect(done.url.pathname).toBe('/registered')
    expect((await services.persons.findByIdentifier([{ kind: 'phone', value: '+8613900009998' }]))?.status).toBe(
      'active',
    )
  })

  it('outlives the time of the login, and every answer gives another hour', async () => {
    const { visitor, begun, first, path } = await inPortal()
    const fields = who()
    await server.forward(0.9 * hourMs)
    const second = await send(visitor, first, fields)
    expect(stepOf(second)).toBe('2')
    await server.forward(0.9 * hourMs)
    const kept = await send(visitor, second, { password, keep: 'on' })
    expect(stepOf(kept)).toBe('2')
    await server.forward(0.9 * hourMs)
    const third = await send(visitor, await visitor.get(path), { password: '' })
    const registered = await send(visitor, third, { consent: 'yes' })
    expect((await begun.finish(await visitor.submit(registered, '/registered', {}))).claims()).toMatchObject({
      amr: ['pwd'],
    })
  })

  it('keeps the answers of a login that ended', async () => {
    const { visitor, first, path } = await inPortal()
    const fields = who()
    await server.forward(1.1 * hourMs)
    const moved = await send(visitor, first, fields)
    expect(moved.url.pathname).toBe('/register')
    expect(moved.status).toBe(200)
    expect(moved.html).toContain('您填的内容都还在')
    expect(moved.html).not.toContain('过期')
    expect(valueOf(moved, 'document_number')).toBe(fields.document_number)
    // without anything typed there is nothing to keep
    expect((await new Visitor(server.issuer).get(path)).status).toBe(400)
  })

  it('is gone after an hour, after 清空, and for another browser', async () => {
    const [one, other] = [new Visitor(server.issuer), new Visitor(server.issuer)]
    const fields = who({ phone: '1' })
    await send(one, await one.get('/register'), fields)
    expect(valueOf(await other.get('/register'), 'name')).toBe('')
    expect(valueOf(await one.get('/register'), 'name')).toBe(fields.name)
    await send(one, await one.get('/register'), { clear: 'on' })
    expect(valueOf(await one.get('/register'), 'name')).toBe('')
    await send(one, await one.get('/register'), fields)
    await server.forward(1.1 * hourMs)
    expect(valueOf(await one.get('/register'), 'name')).toBe('')
  })

  it('says until when, and gives a way to go on', async () => {
    const { html } = await new Visitor(server.issuer).get('/register')
    expect(html).toMatch(/保留到 \d\d:\d\d/)
    expect(html).toMatch(/data-registration="3600"[\s\S]*name="keep"/)
  })
})

it('the next person in the same browser begins with an empty form', async () => {
  const visitor = new Visitor(server.issuer)
  await send(visitor, await visitor.get('/register'), { ...who(), password, consent: 'yes' })
  expect(valueOf(await visitor.get('/register'), 'name')).toBe('')
  const second = who()
  await send(visitor, await visitor.get('/register'), { ...second, password, consent: 'yes' })
  expect(await services.persons.findByIdentifier([{ kind: 'phone', value: `+86${second.phone}` }])).toBeDefined()
})

describe('a problem says what is wrong with this document or phone', () => {
  it.each([
    ['resident_id', '44060519680214', '居民身份证的号码不对：18 位'],
    ['hk_macao_permit', 'X1', '港澳居民来往内地通行证的号码不对：H 或 M 开头'],
    ['taiwan_permit', '1', '台湾居民来往大陆通行证的号码不对：8 位数字'],
    ['hmt_residence_permit', '8', '港澳台居民居住证的号码不对：18 位，81'],
    ['foreign_permanent_residence', '9', '外国人永久居留身份证的号码不对：新版 18 位'],
    ['passport', '?', '护照的号码不对：护照资料页'],
    ['resident_id', '440605196802140520', '居民身份证的号码可能输错了一位'],
    ['hmt_residence_permit', '810000199001011239', '港澳台居民居住证的号码可能输错了一位'],
  ])('%s %s: %s', async (document_type, document_number, words) => {
    const visitor = new Visitor(server.issuer)
    const page = await send(visitor, await visitor.get('/register'), who({ document_type, document_number }))
    expect(page.html).toContain(words)
    if (document_type !== 'resident_id') expect(page.html).not.toMatch(/problem"[^>]*>[\s\S]{0,300}身份证是 18 位/)
  })

  it.each([
    ['86', '1380013800', '11 位数字'],
    ['852', '12345678', '香港的手机号是 8 位'],
    ['853', '12345678', '澳门的手机号是 8 位'],
    ['886', '123456789', '台湾的手机号'],
    ['other', '7400123456', '加号和国家代码'],
    ['86', '', '请填写手机号'],
  ])('phone +%s %s: %s', async (phone_code, phone, words) => {
    const visitor = new Visitor(server.issuer)
    const page = await send(visitor, await visitor.get('/register'), who({ phone_code, phone }))
    expect(page.html).toContain(words)
  })

  it.each([
    ['852', '9123 4567', '+85291234567'],
    ['853', '66123456', '+85366123456'],
    ['886', '0912 345 678', '+886912345678'],
    ['other', '+44 7400 123456', '+447400123456'],
    ['86', '+65 8123 4567', '+6581234567'],
  ])('takes the phone +%s %s as %s', async (phone_code, phone, stored) => {
    const visitor = new Visitor(server.issuer)
    const fields = who({ phone_code, phone, document_type: 'passport', document_number: `K12345${people}` })
    await send(visitor, await visitor.get('/register'), { ...fields, password, consent: 'yes' })
    expect(await services.persons.findByIdentifier([{ kind: 'phone', value: stored }])).toBeDefined()
  })
})

/** A store of answers in memory, and what it holds. */
function drafts() {
  const stored = new Map<string, string>()
  const artifacts = {
    get: async (_kind: string, id: string) => stored.get(id),
    put: async (_kind: string, id: string, value: string) => void stored.set(id, value),
  } as unknown as Parameters<typeof placeOf>[0]['artifacts']
  const blindIndex = createBlindIndex({ suite: 'international', key: deriveKey('a', 'test') })
  const at = (suite: Suite, secret = 'the secret of one browser') =>
    placeOf({ artifacts, blindIndex, secure: true, suite }, secret, '')
  return { stored, at }
}

const answered = { answers: { name: '周晓岚', password }, done: 1 }

it.each(suites)('the store holds nothing that a reader of the store and of its keys can open: %s', async (suite) => {
  const { stored, at } = drafts()
  const place = at(suite)
  await place.write(answered)
  expect([...stored.values()].join()).not.toMatch(/周晓岚|Baiyun/)
  expect(await place.read()).toEqual(answered)
  expect(await at(suite, 'another secret').read()).toBeUndefined()
  // also under the right id, another secret opens nothing
  stored.set(at(suite, 'another secret').id, stored.get(place.id) ?? '')
  expect(await at(suite, 'another secret').read()).toBeUndefined()
})

it('a registration goes on when the suite of the server changes, and its next answer has the new algorithms', async () => {
  const { stored, at } = drafts()
  for (const [before, after] of [suites, suites.toReversed()] as [Suite, Suite][]) {
    await at(before).write(answered)
    expect(await at(after).read()).toEqual(answered)
    const [old] = stored.values()
    await at(after).write(answered)
    const [fresh] = stored.values()
    expect(old?.split('.')[0]).not.toBe(fresh?.split('.')[0])
    // iv and tag of AES-GCM are 28 bytes; iv and MAC of SM4 with HMAC-SM3 are 48
    const text = Buffer.byteLength(JSON.stringify(answered))
    const sealed = Buffer.from(fresh?.split('.')[1] ?? '', 'base64url')
    expect(sealed.length - text).toBe(after === 'guomi' ? 48 : 28)
  }
})

it('a network that begins too many gets nothing stored', async () => {
  const narrow = await startServer({ YIDENG_ADDRESS_REGISTRATIONS: '1' })
  const statuses: number[] = []
  for (let index = 0; index < 7; index += 1) {
    const visitor = new Visitor(narrow.issuer)
    statuses.push((await send(visitor, await visitor.get('/register'), who())).status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
})
