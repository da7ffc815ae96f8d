import { beforeAll, describe, expect, it } from 'vitest'
import { typePassword } from '../../../setup/person.ts'
import { startUpstreamLogin, type UpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import type { Page } from '../../../setup/visitor.ts'

/** Faults of linking that other providers had (facts/upstreams.md 1), each as an attack on this one. */
let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

const byPassword = async (login: UpstreamLogin, person: { username: string }): Promise<Page> =>
  typePassword(login.visitor, await login.visitor.get(`${login.path}?way=password`), person.username)
const valueOf = ({ html }: Page, field: string) => new RegExp(`name="${field}" value="([^"]+)"`).exec(html)?.[1] ?? ''
const events = async (personId: string) =>
  (await all.services.audit.ofPerson(personId, { events: ['upstream.linked'], limit: 9 })).length

/** A victim at the question about their own account, and a thief with another account of the same city. */
async function victimAndThief() {
  const [own, foreign, victim] = [
    await all.citizen({ acr: 'low' }),
    await all.citizen({ acr: 'low' }),
    await all.person(),
  ]
  const login = await all.begin()
  await all.walk(login, own)
  const question = await byPassword(login, victim)
  return { own, foreign, victim, login, question }
}

describe('the proof is of the account of the upstream', () => {
  it('Keycloak CVE-2026-9087 (#49175): a second account of the same upstream does not use the proof of the first', async () => {
    const { own, foreign, login, question } = await victimAndThief()
    // the thief's login waits at the same upstream, and learns the proof of the victim's page
    const thief = await all.begin()
    const page = await all.walk(thief, foreign)
    const fields = { consent: 'yes', proof: valueOf(question, 'proof') }
    expect((await thief.visitor.submit(page, '/upstream/new', fields)).status).toBe(400)
    await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    expect(await all.linkOf(foreign)).toBeUndefined()
    expect(await all.linkOf(own)).toBeDefined()
  })

  it('Keycloak CVE-2026-82968 (#52321): an account that comes in between is not linked by the yes to another', async () => {
    const [own, foreign, victim] = [
      await all.citizen({ acr: 'low' }),
      await all.citizen({ acr: 'low' }),
      await all.person(),
    ]
    const login = await all.begin()
    const planted = all.fs.agree(await all.start(login), foreign)
    await all.walk(login, own)
    const password = await login.visitor.get(`${login.path}?way=password`)
    await login.visitor.get(planted)
    const question = await typePassword(login.visitor, password, victim.username)
    const shown = valueOf(question, 'proof')
    // the form of the page before, for the account that was replaced
    await login.visitor.submit(question, '/upstream/answer', { decision: 'link', proof: `${shown.slice(1)}A` })
    for (const who of [own, foreign]) expect(await all.linkOf(who)).toBeUndefined()
  })

  it('Keycloak CVE-2026-92358 (#53061): no proof is left after the link, nor after its end', async () => {
    const { own, victim, login, question } = await victimAndThief()
    await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    const link = await all.linkOf(own)
    const { database, upstreamLinks } = all.services
    expect(link && (await database.transaction().execute((within) => upstreamLinks.remove(within, link)))).toBe(true)
    await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    await login.visitor.get(`${login.path}/upstream/new`)
    expect(await all.linkOf(own)).toBeUndefined()
    expect(await events(victim.id)).toBe(1)
  })

  it('Keycloak CVE-2026-15571 (#51832): an address alone links nothing, in any browser', async () => {
    const { own, login, question } = await victimAndThief()
    const proof = valueOf(question, 'proof')
    const path = question.url.pathname
    for (const visitor of [login.visitor, (await all.begin()).visitor])
      await visitor.get(`${path}/upstream/answer?decision=link&proof=${proof}`)
    expect(await all.linkOf(own)).toBeUndefined()
  })
})

describe('proof of an attribute is no proof of an account', () => {
  it.each([
    ['Keycloak #53041: of an account that never proved it, by number', { level: 2 as const }, {}],
    ['ZITADEL CVE-2026-56666: that the upstream has not proven, by number', {}, { acr: 'low' }],
  ])('%s', async (_what, person, claims) => {
    const who = await all.citizen({ registered: true, ...claims })
    await all.person({ number: who.id_number ?? '', ...person })
    const login = await all.begin()
    expect((await all.walk(login, who)).url.pathname).toBe(`${login.path}/upstream/new`)
    expect(await all.linkOf(who)).toBeUndefined()
  })

  it.each([
    [
      'authentik #6464: an equal username',
      async (): Promise<object> => ({ preferred_username: (await all.person()).username }),
    ],
    [
      'FusionAuth #2424: an equal address of e-mail, verified or not',
      async (): Promise<object> => ({ email: 'chen@example.com', email_verified: true }),
    ],
    [
      'an equal telephone number',
      async (): Promise<object> => ({ phone_number: `+86${(await all.person()).phone}`, phone_number_verified: true }),
    ],
    ['an equal employee number', async (): Promise<object> => ({ employee_number: (await all.person()).id })],
    ['a subject that is the id of a person', async (): Promise<object> => ({ sub: (await all.person()).id })],
    [
      'a surname, of which the first person is taken',
      async (): Promise<object> => {
        await all.person({ name: '欧阳一' })
        return { name: '欧阳二', family_name: '欧阳' }
      },
    ],
  ])('%s', async (_what, claims) => {
    const { id_number: _none, ...who } = await all.citizen()
    const login = await all.begin()
    const page = await all.walk(login, { ...who, ...(await claims()) })
    expect(page.url.pathname).toBe(`${login.path}/upstream/new`)
    expect(await all.linkOf({ ...who, ...(await claims()) })).toBeUndefined()
  })

  it('a document number as the subject is compared as a subject alone', async () => {
    const person = await all.person()
    const login = await all.begin()
    const page = await all.walk(login, { sub: person.number, acr: 'real' })
    expect(page.url.pathname).toBe(`${login.path}/upstream/new`)
  })
})

describe('the right person is linked', () => {
  it('ZITADEL #12367: by number, where all conditions hold', async () => {
    const who = await all.citizen({ registered: true })
    const person = await all.person({ number: who.id_number ?? '' })
    const login = await all.begin()
    expect(await all.subOf(login, await all.walk(login, who))).toBe(person.id)
  })

  it('ZITADEL #10983: a newcomer is opened and linked once, and a reload does no harm', async () => {
    const [who, login] = [await all.citizen(), await all.begin()]
    const page = await all.walk(login, who)
    const done = await all.open(login.visitor, page)
    const sub = await all.subOf(login, done)
    const again = await all.open(login.visitor, page)
    expect(again.status).toBeLessThan(500)
    expect((await all.linkOf(who))?.personId).toBe(sub)
  })

  it('ZITADEL #11421: also one whose upstream names neither a username nor a name', async () => {
    const [{ sub, acr }, person] = [await all.citizen({ acr: 'real' }), await all.person()]
    await all.linked({ sub, ...(acr === undefined ? {} : { acr }) }, person)
    expect(await all.linkOf({ sub })).toMatchObject({ personId: person.id })
  })

  it('ZITADEL #10472: also one whose account was there before, opened by another way', async () => {
    const person = await all.person({ level: 2 })
    const who = await all.citizen({ acr: 'low' })
    await all.linked(who, person)
    const login = await all.begin()
    expect(await all.subOf(login, await all.walk(login, who))).toBe(person.id)
  })

  it('ZITADEL #10457: a subject in another case is another account, and is not linked by likeness', async () => {
    const person = await all.person({ level: 2 })
    const who = await all.citizen({ acr: 'low' })
    await all.linked(who, person)
    const login = await all.begin()
    const page = await all.walk(login, { ...who, sub: who.sub.toUpperCase() })
    expect(page.url.pathname).toBe(`${login.path}/upstream/new`)
  })

  it('Logto #8289: the sign-in that proves the person also offers the link', async () => {
    const { own, victim, login, question } = await victimAndThief()
    expect(question.html).toContain('/upstream/answer')
    const done = await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    expect(await all.subOf(login, done)).toBe(victim.id)
    expect((await all.linkOf(own))?.personId).toBe(victim.id)
  })
})

describe('an upstream is used where it is allowed alone', () => {
  it('ZITADEL CVE-2025-64717, Keycloak CVE-2026-16442: not at a portal that does not have it', async () => {
    const login = await all.begin()
    expect(login.page.html).not.toContain('/upstream/hidden/start')
    const csrf = valueOf(login.page, 'csrf')
    expect((await login.visitor.post(`${login.path}/upstream/hidden/start`, { csrf })).status).toBe(404)
    // a walk to the same provider by another upstream is of no use at its callback
    const back = all.fs.agree(await all.start(login), await all.citizen())
    back.pathname = '/upstream/hidden/callback'
    expect((await login.visitor.get(back)).status).toBe(400)
  })
})
