import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { answerOf, startCertificateLogin, textOn, type CertificateSetting } from '../../../setup/certificate-login.ts'
import { end, mandate, openOrganisation } from '../../../setup/organisation.ts'
import { addPasskey } from '../../../setup/passkey.ts'
import { typePassword } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { csrfOf, eventsOf } from '../../../setup/room.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { fields, issue, issueCa, usage, type Issued } from '../../../setup/test-ca.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let all: CertificateSetting
beforeAll(async () => {
  all = await startCertificateLogin()
})

const says = {
  refused: '签名不对',
  late: '超过了五分钟',
  untrusted: '这里不接受它的发证机构',
  encryption: '这是加密证书',
  expired: '现在不在有效期内',
  revoked: '已经吊销这个证书',
  unchecked: '查不到这个证书是否还有效',
  other: '和绑定的账户现在对不上',
  asks: 'name="decision" value="bind"',
  unbound: '证书已经验证',
}

function expectSays(page: Page, what: keyof typeof says, status = 403): void {
  expect(page.html).toContain(says[what])
  expect(page.status).toBe(status)
}

describe('the certificate of a person', () => {
  it('asks once for another way and a yes, and signs in from then on', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    const first = await all.begin()
    const note = await all.signWith(first, one)
    expectSays(note, 'unbound', 200)
    const question = await typePassword(first.visitor, note, person.username)
    expectSays(question, 'asks', 200)
    const done = await first.visitor.submit(question, '/certificate/answer', { decision: 'bind' })
    await expect(first.begun.finish(done)).resolves.toHaveProperty('id_token')
    expect(await eventsOf(all.services, person.id, 'certificate.bound')).toHaveLength(1)

    const second = await all.begin()
    const tokens = await second.begun.finish(await all.signWith(second, one))
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ amr: ['hwk'], acr: 'urn:yideng:loa:3' })
  })

  it('asks a question that adds no passkey beside one that is there', async () => {
    const person = await all.person()
    await addPasskey(await all.roomOf(person), new SoftwareAuthenticator(all.server.issuer))
    const login = await all.begin()
    const signed = await all.signWith(login, await all.ofPerson(person))
    const question = await typePassword(login.visitor, signed, person.username)
    expectSays(question, 'asks', 200)
    const csrf = csrfOf(question)
    const options = await login.visitor.post(`${question.url.pathname}/passkey/offer/options`, { csrf })
    expect(options.status).toBe(400)
  })

  it('is not bound after “later”, and the proof is over', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    const login = await all.begin()
    const question = await typePassword(login.visitor, await all.signWith(login, one), person.username)
    const later = await login.visitor.submit(question, '/certificate/answer', { decision: 'later' })
    expect(later.leads?.href).toContain(all.portal.redirectUri)
    const again = await login.visitor.submit(question, '/certificate/answer', { decision: 'bind' })
    expect(again.leads).toBeUndefined()
    expect(await all.services.authenticators.list(person.id, 'certificate')).toHaveLength(0)
  })

  it('is never bound to an account of another number or name', async () => {
    const [person, other] = [await all.person(), await all.person()]
    const faulty = [await all.ofPerson(other), await all.ofPerson({ number: person.number, name: '李小龙' })]
    for (const one of faulty) {
      const login = await all.begin()
      const next = await typePassword(login.visitor, await all.signWith(login, one), person.username)
      expect(next.html).not.toContain(says.asks)
    }
  })

  it('belongs to one account; a renewed one of the same key stays bound', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    await all.bound(one, person)
    const renewed = await all.ofPerson(person, { key: one.key })
    const login = await all.begin()
    await expect(login.begun.finish(await all.signWith(login, renewed))).resolves.toHaveProperty('id_token')
    // another key of the same person is another certificate
    const another = await all.begin()
    expectSays(await all.signWith(another, await all.ofPerson(person)), 'unbound', 200)
    // the CA gave the key to another person
    const third = await all.begin()
    expectSays(await all.signWith(third, await all.ofPerson(await all.person(), { key: one.key })), 'other')
  })
})

describe('a CA of level 2', () => {
  it('brings level 2, and the register does not raise it', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    await all.bound(one, person)
    all.writeFile({ cas: [{ ...all.row, level: 2 }] })
    await all.server.forward(6000)
    try {
      const login = await all.begin()
      const tokens = await login.begun.finish(await all.signWith(login, one))
      expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ amr: ['hwk'], acr: 'urn:yideng:loa:2' })
      const strict = await registerPortal(all.services, { consent: 'implicit', min_level: 3 })
      const next = await login.visitor.get((await strict.begin()).url)
      // another way to sign in is asked for
      expect(next.html).toContain('name="password"')
      const csrf = /name="csrf" value="([^"]+)"/.exec(next.html)?.[1] ?? ''
      const checked = await login.visitor.post(`${next.url.pathname}/level`, { csrf })
      expect(checked.leads).toBeUndefined()
    } finally {
      all.writeFile({ agent: 'http://127.0.0.1:18900', cas: [all.row] })
      await all.server.forward(6000)
    }
  })
})

describe('an answer that proves no person', () => {
  it.each<[string, keyof typeof says, () => Promise<Issued>]>([
    ['for encryption', 'encryption', async () => all.ofPerson(await all.person(), { extensions: [usage(2, 3)] })],
    ['expired', 'expired', async () => all.ofPerson(await all.person(), { until: Date.now() - 1000 })],
    ['of an unknown CA', 'untrusted', async () => all.ofPerson(await all.person(), { by: await issueCa('别家') })],
    ['of a lookalike CA', 'untrusted', async () => all.ofPerson(await all.person(), { by: await issueCa('测试签发') })],
    ['without a number', 'untrusted', async () => issue({ by: all.ca, subject: [[fields.commonName, '陈大文']] })],
    ['with a wrong number', 'untrusted', async () => all.ofPerson({ number: '440300195603120001' })],
    [
      'with two numbers',
      'untrusted',
      async () => {
        const [one, other] = [await all.person(), await all.person()]
        return issue({
          by: all.ca,
          subject: [
            [fields.commonName, '陈大文'],
            [fields.serialNumber, `SF${one.number}`],
            [fields.serialNumber, `SF${other.number}`],
          ],
        })
      },
    ],
  ])('a certificate %s is refused', async (_, what, make) => {
    expectSays(await all.signWith(await all.begin(), await make()), what)
  })

  it('a signature over another text is refused', async () => {
    const one = await all.ofPerson(await all.person())
    for (const change of [
      (text: string) => `${text}\n`,
      (text: string) => text.replaceAll('\n', '\r\n'),
      (text: string) => text.replace('yideng-cert-1', 'yideng-cert-2'),
      (text: string) => text.split('\n').at(-1) ?? '',
    ]) {
      const login = await all.begin()
      expectSays(await all.send(login, await answerOf(one, change(textOn(login.page)))), 'refused', 400)
    }
  })

  it('a text of another form is refused', async () => {
    const one = await all.ofPerson(await all.person())
    const changed = async (change: Record<string, unknown>) => {
      const login = await all.begin()
      const right = JSON.parse(await answerOf(one, textOn(login.page))) as Record<string, unknown>
      return all.send(login, JSON.stringify({ ...right, ...change }))
    }
    for (const answer of ['', 'x', '{}', '[]', 'null'])
      expectSays(await all.send(await all.begin(), answer), 'refused', 400)
    for (const change of [{ more: 'x' }, { algorithm: 'none' }, { algorithm: 'RSA-SHA256' }, { certificate: 'AAAA' }])
      expectSays(await changed(change), 'refused', 400)
    expect((await changed({})).html).toContain(says.unbound)
  })

  it('a challenge counts once, for its own login, browser and portal', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    await all.bound(one, person)
    const login = await all.begin()
    const answer = await answerOf(one, textOn(login.page))
    const ticket = /name="ticket" value="([^"]+)"/.exec(login.page.html)?.[1] ?? ''

    // the answer of one login in another one of the same browser, and at another portal
    const other = await all.begin(await registerPortal(all.services, { consent: 'implicit' }), login.visitor)
    const csrf = /name="csrf" value="([^"]+)"/.exec(other.page.html)?.[1] ?? ''
    expectSays(await login.visitor.post(`${other.path}/certificate`, { csrf, ticket, answer }), 'late', 400)
    expectSays(await all.send(other, answer), 'refused', 400)
    // in another browser
    const thief = new Visitor(all.server.issuer)
    const own = await all.begin(all.portal, thief)
    const theirs = /name="csrf" value="([^"]+)"/.exec(own.page.html)?.[1] ?? ''
    const stolen = await thief.post(`${login.path}/certificate`, { csrf: theirs, ticket, answer })
    expect(stolen.leads).toBeUndefined()
    // none of these used it up; a wrong answer does
    const right = await all.send(login, answer)
    await expect(login.begun.finish(right)).resolves.toHaveProperty('id_token')
    const spent = await all.begin()
    const later = await answerOf(one, textOn(spent.page))
    await all.send(spent, 'x')
    expectSays(await all.send(spent, later), 'late', 400)
  })

  it('a revoked certificate is refused at once, and one whose list is old, or missing', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    await all.bound(one, person)
    try {
      await all.writeList({ revoked: [one.serial] })
      await all.server.forward(11 * 60_000)
      expectSays(await all.signWith(await all.begin(), one), 'revoked')
      // an older list gives nothing back
      await all.writeList({ thisUpdate: Date.now() - 3_600_000 })
      await all.server.forward(11 * 60_000)
      expectSays(await all.signWith(await all.begin(), one), 'revoked')
      await all.server.forward(2 * 86_400_000)
      expectSays(await all.signWith(await all.begin(), one), 'unchecked', 503)
    } finally {
      await all.writeList({ nextUpdate: Date.now() + 30 * 86_400_000 })
      await all.server.forward(11 * 60_000)
    }
    const login = await all.begin()
    await expect(login.begun.finish(await all.signWith(login, one))).resolves.toHaveProperty('id_token')
  })
})

describe('the certificate of a legal person', () => {
  it('signs in who bound it, as a limited way, while they act for the legal person', async () => {
    const organisation = await openOrganisation(all.services)
    const agent = await all.person()
    const given = await mandate(all.services, organisation.id, organisation.representative, agent)
    const one = await all.ofOrganisation(organisation)
    expect((await all.bound(one, agent)).leads?.href).toContain(all.portal.redirectUri)
    const login = await all.begin()
    const tokens = await login.begun.finish(await all.signWith(login, one))
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ amr: ['org-cert'], acr: 'urn:yideng:loa:3' })
    // it changes nothing in the account
    const add = await login.visitor.get('/account/passkey/add')
    expect(add.html).toContain('您这次只是用单位的证书登录的')
    // it reaches no level 4
    const strict = await all.begin(await registerPortal(all.services, { consent: 'implicit', min_level: 4 }))
    expect((await all.signWith(strict, one)).leads).toBeUndefined()
    await end(all.services, given.id, agent)
    expectSays(await all.signWith(await all.begin(), one), 'other')
  })

  it('is not bound to a person who does not act for it', async () => {
    const one = await all.ofOrganisation(await openOrganisation(all.services))
    const stranger = await all.person()
    const login = await all.begin()
    const next = await typePassword(login.visitor, await all.signWith(login, one), stranger.username)
    expect(next.html).not.toContain(says.asks)
  })
})

describe('the page', () => {
  it('has the text to sign, works without script, and lets its script ask one origin alone', async () => {
    const { page } = await all.begin()
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:18900;")
    expect(textOn(page).split('\n')[0]).toBe('yideng-cert-1')
    expect(page.html).toContain('<textarea id="answer" name="answer"')
    const login = await all.portal.begin()
    const usual = await new Visitor(all.server.issuer).get(login.url)
    expect(usual.headers.get('content-security-policy')).toContain("connect-src 'self';")
  })

  it('follows the file while the server runs', async () => {
    all.writeFile({ cas: [{ ...all.row, name: '别的名字' }] })
    await all.server.forward(6000)
    const { page } = await all.begin()
    expect(page.html).toContain('别的名字')
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self';")
    // a file that cannot be used leaves the list as it was
    all.writeFile({ cas: [] })
    await all.server.forward(6000)
    expect((await all.begin()).page.html).toContain('别的名字')
    all.writeFile({ agent: 'http://127.0.0.1:18900', cas: [all.row] })
    await all.server.forward(6000)
  })
})
