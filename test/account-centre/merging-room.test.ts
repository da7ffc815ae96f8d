import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { find } from '../setup/organisation.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { rivalOf } from '../setup/rival.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
const room = '/account/merging'

beforeAll(async () => {
  server = await startServer({})
  services = await server.services()
})

interface Inside {
  visitor: Visitor
  page: Page
}

/** The room, for a person who has just signed in. */
async function inside({ username }: { username: string }): Promise<Inside> {
  const visitor = new Visitor(server.issuer)
  return { visitor, page: await signIn(visitor, await visitor.get(room), username) }
}

const send = ({ visitor, page }: Inside, action: string, fields = {}) => visitor.submit(page, action, fields)

const codeOn = ({ html }: Page) => /<b>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})<\/b>/.exec(html)?.[1] ?? ''

/** The other account types the code and agrees. */
async function agree(other: Inside, code: string): Promise<Page> {
  const asked = await send(other, '/join', { code })
  return other.visitor.submit(asked, asked.url.pathname, {})
}

/** Two accounts of one person: proven, and self-asserted with the same number. */
async function twoAccounts() {
  const proven = await openPerson(services)
  return { proven, other: await rivalOf(services, proven) }
}

async function enter(portal: TestPortal, username: string) {
  const visitor = new Visitor(server.issuer)
  const { url, finish } = await portal.begin()
  const end = await signIn(visitor, await visitor.get(url.href), username)
  return finish(end.html.includes('/consent"') ? await allow(visitor, end) : end)
}

it('merges from inside both: the other account closes, and portals that asked know who it was', async () => {
  const { proven, other } = await twoAccounts()
  const told = await registerPortal(services, { previous_sub: true })
  const [untold, unseen] = [await registerPortal(services), await registerPortal(services, { previous_sub: true })]
  const before = (await enter(told, other.username)).claims()
  await enter(untold, other.username)

  const first = await inside(proven)
  const code = codeOn(await send(first, '/code'))
  const second = await inside(other)
  const asked = await send(second, '/join', { code: ` ${code.toLowerCase().replaceAll('-', ' ')} ` })
  expect(asked.html).toContain('测试门户')
  // nothing has changed before the first account decides
  const agreed = await second.visitor.submit(asked, asked.url.pathname, {})
  expect(agreed.html).toContain('这边已经同意')
  expect((await find(services, other)).status).toBe('active')

  // in the same browser the first session is over; the code belongs to the account
  const again = await inside(proven)
  expect(again.page.html).toContain('那个账户已经同意')
  const question = await again.visitor.get(`${room}/finish`)
  expect(question.html).toContain('要关闭的账户')
  const done = await again.visitor.submit(question, '/finish', {})
  expect(done.html).toContain('已经合并')
  expect((await find(services, other)).status).not.toBe('active')
  expect((await second.visitor.get('/account')).html).toContain('name="password"')
  await until(async () => (await find(services, other)).status === 'closed')

  const after = await enter(told, proven.username)
  expect(after.claims()).toMatchObject({ previous_sub: [before?.sub] })
  expect(after.claims()?.sub).not.toBe(before?.sub)
  const userinfo = await oidc.fetchUserInfo(told.configuration, after.access_token, after.claims()?.sub ?? '')
  expect(userinfo).toMatchObject({ previous_sub: [before?.sub] })
  for (const portal of [untold, unseen])
    expect((await enter(portal, proven.username)).claims()).not.toHaveProperty('previous_sub')
  const events = await services.database
    .selectFrom('audit_events')
    .select(['event', 'person_id'])
    .where('event', 'like', 'person.merged%')
    .execute()
  expect(events).toEqual([
    { event: 'person.merged', person_id: proven.id },
    { event: 'person.merged-away', person_id: other.id },
  ])
})

describe('the code leads nowhere', () => {
  it.each([
    ['an account with another number', async () => openPerson(services, { level: 2 })],
    ['another proven account', async () => openPerson(services)],
  ])('for %s', async (_, make) => {
    const first = await inside(await openPerson(services))
    const code = codeOn(await send(first, '/code'))
    const stranger = await make()
    const second = await inside(stranger)
    // a proven account has no form for a code
    const page = { ...second.page, html: second.page.html.replace('merging/code"', 'merging/join"') }
    const answer = await second.visitor.submit(page, '/join', { code })
    expect(answer.html).toContain('合并码不对')
    expect((await find(services, stranger)).status).toBe('active')
  })

  it('where it is wrong, empty, used, or of a merge that another account has joined', async () => {
    const { proven, other } = await twoAccounts()
    const third = await rivalOf(services, proven)
    const first = await inside(proven)
    const code = codeOn(await send(first, '/code'))
    const second = await inside(other)
    expect((await send(second, '/join', { code: '7K3M-W9QD-7K3M' })).html).toContain('合并码不对')
    expect((await send(second, '/join', { code: '' })).html).toContain('请填写合并码')
    await agree(second, code)
    expect((await send(await inside(third), '/join', { code })).html).toContain('合并码不对')
  })

  it('after the account is held by a recovery', async () => {
    const { proven, other } = await twoAccounts()
    const first = await inside(proven)
    const code = codeOn(await send(first, '/code'))
    await agree(await inside(other), code)
    await services.database
      .updateTable('natural_persons')
      .set({ held_until: Date.now() + 60_000 })
      .where('id', '=', other.id)
      .execute()
    const question = await first.visitor.get(`${room}/finish`)
    expect(question.html).not.toContain('要关闭的账户')
    expect((await find(services, other)).status).toBe('active')
  })
})

it('a merge is one: of twenty forms at once one closes the account', async () => {
  const { proven, other } = await twoAccounts()
  const first = await inside(proven)
  await agree(await inside(other), codeOn(await send(first, '/code')))
  const question = await first.visitor.get(`${room}/finish`)
  await Promise.all(Array.from({ length: 20 }, () => first.visitor.submit(question, '/finish', {})))
  const rows = await services.database
    .selectFrom('audit_events')
    .select('event')
    .where('person_id', '=', other.id)
    .where('event', '=', 'person.merged-away')
    .execute()
  expect(rows).toHaveLength(1)
})

it('an account that was merged brings those that were merged into it', async () => {
  const { proven, other } = await twoAccounts()
  const pair = { into: proven.id, from: other.id, portals: ['portal-one'] }
  await services.database
    .insertInto('merged_accounts')
    .values({ merged_id: (await openPerson(services)).id, person_id: other.id, merged_at: 1 })
    .execute()
  expect(await services.merging.merge(pair, { actor: 'person' })).toBe(true)
  expect(await services.merging.merge(pair, { actor: 'person' })).toBe(false)
  expect(await services.merging.knownBefore(proven.id, 'portal-one')).toEqual([other.id])
  const rows = await services.database
    .selectFrom('merged_accounts')
    .select('merged_id')
    .where('person_id', '=', proven.id)
    .execute()
  expect(rows).toHaveLength(2)
})

it('moves linked accounts, at level 2, held and with an undo, and names them before', async () => {
  const { proven, other } = await twoAccounts()
  const { database, upstreamLinks, upstreams } = services
  const subject = { upstream: 'foshan', subject: `of ${other.id}` }
  const own = { upstream: 'foshan', subject: `of ${proven.id}`, personId: proven.id, level: 3, way: 'sign-in' } as const
  await upstreamLinks.add(database, own)
  await upstreamLinks.add(database, {
    ...subject,
    personId: other.id,
    level: 3,
    way: 'import',
    opened: true,
    alias: '大文',
  })
  const key = { upstream: 'foshan', subjectIndex: upstreamLinks.subjectIndex(subject), personId: proven.id }
  await upstreamLinks.refuse(database, key)
  const into = await inside(proven)
  const code = codeOn(await send(into, '/code'))
  const asked = await send(await inside(other), '/join', { code })
  expect(asked.html).toContain('一起转来的其他政务账号')
  expect(upstreams.list(), 'the name of an upstream that is out of use is its id').toEqual([])
  expect(asked.html).toContain('foshan')
  const pair = { into: proven.id, from: other.id, portals: [] }
  expect(await services.merging.merge(pair, { actor: 'person' })).toBe(true)
  const moved = (await upstreamLinks.find(subject)) ?? expect.fail()
  const now = services.clock()
  expect(moved).toMatchObject({ personId: proven.id, level: 2, way: 'merge', opened: false })
  expect((moved.heldUntil ?? 0) - now).toBeGreaterThan(23 * 3_600_000)
  expect((moved.undoUntil ?? 0) - now).toBeGreaterThan(29 * 86_400_000)
  expect(await upstreamLinks.alias(proven.id)).toEqual([{ upstream: 'foshan', alias: '大文' }])
  expect(await upstreamLinks.isRefused({ ...subject, personId: proven.id }), 'the merge decides').toBe(false)
  expect(await upstreamLinks.find(own), 'own links stay as they are').toMatchObject({ level: 3, heldUntil: null })
})
