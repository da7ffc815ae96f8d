import { decodeJwt } from 'jose'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import type { VendorUser } from '../../../../examples/made-up-wechat/state.ts'
import { handleOf, startChannelLogin, type ChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { inLongRun } from '../../../setup/long-run.ts'
import { openPerson } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import type { Page, Visitor } from '../../../setup/visitor.ts'

/**
 * Two people, each with a browser and a WeChat of their own. Each types only the own password, in the own browser, and binds whenever asked.
 * Everything that has an address may be opened in any browser: tickets, callbacks, pages of the vendor. What one's own WeChat says of the
 * other's login comes back to the own phone alone, for that is where a link of the other leads.
 */
let all: Setting
let portal: TestPortal
beforeAll(async () => {
  all = await startChannelLogin()
  portal = await registerPortal(all.services, { consent: 'implicit', subject_type: 'public' })
})

type Who = 0 | 1
const who = fc.constantFrom<Who>(0, 1)
/** Which of the addresses of a kind is opened; the last ones are the likely ones. */
const which = fc.nat({ max: 3 })

const action = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    by: who,
    app: fc.constantFrom('wechatMini' as const, 'wechat' as const),
  }),
  fc.record({ kind: fc.constant('ask' as const), by: who, of: who, id: fc.constantFrom('mini', 'other') }),
  fc.record({ kind: fc.constant('enter' as const), by: who, which, path: who }),
  fc.record({ kind: fc.constant('start' as const), by: who }),
  fc.record({ kind: fc.constant('agree' as const), by: who, which }),
  fc.record({ kind: fc.constant('callback' as const), by: who, which }),
  fc.record({ kind: fc.constant('password' as const), by: who }),
  fc.record({ kind: fc.constant('answer' as const), by: who, decision: fc.constantFrom('bind', 'later') }),
)
const otherOf = (by: Who): Who => (by === 0 ? 1 : 0)

/** What leads on, and what an attacker tries first, so that the model sees the end as well as the middle. */
const bind = (by: Who): Action[] => [
  { kind: 'begin', by, app: 'wechatMini' },
  { kind: 'ask', by, of: by, id: 'mini' },
  { kind: 'enter', by, which: 0, path: by },
  { kind: 'password', by },
  { kind: 'answer', by, decision: 'bind' },
]
const agree = (by: Who): Action[] => [
  { kind: 'begin', by, app: 'wechat' },
  { kind: 'start', by },
  { kind: 'agree', by, which: 0 },
]
const ticket = (by: Who, of: Who): Action[] => [
  { kind: 'begin', by, app: 'wechatMini' },
  { kind: 'begin', by: otherOf(by), app: 'wechatMini' },
  { kind: 'ask', by, of, id: 'mini' },
]
const enter = (by: Who, path: Who): Action[] => [{ kind: 'enter', by, which: 0, path }]
const likely = who.chain((by) =>
  fc.constantFrom<Action[]>(
    bind(by),
    [...agree(by), { kind: 'callback', by, which: 0 }],
    // an address that leaked, in the other browser
    [...bind(by), ...ticket(by, by), ...enter(otherOf(by), otherOf(by))],
    [...bind(by), ...ticket(by, by), ...enter(otherOf(by), by)],
    [...bind(by), ...agree(by), { kind: 'callback', by: otherOf(by), which: 0 }],
    // the handle of the other, by a link
    [...bind(by), ...ticket(by, otherOf(by)), ...enter(by, otherOf(by))],
    [...ticket(by, otherOf(by)), ...enter(by, by), { kind: 'password', by }, { kind: 'answer', by, decision: 'bind' }],
  ),
)
const history = fc
  .array(fc.oneof({ weight: 3, arbitrary: action.map((one) => [one]) }, { weight: 2, arbitrary: likely }), {
    minLength: 4,
    maxLength: 10,
  })
  .map((parts) => parts.flat())

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

interface Side {
  person: Awaited<ReturnType<typeof openPerson>>
  user: VendorUser
  login: ChannelLogin
}

/** An address, and the one browser that can know it; any browser where that is undefined. */
interface Known<T> {
  value: T
  only?: Who | undefined
}

async function world() {
  const side = async (): Promise<Side> => ({
    person: await openPerson(all.services),
    user: all.user(),
    login: await all.begin(portal, { visitor: all.browser() }),
  })
  const sides: Record<Who, Side> = { 0: await side(), 1: await side() }
  const logins = [sides[0].login.begun, sides[1].login.begun]
  const tickets: Known<{ ticket: string; id: string; of: string }>[] = []
  const starts: { url: URL; by: Who }[] = []
  const callbacks: Known<URL>[] = []
  let entered = 0
  let bound = 0

  /** The browser is at a page: a session in it must be of its person. */
  async function at(by: Who, page: Page): Promise<void> {
    const { login, person } = sides[by]
    login.page = page
    if (!page.leads?.href.startsWith(portal.redirectUri)) return
    // an older login of the same browser may be the one that ends
    const state = page.leads.searchParams.get('state')
    const begun = logins.find(({ url }) => url.searchParams.get('state') === state)
    if (!begun) throw new Error('a login that no browser began')
    const tokens = await begun.finish(page)
    const { sub, amr } = decodeJwt(tokens.id_token ?? '') as { sub: string; amr: string[] }
    expect(sub).toBe(person.id)
    if (amr.includes('wechat')) entered += 1
    // the next login of this browser asks again
    await again(by, login.visitor)
  }

  async function again(by: Who, visitor: Visitor): Promise<void> {
    sides[by].login = await all.begin(portal, { visitor, asked: { prompt: 'login' } })
    logins.push(sides[by].login.begun)
  }

  const pick = <T>(list: readonly Known<T>[], n: number, by: Who) =>
    list.filter(({ only }) => only === undefined || only === by).toReversed()[n]?.value

  const handleAt = ({ page }: ChannelLogin, id: string) =>
    page.html.includes(`data-channel="${id}"`) ? handleOf(page, id) : undefined

  const acts: { [Kind in Action['kind']]: (one: Extract<Action, { kind: Kind }>) => Promise<void> } = {
    async begin({ by, app }) {
      // the cookies stay; the app around the page may be another
      const visitor = all.browser(app)
      visitor.cookies = sides[by].login.visitor.cookies
      await again(by, visitor)
    },
    async ask({ by, of, id }) {
      const { path } = sides[of].login
      const handle = handleAt(sides[of].login, id)
      if (handle === undefined) return
      const answer = await all.askTicket(handle, all.vendors.loginCode(sides[by].user), id)
      const { ticket } = (await answer.json()) as { ticket?: string }
      if (ticket !== undefined) tickets.push({ value: { ticket, id, of: path }, only: by === of ? undefined : by })
    },
    async enter({ by, which: n, path }) {
      const known = pick(tickets, n, by)
      if (!known) return
      const { visitor } = sides[by].login
      const to = path === by ? sides[by].login.path : known.of
      await at(by, await all.enter({ visitor, path: to }, known.ticket, known.id))
    },
    async start({ by }) {
      const { visitor, page } = sides[by].login
      if (!page.html.includes('/channel/h5/start')) return
      const { leads } = await visitor.submit(page, '/channel/h5/start', {})
      if (leads) starts.push({ url: leads, by })
    },
    async agree({ by, which: n }) {
      const start = starts.toReversed()[n]
      if (!start) return
      const headers = { cookie: all.vendors.cookieOf(sides[by].user) }
      const answer = await fetch(start.url, { redirect: 'manual', headers })
      const to = answer.headers.get('location')
      if (to !== null) callbacks.push({ value: new URL(to), only: start.by === by ? undefined : by })
    },
    async callback({ by, which: n }) {
      const url = pick(callbacks, n, by)
      if (url) await at(by, await sides[by].login.visitor.get(url))
    },
    async password({ by }) {
      const { login, person } = sides[by]
      const page = await login.visitor.get(`${login.path}?way=password`)
      if (!page.html.includes('name="password"')) return
      const { username: identifier, password } = person
      await at(by, await login.visitor.submit(page, '/password', { identifier, password }))
    },
    async answer({ by, decision }) {
      const { visitor, page } = sides[by].login
      if (!page.html.includes('/channel/answer')) return
      await at(by, await visitor.submit(page, '/channel/answer', { decision }))
      if (decision === 'bind') bound += 1
    },
  }

  return {
    act: (one: Action) => (acts[one.kind] as (given: Action) => Promise<void>)(one),
    /** Each browser has a session of its person or none, and each WeChat is bound to its person or to nobody. */
    async check() {
      for (const by of [0, 1] as const) {
        const { login, person, user } = sides[by]
        const key = all.services.dataKeys.blindIndex('channel-subject', `gd\0${user.unionid}`)
        const binding = await all.services.authenticators.findByLookupKey('channel', key)
        expect([undefined, person.id]).toContain(binding?.personId)
        const begun = await portal.begin()
        const page = await login.visitor.get(begun.url)
        if (page.leads) expect((await begun.finish(page)).claims()?.sub).toBe(person.id)
      }
    },
    counted: () => ({ entered, bound }),
  }
}

it('a browser is signed in as a person only if their own WeChat spoke for its login', async () => {
  const total = { entered: 0, bound: 0 }
  await fc.assert(
    fc.asyncProperty(history, async (actions) => {
      const { act, check, counted } = await world()
      for (const one of actions) await act(one)
      await check()
      total.entered += counted().entered
      total.bound += counted().bound
    }),
    { numRuns: inLongRun(25, 300), endOnFailure: true },
  )
  // the model must reach what it is about
  expect(total.bound).toBeGreaterThan(0)
  expect(total.entered).toBeGreaterThan(0)
}, 600_000)
