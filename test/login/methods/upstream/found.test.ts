import { beforeAll, describe, expect, it } from 'vitest'
import { linkId } from '../../../../src/accounts/upstream-links.ts'
import { offersDue, openOffers } from '../../../../src/accounts/upstream-offers.ts'
import { typePassword } from '../../../setup/person.ts'
import { eventsOf } from '../../../setup/room.ts'
import { startUpstreamLogin, type UpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import type { Page } from '../../../setup/visitor.ts'

const day = 86_400_000

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

type Citizen = Awaited<ReturnType<UpstreamSetting['citizen']>>

const asks = (page: Page) => page.html.includes('value="connect"')
const due = (personId: string) => offersDue(all.services.database, personId, all.services.clock())

/** A person whom an import of the city `zh`, which never links by number, has found an account for. */
async function found() {
  const who = await all.citizen({ registered: true })
  const person = await all.person({ number: who.id_number ?? '' })
  const subjectIndex = all.services.upstreamLinks.subjectIndex({ upstream: 'zh', subject: who.sub })
  const key = { upstream: 'zh', subjectIndex, personId: person.id }
  await openOffers(all.services.database, [key], { batch: 'b', now: all.services.clock() })
  return { who, person, key }
}

/** A sign-in by password at a portal, and the page after it. */
async function signedIn(person: { username: string }) {
  const login = await all.begin()
  const page = await typePassword(login.visitor, await login.visitor.get(`${login.path}?way=password`), person.username)
  return { login, page }
}

/** Presses "sign in there and link", and agrees at the city as this citizen. */
async function connect({ visitor }: UpstreamLogin, page: Page, who: Citizen): Promise<Page> {
  const { leads } = await visitor.submit(page, '/upstream/found', { decision: 'connect' })
  return visitor.get(all.zh.agree(leads ?? expect.fail('the button led nowhere'), who))
}

describe('an account that an import has found', () => {
  it('is linked once its person has signed in to it and said yes', async () => {
    const { who, person } = await found()
    const { login, page } = await signedIn(person)
    expect(page.html).toContain(all.zh.row().name)
    expect(page.html).not.toContain(who.sub)
    const question = await connect(login, page, who)
    expect(question.html).toContain('/upstream/answer')
    expect(await all.linkOf(who, all.zh), 'a walk alone links nothing').toBeUndefined()
    const end = await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
    expect(await all.subOf(login, end)).toBe(person.id)
    expect(await all.linkOf(who, all.zh)).toMatchObject({ personId: person.id, way: 'sign-in', heldUntil: null })
    expect(await due(person.id)).toEqual([])
  })

  it('waits thirty days after a "later"', async () => {
    const { person, key } = await found()
    const { login, page } = await signedIn(person)
    const end = await login.visitor.submit(page, '/upstream/found', { decision: 'later' })
    expect(await all.subOf(login, end)).toBe(person.id)
    const next = await signedIn(person)
    expect(asks(next.page)).toBe(false)
    const { database, clock } = all.services
    expect(await offersDue(database, person.id, clock() + 29 * day)).toEqual([])
    expect(await offersDue(database, person.id, clock() + 30 * day)).toEqual([key])
  })

  it('is never asked about again after a no, and no number links it', async () => {
    const { who, person } = await found()
    const { login, page } = await signedIn(person)
    await login.visitor.submit(page, '/upstream/found', { decision: 'never' })
    expect(asks((await signedIn(person)).page)).toBe(false)
    const refused = { upstream: 'zh', subject: who.sub, personId: person.id }
    expect(await all.services.upstreamLinks.isRefused(refused)).toBe(true)
    expect(await eventsOf(all.services, person.id, 'upstream.link-refused')).toHaveLength(1)
    // the person may still change their mind, by a sign-in
    await all.linked(who, person, all.zh)
    expect(await all.services.upstreamLinks.isRefused(refused)).toBe(false)
  })

  it('is no reason to link another account of the upstream that is another person’s', async () => {
    const [{ person }, other] = [await found(), await found()]
    const { login, page } = await signedIn(person)
    const refused = await connect(login, page, other.who)
    expect(refused.status, 'a proven number of another person').toBe(409)
    expect(await all.linkOf(other.who, all.zh)).toBeUndefined()
    expect(asks(await login.visitor.get(new URL(page.url).pathname)), 'the page leads back').toBe(true)
    expect(await due(person.id)).toHaveLength(1)
  })

  it('may be put off where the upstream does not answer', async () => {
    const { who, person } = await found()
    const { login, page } = await signedIn(person)
    all.zh.down(true)
    const failed = await connect(login, page, who)
    all.zh.down(false)
    expect([failed.status, asks(failed)]).toEqual([503, true])
    const end = await login.visitor.submit(failed, '/upstream/found', { decision: 'later' })
    expect(await all.subOf(login, end)).toBe(person.id)
  })

  it('is asked about by its own id only, and by a right answer only', async () => {
    const [{ person }, other] = [await found(), await found()]
    const { login, page } = await signedIn(person)
    await login.visitor.submit(page, '/upstream/found', { decision: 'never', found: linkId(other.key) })
    expect(await due(person.id)).toHaveLength(1)
    expect(await due(other.person.id)).toHaveLength(1)
    const again = await signedIn(person)
    const wrong = await again.login.visitor.submit(again.page, '/upstream/found', { decision: 'yes' })
    expect(wrong.status).toBe(400)
  })

  it.each([
    ['the account is held', { table: 'natural_persons', set: { held_until: Date.now() + day }, where: 'id' }],
    ['the upstream is out of use', { table: 'upstream_offers', set: { upstream: 'gone' }, where: 'person_id' }],
  ] as const)('is not asked about while %s', async (_what, { table, set, where }) => {
    const { person } = await found()
    await all.services.database
      .updateTable(table)
      .set(set)
      .where(where as never, '=', person.id as never)
      .execute()
    const { login, page } = await signedIn(person)
    expect(asks(page)).toBe(false)
    expect(await all.subOf(login, page)).toBe(person.id)
  })
})
