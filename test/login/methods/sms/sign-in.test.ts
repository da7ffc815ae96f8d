import { beforeAll, describe, expect, it } from 'vitest'
import { decodeJwt } from 'jose'
import { openPerson, signIn } from '../../../setup/person.ts'
import { provenPhone } from '../../../setup/proven-phone.ts'
import { csrfOf } from '../../../setup/room.ts'
import { startTextLogin, type TextLogin as Login } from '../../../setup/text-login.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let world: Awaited<ReturnType<typeof startTextLogin>>
beforeAll(async () => {
  world = await startTextLogin()
})

const proven: (typeof world)['proven'] = (overrides) => world.proven(overrides)
const begin: (typeof world)['begin'] = (at) => world.begin(at)
const typePhone: (typeof world)['typePhone'] = (phone, at) => world.typePhone(phone, at)
const typeCode: (typeof world)['typeCode'] = (login, page, code) => world.typeCode(login, page, code)
const textTo: (typeof world)['textTo'] = (phone, since) => world.textTo(phone, since)
const textsTo: (typeof world)['textsTo'] = (phone) => world.textsTo(phone)
const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')
const wrongCode = '验证码不对'

describe('sign-in by text', () => {
  it('leads a person of level 3 to the portal at level 2, by a text that names the portal', async () => {
    const person = await proven()
    const login = await typePhone(person.phone)
    expect(login.asked.html).toContain(`${person.phone.slice(0, 3)}****${person.phone.slice(-4)}`)
    expect(login.asked.html).toContain('autocomplete="one-time-code"')
    const { code, text, purpose } = await textTo(person.phone)
    expect(purpose).toBe('sign-in')
    expect(text).toContain('深圳市政务服务网')
    const end = await typeCode(login, login.asked, code)
    const { id_token: token = '' } = await login.begun.finish(end)
    expect(decodeJwt(token)).toMatchObject({ acr: 'urn:yideng:loa:2', amr: ['otp', 'sms'] })
  })

  it('renews the proof of the number', async () => {
    const person = await proven()
    const numbered = { personId: person.id, phone: `+86${person.phone}` }
    const before = await world.services.phoneProofs.find(numbered)
    const login = await typePhone(person.phone)
    await typeCode(login, login.asked, (await textTo(person.phone)).code)
    const after = await world.services.phoneProofs.find(numbered)
    expect(after?.firstAt).toBe(before?.firstAt)
    expect(after?.at).toBeGreaterThan(before?.at ?? Infinity)
  })

  it('renews no proof that is older than a cancelled number lies unused: the number may be another subscriber’s', async () => {
    const person = await openPerson(world.services)
    await provenPhone(world.services, person, 200, 91)
    const numbered = { personId: person.id, phone: `+86${person.phone}` }
    const before = await world.services.phoneProofs.find(numbered)
    const login = await typePhone(person.phone)
    expect((await typeCode(login, login.asked, (await textTo(person.phone)).code)).leads).toBeDefined()
    expect(await world.services.phoneProofs.find(numbered)).toEqual(before)
  })

  it('takes a wrong code five times, then another is needed', async () => {
    const person = await proven()
    const login = await typePhone(person.phone)
    const { code } = await textTo(person.phone)
    const told = []
    for (let tries = 0; tries < 5; tries += 1) told.push(await typeCode(login, login.asked, other(code)))
    expect(told.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
    expect(told.filter(({ html }) => html.includes(wrongCode))).toHaveLength(4)
    expect((await typeCode(login, login.asked, code)).status).toBe(400)
  })

  it.each([
    ['full width', (code: string) => [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')],
    ['two groups', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
  ])('reads a code in %s', async (_what, spelled) => {
    const person = await proven()
    const login = await typePhone(person.phone)
    const { code } = await textTo(person.phone)
    expect((await typeCode(login, login.asked, spelled(code))).leads).toBeDefined()
  })

  it.each([
    ['', '请填写手机号'],
    ['12345', '手机号不对'],
    ['+85261234567', '短信发不到这个国家或地区'],
  ])('refuses the number %j with a way on', async (phone, words) => {
    const { asked } = await typePhone(phone)
    expect(asked.status).toBe(400)
    expect(asked.html).toContain(words)
    expect(asked.html).toMatch(/class="back" href="[^"]*\/login\/[\w-]+"/)
  })

  it('is not offered where the portal needs more than level 2, and a session by text signs in again there', async () => {
    const person = await proven()
    const { visitor, path } = await begin(world.strict)
    expect((await visitor.get(path)).html).not.toContain('way=sms')
    expect((await visitor.get(`${path}/sms`)).status).toBe(400)

    const login = await typePhone(person.phone)
    await typeCode(login, login.asked, (await textTo(person.phone)).code)
    const again = await world.strict.begin()
    const asked = await login.visitor.get(again.url)
    expect(asked.html).toContain('name="password"')
    const { id_token: token = '' } = await again.finish(await signIn(login.visitor, asked, person.username))
    expect(decodeJwt(token)).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['pwd'] })
  })
})

describe('a number that opens nothing', () => {
  const nothing: [string, () => Promise<string>][] = [
    ['is of no account', async () => '13700000001'],
    ['is claimed by an account and not proven', async () => (await openPerson(world.services)).phone],
    [
      'is of a locked account',
      async () => {
        const { id, phone } = await proven()
        await world.services.persons.setStatus(id, 'locked', { actor: 'x' })
        return phone
      },
    ],
    [
      'is of a person who switched the way off',
      async () => {
        const { id, phone } = await proven()
        await world.services.methodLocks.lock(id, 'sms', 'switched-off', { actor: 'x' })
        return phone
      },
    ],
    [
      'was given up',
      async () => {
        const { id, phone } = await proven()
        const numbered = { personId: id, phone: `+86${phone}` }
        await world.services.database
          .transaction()
          .execute((within) => world.services.phoneProofs.giveUp(within, numbered))
        return phone
      },
    ],
  ]

  it.each(nothing)('%s: the same page, and no text', async (_what, numberOf) => {
    const phone = await numberOf()
    const known = await proven()
    const [nobody, somebody] = [await typePhone(phone), await typePhone(known.phone)]
    await textTo(known.phone)
    const plain = ({ asked, path }: Login, number: string) =>
      asked.html
        .replaceAll(path.slice('/login/'.length), 'login')
        .replaceAll(`${number.slice(0, 3)}****${number.slice(-4)}`, 'number')
        .replaceAll(/(value|nonce)="[\w.=+/-]{20,}"/g, '')
    expect(nobody.asked.status).toBe(somebody.asked.status)
    expect(plain(nobody, phone)).toBe(plain(somebody, known.phone))
    expect(textsTo(phone)).toBe(0)
    const guesses = await Promise.all([nobody, somebody].map((login) => typeCode(login, login.asked, '000000')))
    expect(guesses.map(({ status }) => status)).toEqual([400, 400])
    const names = ({ headers }: Page) => headers.getSetCookie().map((line) => line.split('=')[0])
    expect(names(nobody.asked)).toEqual(names(somebody.asked))
  })
})

describe('a number whose texts a stranger has used up', () => {
  async function usedUp() {
    const person = await proven()
    for (let many = 0; many < 3; many += 1) await typePhone(person.phone)
    const login = await typePhone(person.phone)
    expect(login.asked.status).toBe(429)
    const typed = (document_number: string) =>
      login.visitor.submit(login.asked, '/sms', { phone: person.phone, document_number })
    return { person, login, typed }
  }

  it('signs its owner in all the same, in a browser that the account does not know', async () => {
    const { person, login, typed } = await usedUp()
    await textTo(person.phone, 2)
    const asked = await typed(person.number)
    const { code } = await textTo(person.phone, 3)
    expect((await typeCode(login, asked, code)).leads).toBeDefined()
  })

  it('gets no text by the document number of another person, on the same page', async () => {
    const { person, typed } = await usedUp()
    await textTo(person.phone, 2)
    const { number: another } = await proven()
    expect((await typed('1')).html).toContain('请填写完整的证件号码')
    const asked = await typed(another)
    expect(asked.status).toBe(200)
    expect(asked.url.pathname).toMatch(/\/sms\/code$/)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(textsTo(person.phone)).toBe(3)
  })

  it('shows the same for a number of no account', async () => {
    for (let many = 0; many < 3; many += 1) await typePhone('13700000009')
    const { asked } = await typePhone('13700000009')
    expect(asked.status).toBe(429)
    expect(asked.html).toContain('name="document_number"')
  })
})

describe('a code', () => {
  it('of one login never serves another, nor another browser', async () => {
    const person = await proven()
    const login = await typePhone(person.phone)
    const { code } = await textTo(person.phone)
    const [second, thief] = [await begin(), new Visitor(world.server.issuer)]
    // the thief knows the address of the login and the code
    const form = { csrf: csrfOf(login.asked), code }
    expect((await thief.post(`${login.path}/sms/code`, form)).leads).toBeUndefined()
    const page = await second.visitor.post(`${second.path}/sms/code`, {
      ...form,
      csrf: csrfOf(await second.visitor.get(second.path)),
    })
    expect(page.leads).toBeUndefined()
    // a browser with the cookies of the login, but not that of the browser itself
    thief.cookies = login.visitor.cookies.filter(({ name }) => !name.includes('device'))
    expect((await thief.post(`${login.path}/sms/code`, form)).leads).toBeUndefined()
    expect((await typeCode(login, login.asked, code)).leads).toBeDefined()
  })

  it('for the own number does not open the account of another number typed afterwards', async () => {
    const [victim, attacker] = [await proven(), await proven()]
    const login = await typePhone(attacker.phone)
    const { code } = await textTo(attacker.phone)
    const asked = await login.visitor.submit(await login.visitor.get(`${login.path}/sms`), '/sms', {
      phone: victim.phone,
    })
    expect(asked.html).toContain(victim.phone.slice(-4))
    expect((await typeCode(login, asked, code)).leads).toBeUndefined()
    // a number in the form of the code changes nothing
    const form = { csrf: csrfOf(asked), code, phone: attacker.phone }
    expect((await login.visitor.post(`${login.path}/sms/code`, form)).leads).toBeUndefined()
  })

  it('is sent again after a minute, and the older one ends', async () => {
    const person = await proven()
    const login = await typePhone(person.phone)
    const first = await textTo(person.phone)
    const early = await login.visitor.submit(login.asked, '/sms/again', {})
    expect(early.status).toBe(429)
    expect(early.headers.get('retry-after')).toMatch(/^\d+$/)
    await world.server.forward(61_000)
    const again = await login.visitor.submit(login.asked, '/sms/again', {})
    expect(again.html).toContain('又发了一次')
    const { code } = await textTo(person.phone, 1)
    if (first.code !== code) expect((await typeCode(login, again, first.code)).leads).toBeUndefined()
    expect((await typeCode(login, again, code)).leads).toBeDefined()
  })

  it('is audited as a sign-in by text, and no entry has number or code', async () => {
    const person = await proven()
    const login = await typePhone(person.phone)
    const { code } = await textTo(person.phone)
    await typeCode(login, login.asked, code)
    const entries = await world.services.database
      .selectFrom('audit_events')
      .selectAll()
      .where('person_id', '=', person.id)
      .execute()
    expect(entries.map(({ event }) => event)).toContain('login.succeeded')
    expect(JSON.stringify(entries)).not.toContain(person.phone)
    expect(world.server.output()).not.toContain(person.phone)
  })
})
