import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { fileURLToPath } from 'node:url'
import { typedDigits } from '../../src/text/typed-digits.ts'
import { residentId } from '../setup/people.ts'
import { signIn } from '../setup/person.ts'
import { provenPhone } from '../setup/proven-phone.ts'
import { personWithCodes, proveBy } from '../setup/recovery.ts'
import { csrfOf } from '../setup/room.ts'
import { startTextLogin } from '../setup/text-login.ts'
import { Visitor } from '../setup/visitor.ts'

const fullWidth = (text: string) =>
  [...text]
    .map((sign) => (/[!-~]/.test(sign) ? String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0) : sign))
    .join('')
const groups = (text: string, by: string) => text.replaceAll(/(.{3})(?=.)/g, `$1${by}`)

/** Ways to write digits that keyboards, address books and copied texts give. */
const spellings: Record<string, (digits: string) => string> = {
  'in full width': fullWidth,
  'in full width with wide spaces': (digits) => groups(fullWidth(digits), '\u{3000}'),
  'with spaces around and between': (digits) => ` ${groups(digits, ' ')} `,
  'with hyphens': (digits) => groups(digits, '-'),
  'with long hyphens': (digits) => groups(digits, '－'),
  'with invisible marks': (digits) => `\u{202d}${groups(digits, '\u{200b}')}\u{202c}`,
}
/** The same for telephone numbers, with their country code. */
const phones: Record<string, (phone: string) => string> = {
  ...spellings,
  'with +86': (phone) => `+86${phone}`,
  'with +86 in full width': (phone) => fullWidth(`+86 ${phone}`),
  'with +86, spaces and hyphens': (phone) => `+86 ${groups(phone, '-')}`,
  'with 86': (phone) => `86${phone}`,
  'with 0086': (phone) => `0086 ${phone}`,
}
const each = (ways: Record<string, (text: string) => string>) => Object.entries(ways)

let newcomers = 0
let world: Awaited<ReturnType<typeof startTextLogin>>
beforeAll(async () => {
  world = await startTextLogin()
})
const visitorHere = () => new Visitor(world.server.issuer)

it.each(each(spellings))('six digits %s are read', (_way, spelled) => {
  expect(typedDigits(spelled('012345'))).toBe('012345')
})

describe.each(each(phones))('a telephone number %s', (_way, phoneAs) => {
  it('leads on where a password is forgotten, where a person signs in by text, and where a number is proven', async () => {
    const person = await world.proven()
    await provenPhone(world.services, person, 40)
    const forgotten = visitorHere()
    const asked = await forgotten.submit(await forgotten.get('/recover/sms'), '/recover/sms', {
      phone: phoneAs(person.phone),
      document_number: person.number,
    })
    expect(asked.html).toContain('name="code"')
    await world.textTo(person.phone)

    const other = await world.proven()
    expect((await world.typePhone(phoneAs(other.phone))).asked.html).toContain('name="code"')
    await world.textTo(other.phone)

    const third = await world.proven()
    const inside = visitorHere()
    const room = await signIn(inside, await inside.get('/account/phone'), phoneAs(third.phone))
    const typing = await inside.submit(room, '/account/phone', { phone: phoneAs(third.phone) })
    expect(typing.url.pathname).toBe('/account/phone/code')
    await world.textTo(third.phone)
  })
})

describe.each(each(spellings))('digits %s', (_way, as) => {
  it('are the code and the document number of a forgotten password', async () => {
    const person = await world.proven()
    await provenPhone(world.services, person, 40)
    const visitor = visitorHere()
    const asked = await visitor.submit(await visitor.get('/recover/sms'), '/recover/sms', {
      phone: person.phone,
      document_number: as(person.number),
    })
    const { code } = await world.textTo(person.phone)
    const page = await visitor.submit(asked, '/recover/sms/code', { code: as(code) })
    expect(page.html).toContain('name="password_again"')
  })

  it('are the code and the document number of a sign-in by text', async () => {
    const one = await world.proven()
    const two = await world.proven({ phone: one.phone })
    const login = await world.typePhone(one.phone)
    const { code } = await world.textTo(one.phone)
    const who = await world.typeCode(login, login.asked, as(code))
    const fields = { csrf: csrfOf(who), document_number: as(two.number) }
    expect((await login.visitor.post(`${login.path}/sms/who`, fields)).leads).toBeDefined()
  })

  it('are the code of a number in the account centre', async () => {
    const person = await world.proven()
    const visitor = visitorHere()
    const room = await signIn(visitor, await visitor.get('/account/phone'), as(person.number))
    const typing = await visitor.submit(room, '/account/phone', { phone: person.phone })
    const { code } = await world.textTo(person.phone)
    expect((await visitor.submit(typing, '/account/phone/code', { code: as(code) })).url.search).toBe('?done=proven')
  })

  it('are the numbers of a recovery by code', async () => {
    const person = await personWithCodes(world.services)
    const fields = { identifier: as(person.number), knowledge: as(person.phone), code: as(person.code(0)) }
    expect((await proveBy(visitorHere(), fields)).url.pathname).toBe('/recover/new-password')
  })

  it('are the numbers and the code of a registration', async () => {
    newcomers += 1
    const phone = String(13_700_030_000 + newcomers)
    const visitor = visitorHere()
    const code = await visitor.submit(await visitor.get('/register'), '/register', {
      name: '林小梅',
      document_type: 'resident_id',
      document_number: as(residentId(`4401061987021${5000 + newcomers}`)),
      phone: as(phone),
      password: 'Dongjiang-River-88',
      password_again: 'Dongjiang-River-88',
      consent: 'yes',
    })
    expect(code.url.pathname).toBe('/register/code')
    const { code: sent } = await world.textTo(phone)
    const done = await visitor.submit(code, '/register/code', { code: as(sent) })
    expect(done.url.pathname).not.toBe('/register/code')
  })
})

it('every reader of a number or code of a form is one of those above', () => {
  const root = fileURLToPath(new URL('../../src/', import.meta.url))
  const fields = 'code|phone|document_number|identifier|knowledge|contact|uscc'
  const reads = new RegExp(
    `form\\['(?:${fields})'\\]|\\{[^{}]*\\b(?:${fields})\\b[^{}]*\\} = (?:requestOf\\(ctx\\)\\.)?form\\b`,
  )
  // mandate-form.ts reads the invitee of two pages
  const readers =
    /\b(?:typedDigits|typedCode|parsePhone|parseDocument|readDocumentNumbers|readIdentifier|readInvitee|parseCreditCode|readCode|readWrittenCode)\b|mandate-form\.ts/
  const files = globSync('**/*.ts', { cwd: root }).filter((path) => reads.test(readFileSync(root + path, 'utf8')))
  expect(files.length).toBeGreaterThan(8)
  expect(files.filter((path) => !readers.test(readFileSync(root + path, 'utf8')))).toEqual([])
})
