import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_REGISTRATIONS: '40' })
  services = await server.services()
})

let people = 0

function form(overrides: Record<string, string> = {}) {
  people += 1
  return {
    name: '林小梅',
    document_type: 'resident_id',
    document_number: residentId(`44010619880214${String(500 + people)}`),
    phone: `1370000${String(1000 + people)}`,
    username: `xiaomei${people}`,
    password,
    consent: 'yes',
    ...overrides,
  }
}

async function register(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const visitor = new Visitor(server.issuer, headers)
  const page = await visitor.submit(await visitor.get('/register'), '/register', fields)
  const person = await services.persons.findByIdentifier([{ kind: 'username', value: fields['username'] ?? '' }])
  return { page, person, visitor }
}

/** The person shows that the phone is theirs, by the word of the carrier. */
const showPhone = (person: { id: string } | undefined) =>
  services.persons.proof(person?.id ?? '', { actor: 'person' }, { possession: 'phone' })

const inRegister = (fields: ReturnType<typeof form>) =>
  services.database
    .transaction()
    .execute((transaction) =>
      services.register.add(transaction, [
        { documentType: fields.document_type, documentNumber: fields.document_number, nameKey: matchKey(fields.name) },
      ]),
    )

describe('registration', () => {
  it('needs a possession besides name and number in the population register', async () => {
    const matching = form()
    await inRegister(matching)
    const { page, person } = await register(matching)
    expect(page.url.pathname).toBe('/registered')
    expect(person).toMatchObject({ identityLevel: 2, possession: null, proofedAt: null, status: 'active' })
    const proven = await showPhone(person)
    expect(proven).toMatchObject({ identityLevel: 3, possession: 'phone', proofedAt: expect.any(Number) })
  })

  it('reads names and numbers with marks that are not seen, and stores them without', async () => {
    const plain = form()
    await inRegister(plain)
    const { page } = await register({
      ...plain,
      name: `\u2068${plain.name}\u2069`,
      document_number: `\u200e${plain.document_number}`,
      phone: `\u202d${plain.phone}\u202c`,
      username: `${plain.username}\u200b`,
    })
    expect(page.url.pathname).toBe('/registered')
    const person = await services.persons.findByIdentifier([{ kind: 'username', value: plain.username }])
    expect(await showPhone(person)).toMatchObject({ identityLevel: 3 })
    expect(person && services.persons.reveal(person)).toMatchObject({
      name: plain.name,
      documentNumber: plain.document_number,
      phone: `+86${plain.phone}`,
    })
    const taken = await register(form({ username: `\ufeff${plain.username}` }))
    expect(taken.page.html).toContain('这个用户名有人用了')
  })

  it('matches a name of GBK with the name of GB 18030-2022, and says when a name is too long', async () => {
    const matching = form({ name: '李䶮' })
    await inRegister(matching)
    const { person } = await register({ ...matching, name: '李\ue863' })
    expect(await showPhone(person)).toMatchObject({ identityLevel: 3 })
    const { page } = await register(form({ name: 'A'.repeat(151) }))
    expect(page.html).toContain('姓名太长')
    expect(page.html).not.toContain('不能用的字符')
  })

  it('gives one answer where the register matches, where it does not, and where another account proved the number', async () => {
    const [matching, other] = [form(), form()]
    const proven = await openPerson(services)
    const taken = form({ document_number: proven.number, name: '陈大文' })
    for (const fields of [matching, { ...other, name: '林大梅' }, taken]) await inRegister(fields)
    const all = [await register(matching), await register(other), await register(taken)]
    expect(all.map(({ person }) => person?.identityLevel)).toEqual([2, 2, 2])
    const shown = await Promise.all(all.map(({ person }) => showPhone(person)))
    expect(shown.map((person) => person?.identityLevel)).toEqual([3, 2, 2])
    const said = (html: string) => html.replaceAll(/nonce="[^"]+"|value="[^"]+"|xiaomei\d+/g, '')
    expect(new Set(all.map(({ page }) => said(page.html))).size).toBe(1)
    expect(new Set(all.map(({ page }) => page.status)).size).toBe(1)
    expect((await services.persons.findByIdentifier([{ kind: 'document', value: proven.number }]))?.id).toBe(proven.id)
    // the account centre shows it after the sign-in
    const own = new Visitor(server.issuer)
    const overview = await signIn(own, await own.get('/account'), other.username)
    expect(overview.html).toMatch(/还没有实名[\s\S]*窗口/)
  })

  it('records consent with the version of the notice, and audits', async () => {
    const { person } = await register(form())
    const id = person?.id ?? ''
    const consents = await services.database
      .selectFrom('notice_consents')
      .selectAll()
      .where('person_id', '=', id)
      .execute()
    expect(consents).toMatchObject([{ notice_version: expect.stringMatching(/^\d{4}-\d{2}(\.\d)?$/) }])
    const acts = await services.database
      .selectFrom('audit_events')
      .select('event')
      .where('person_id', '=', id)
      .execute()
    expect(acts.map(({ event }) => event)).toEqual(['person.registered'])
  })

  it.each([
    ['hk_macao_permit', 'H12345678'],
    ['taiwan_permit', '12345678'],
    ['hmt_residence_permit', residentId('81000019900101123')],
    ['foreign_permanent_residence', residentId('91144019850101001')],
    ['passport', 'E12345678'],
  ])('takes the document %s', async (document_type, document_number) => {
    const { person } = await register(form({ document_type, document_number, name: 'CHAN Tai-man' }))
    expect(person?.row.document_type).toBe(document_type)
  })

  it.each([
    ['consent', { consent: '' }],
    ['password', { password: 'password1' }],
    ['document_number', { document_number: '110101200002301234' }],
    ['document_type', { document_type: 'library_card' }],
    ['phone', { phone: '110' }],
    ['username', { username: '1' }],
    ['name', { name: '<b>梅</b>' }],
  ])('refuses a wrong %s, keeps what was typed but the password', async (field, change) => {
    const fields = form(change)
    const { page, person } = await register(fields)
    expect(page.status).toBe(400)
    expect(person).toBeUndefined()
    expect(page.html).toMatch(new RegExp(`name="${field}"`))
    expect(page.html).not.toContain(fields.password)
  })

  it('refuses a password that holds personal data', async () => {
    const fields = form()
    for (const secret of [`${fields.username}!!`, `x${fields.phone}`, 'born19880214']) {
      const { page } = await register({ ...fields, password: secret })
      expect(page.status, secret).toBe(400)
    }
  })

  it('refuses a taken username, with one winner of many requests at once', async () => {
    const username = 'wanted-by-many'
    const tries = await Promise.all(Array.from({ length: 5 }, () => register(form({ username }))))
    expect(tries.filter(({ page }) => page.status === 200)).toHaveLength(1)
  })

  it('goes on to the portal that began it, once', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const signInPage = await visitor.get(begun.url)
    const page = await visitor.get(`${signInPage.url.pathname}/register`)
    const registered = await visitor.submit(page, '/register', form())
    const tokens = await begun.finish(await visitor.submit(registered, '/registered', {}))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:2', amr: ['pwd'] })
    const again = await visitor.submit(registered, '/registered', {})
    expect({ status: again.status, leads: again.leads }).toEqual({ status: 200, leads: undefined })
    expect(again.html).toContain('您已经登录了')
  })

  it('does not go on after the sign-ins of the new account were ended', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const signInPage = await visitor.get((await portal.begin()).url)
    const page = await visitor.get(`${signInPage.url.pathname}/register`)
    const fields = form()
    const registered = await visitor.submit(page, '/register', fields)
    const person = await services.persons.findByIdentifier([{ kind: 'username', value: fields.username }])
    await services.persons.endSignIns(person?.id ?? '', { actor: 'administrator:test' })
    const refused = await visitor.submit(registered, '/registered', {})
    expect(refused.leads).toBeUndefined()
    expect(refused.html).toContain('name="password"')
    // no password was typed, so none is called wrong
    expect(refused.html).toContain('这次没有登录成功')
  })

  it('cannot be continued from another browser', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer)
    const signInPage = await visitor.get((await portal.begin()).url)
    const registered = await visitor.submit(
      await visitor.get(`${signInPage.url.pathname}/register`),
      '/register',
      form(),
    )
    const thief = new Visitor(server.issuer)
    expect((await thief.get(registered.url)).status).toBe(400)
    expect((await signIn(thief, await thief.get((await portal.begin()).url), 'nobody')).status).toBe(400)
  })

  it('is limited by network address, and ignores claimed addresses', async () => {
    const claiming = (index: number) => ({
      'x-forwarded-for': `203.0.113.${index}`,
      forwarded: `for=203.0.113.${index}`,
    })
    let { page } = await register(form())
    for (let index = 0; index < 40 && page.status === 200; index += 1)
      ({ page } = await register(form(), claiming(index)))
    expect(page.status).toBe(429)
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(3000)
  })
})
