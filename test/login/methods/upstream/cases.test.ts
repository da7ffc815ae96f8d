import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { typePassword } from '../../../setup/person.ts'
import { startUpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

/** A citizen and a person with the same number, which our register does not have: nothing links them by itself. */
async function pair(given: Parameters<UpstreamSetting['citizen']>[0] = {}, level: 2 | 3 = 3) {
  const who = await all.citizen(given)
  return { who, person: await all.person({ level, number: who.id_number ?? '' }) }
}

const claimsOf = async (
  login: Awaited<ReturnType<UpstreamSetting['begin']>>,
  page: Parameters<typeof login.begun.finish>[0],
) => decodeJwt((await login.begun.finish(page)).id_token ?? '')
const holds = (level: 2 | 3) => ({ acr: `urn:yideng:loa:${level}` })

describe('case 1: a known account signs in', () => {
  it.each([
    ['real', 3, 3],
    ['real', 2, 2],
    ['low', 3, 2],
    // no face was shown here
    ['high', 3, 3],
  ] as const)('that the upstream vouches for by %s, of an account at %i, at level %i', async (acr, level, reached) => {
    const { who, person } = await pair({ acr }, level)
    await all.linked(who, person)
    const login = await all.begin()
    const claims = await claimsOf(login, await all.walk(login, who))
    expect(claims).toMatchObject({ sub: person.id, amr: ['fed'], ...holds(reached) })
  })

  it('at the level of the link, where the upstream vouches for more than at the linking', async () => {
    const { who, person } = await pair({ acr: 'low' })
    await all.linked(who, person)
    const login = await all.begin()
    expect(await claimsOf(login, await all.walk(login, { ...who, acr: 'real' }))).toMatchObject(holds(2))
  })

  it('and notes the use of the link', async () => {
    const { who, person } = await pair()
    await all.linked(who, person)
    expect((await all.linkOf(who))?.lastUsedAt).toBeNull()
    const login = await all.begin()
    await all.walk(login, who)
    expect((await all.linkOf(who))?.lastUsedAt).toBeGreaterThan(0)
  })

  it('but not to a locked account', async () => {
    const { who, person } = await pair()
    await all.linked(who, person)
    await all.services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    const login = await all.begin()
    const page = await all.walk(login, who)
    expect(page.leads).toBeUndefined()
    expect(page.html).toContain('已经锁定')
  })
})

describe('case 2: an unknown account, and a sign-in by another way', () => {
  it('is linked by a yes, at most at the level of that sign-in', async () => {
    const { who, person } = await pair({}, 2)
    await all.linked(who, person)
    expect(await all.linkOf(who)).toMatchObject({ personId: person.id, level: 2 })
  })

  it('is not linked by a no, and is not asked again', async () => {
    const { who, person } = await pair()
    const login = await all.begin()
    await all.walk(login, who)
    const question = await typePassword(
      login.visitor,
      await login.visitor.get(`${login.path}?way=password`),
      person.username,
    )
    expect(question.html).toContain('/upstream/answer')
    const done = await login.visitor.submit(question, '/upstream/answer', { decision: 'later' })
    expect(await all.subOf(login, done)).toBe(person.id)
    expect(await all.linkOf(who)).toBeUndefined()
  })

  it('is not offered to a person with another number that both sides have proven', async () => {
    const [who, person] = [await all.citizen(), await all.person()]
    const login = await all.begin()
    await all.walk(login, who)
    const next = await typePassword(
      login.visitor,
      await login.visitor.get(`${login.path}?way=password`),
      person.username,
    )
    expect(next.html).not.toContain('/upstream/answer')
  })
})

describe('case 3: an unknown account with a number that both sides and our register have', () => {
  it('is linked at level 3, with a notice', async () => {
    const who = await all.citizen({ registered: true, acr: 'high' })
    const person = await all.person({ number: who.id_number ?? '' })
    const login = await all.begin(all.portal3)
    expect(await claimsOf(login, await all.walk(login, who))).toMatchObject({
      sub: person.id,
      amr: ['fed'],
      ...holds(3),
    })
    expect(await all.linkOf(who)).toMatchObject({ personId: person.id, level: 3 })
    const inbox = await all.services.inbox.list(person.id, 10)
    expect(JSON.stringify(inbox)).toContain('upstream-linked')
  })
})

describe('cases 4 and 5: all others open an account', () => {
  it('at level 2, and the account with the same number is neither named nor changed', async () => {
    const who = await all.citizen()
    const old = await all.person({ level: 2, number: who.id_number ?? '' })
    const login = await all.begin()
    const page = await all.walk(login, who)
    expect([page.status, page.url.pathname]).toEqual([200, `${login.path}/upstream/new`])
    expect(page.html).not.toContain(old.username)
    const claims = await claimsOf(login, await all.open(login.visitor, page))
    expect(claims.sub).not.toBe(old.id)
    expect(claims).toMatchObject({ amr: ['fed'], ...holds(2) })
    const again = await all.begin()
    expect((await claimsOf(again, await all.walk(again, who))).sub).toBe(claims.sub)
  })

  it('without a number: the person types one', async () => {
    const { id_number: number = '', ...who } = await all.citizen()
    const login = await all.begin()
    const page = await all.walk(login, who)
    expect((await all.open(login.visitor, page)).status).toBe(400)
    const fields = { document_type: 'resident_id', document_number: number }
    expect(await claimsOf(login, await all.open(login.visitor, page, fields))).toMatchObject(holds(2))
  })

  it('not without an agreement to the privacy notice', async () => {
    const login = await all.begin()
    const page = await all.walk(login, await all.citizen())
    expect((await all.open(login.visitor, page, { consent: '' })).status).toBe(400)
  })
})

describe('case 6: a known account with another number', () => {
  it('is refused, with an alarm, and nothing else changes', async () => {
    const [who, person] = [await all.citizen({ registered: true }), await all.person()]
    await all.linked({ ...who, id_number: person.number }, person)
    const login = await all.begin()
    const page = await all.walk(login, who)
    expect(page.status).toBe(403)
    expect(page.html).toContain('name="password"')
    const entries = await all.services.audit.ofPerson(person.id, { events: ['upstream.identity-changed'], limit: 9 })
    expect(entries.length).toBe(1)
    expect(await all.linkOf(who)).toMatchObject({ personId: person.id })
  })

  /** The status of the page that a citizen reaches. */
  const comes = async (who: Awaited<ReturnType<UpstreamSetting['citizen']>>) => {
    const login = await all.begin()
    const page = await all.walk(login, who)
    return page.leads ? all.subOf(login, page) : page.status
  }

  it('is refused where it was linked without a number, and its person has another proven one', async () => {
    const [who, person] = [await all.citizen(), await all.person()]
    await all.linked({ ...who, id_number: '' }, person)
    expect(await comes({ ...who, id_number: '' })).toBe(person.id)
    expect(await comes(who)).toBe(403)
    expect(await comes({ ...who, id_number: person.number })).toBe(person.id)
  })

  it('is refused where it was linked without a number, and came with another one since', async () => {
    const [who, later] = [await all.citizen(), await all.citizen()]
    const person = await all.person({ level: 2 })
    await all.linked({ ...who, id_number: '' }, person)
    // the word of the person alone teaches nothing
    expect(await comes({ ...who, id_number: later.id_number ?? '', acr: 'low' })).toBe(person.id)
    expect(await comes(who)).toBe(person.id)
    expect(await comes({ ...who, id_number: later.id_number ?? '' })).toBe(403)
    expect(await comes(who)).toBe(person.id)
  })
})
