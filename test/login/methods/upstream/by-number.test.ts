import { beforeAll, describe, expect, it } from 'vitest'
import { residentId } from '../../../setup/people.ts'
import { ofOldRule } from '../../../setup/person.ts'
import { startUpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

const by = { actor: 'administrator:test' }
type Citizen = Awaited<ReturnType<UpstreamSetting['citizen']>>
interface Pair {
  who: Citizen
  person: Awaited<ReturnType<UpstreamSetting['person']>>
}

/** A citizen and a person with the same number and name, which our register has, too. */
async function pair(): Promise<Pair> {
  const who = await all.citizen({ registered: true })
  return { who, person: await all.person({ number: who.id_number ?? '' }) }
}

const set = (id: string, values: object) =>
  all.services.database.updateTable('natural_persons').set(values).where('id', '=', id).execute()

describe('an account is not linked by its number', () => {
  it.each<[string, (pair: Pair) => Promise<Partial<Citizen> & { city?: 'zh' }>]>([
    ['where the operator lets the upstream ask only', async () => ({ city: 'zh' })],
    ['which the upstream has not proven', async () => ({ acr: 'low' })],
    ['with a level that the row of the upstream does not have', async () => ({ acr: 'unknown' })],
    ['of a type that it does not prove itself', async () => ({ id_type: 'passport', id_number: 'E12345678' })],
    ['with another name than the holder', async () => ({ name: '陈大武' })],
    ['without a name', async () => ({ name: undefined }) as never],
    ['with a number that is none', async () => ({ id_number: '110105194912310021' })],
    ['of a locked account', async ({ person }) => (await all.services.persons.setStatus(person.id, 'locked', by), {})],
    [
      'of an account that its owner closes',
      async ({ person }) => (await set(person.id, { closes_at: Date.now() + 1e9 }), {}),
    ],
    [
      'of an account that was recovered just now',
      async ({ person }) => (await set(person.id, { held_until: Date.now() + 1e9 }), {}),
    ],
    [
      'of an account that has shown no possession',
      async ({ person }) => (await ofOldRule(all.services, person.id), {}),
    ],
    ['of a self-asserted account', async ({ person }) => (await set(person.id, { identity_level: 2 }), {})],
    [
      'of a person who has switched the way off',
      async ({ person }) => (await all.services.methodLocks.lock(person.id, 'upstream', 'switched-off', by), {}),
    ],
  ])('%s', async (_what, change) => {
    const both = await pair()
    const { city = 'fs', ...claims } = await change(both)
    const who = { ...both.who, ...claims }
    const login = await all.begin()
    const page = await all.walk(login, who, all[city])
    expect([page.status, page.url.pathname]).toEqual([200, `${login.path}/upstream/new`])
    expect(await all.linkOf(who, all[city])).toBeUndefined()
  })

  it('that our register has with another name, or does not have', async () => {
    for (const name of ['陈大武', undefined]) {
      const who = await all.citizen()
      await all.person({ number: who.id_number ?? '' })
      if (name !== undefined) await all.register(who.id_number ?? '', name)
      const login = await all.begin()
      expect((await all.walk(login, who)).url.pathname).toBe(`${login.path}/upstream/new`)
      expect(await all.linkOf(who)).toBeUndefined()
    }
  })

  it('more often than the register may be asked about it', async () => {
    const number = residentId('44030019710308999')
    const who = await all.citizen({ id_number: number })
    await all.person({ number })
    // five questions are allowed in a day (guards/register-matches.ts)
    for (let times = 0; times < 5; times += 1) await all.walk(await all.begin(), { ...who, sub: `other-${times}` })
    await all.register(number, '陈大文')
    const login = await all.begin()
    expect((await all.walk(login, who)).url.pathname).toBe(`${login.path}/upstream/new`)
    expect(await all.linkOf(who)).toBeUndefined()
  })
})

describe('a link by number', () => {
  it('is made once, for two browsers that come at the same time', async () => {
    const { who, person } = await pair()
    const logins = [await all.begin(), await all.begin(), await all.begin()]
    const backs = await Promise.all(logins.map(async (login) => all.fs.agree(await all.start(login), who)))
    const pages = await Promise.all(logins.map(({ visitor }, index) => visitor.get(backs[index] ?? '')))
    for (const [index, login] of logins.entries()) {
      const page = pages[index]
      if (page) expect(await all.subOf(login, page)).toBe(person.id)
    }
    const events = await all.services.audit.ofPerson(person.id, { events: ['upstream.linked'], limit: 9 })
    expect(events.length).toBe(1)
  })

  it('is one for each upstream, and subjects are compared character by character', async () => {
    const { who, person } = await pair()
    const subjects = [who.sub, who.sub.toUpperCase(), ` ${who.sub}`, `${who.sub}\u0301`]
    for (const sub of subjects) await all.walk(await all.begin(), { ...who, sub })
    const links = await all.services.upstreamLinks.of(person.id)
    expect(new Set(links.map(({ subjectIndex }) => subjectIndex)).size).toBe(subjects.length)
  })
})
