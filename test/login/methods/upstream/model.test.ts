import { decodeJwt } from 'jose'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import type { Citizen } from '../../../setup/city.ts'
import { inLongRun } from '../../../setup/long-run.ts'
import type { openPerson } from '../../../setup/person.ts'
import { startUpstreamLogin, type UpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import type { Page } from '../../../setup/visitor.ts'

/**
 * Two people, each with an account here, a browser, and an account at each of three cities. Each types only the own password, in the own
 * browser, and agrees only with the own accounts. A page of a city, and a way back from it, may be opened in both browsers. One thing
 * stays in its browser: the way back from a walk that the other began, for the city sends only that browser on.
 */
let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

type Who = 0 | 1
const who = fc.constantFrom<Who>(0, 1)
const city = fc.constantFrom('fs' as const, 'gz' as const, 'zh' as const)
/** Which of the addresses of a kind is opened; the last ones are the likely ones. */
const which = fc.nat({ max: 3 })
/** The claims of a city about its person: `theirs` is the number, name and phone of the other person, typed at the city by the person. */
const says = fc.constantFrom('own' as const, 'low' as const, 'bare' as const, 'changed' as const, 'theirs' as const)

const action = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), by: who }),
  fc.record({ kind: fc.constant('start' as const), by: who, city }),
  fc.record({ kind: fc.constant('agree' as const), by: who, which, says }),
  fc.record({ kind: fc.constant('back' as const), by: who, which, posted: fc.boolean() }),
  fc.record({ kind: fc.constant('password' as const), by: who }),
  fc.record({ kind: fc.constant('answer' as const), by: who, decision: fc.constantFrom('link', 'later') }),
  fc.record({ kind: fc.constant('open' as const), by: who, of: who }),
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

const walk = (by: Who, at: 'fs' | 'gz' | 'zh', said: 'own' | 'low' | 'bare' | 'changed' | 'theirs'): Action[] => [
  { kind: 'begin', by },
  { kind: 'start', by, city: at },
  { kind: 'agree', by, which: 0, says: said },
  { kind: 'back', by, which: 0, posted: false },
]
const linkIt = (by: Who): Action[] => [
  { kind: 'password', by },
  { kind: 'answer', by, decision: 'link' },
]
const otherOf = (by: Who): Who => (by === 0 ? 1 : 0)
const likely = fc.tuple(who, city, says).chain(([by, at, said]) =>
  fc.constantFrom<Action[]>(
    walk(by, at, said),
    [...walk(by, at, said), ...linkIt(by)],
    [...walk(by, at, 'low'), ...linkIt(by), ...walk(by, at, 'low')],
    [...walk(by, at, said), { kind: 'open', by, of: by }],
    [...walk(by, at, 'own'), ...linkIt(by), ...walk(by, at, 'changed')],
    // the way back of one browser, in the other
    [...walk(by, at, said), { kind: 'back', by: otherOf(by), which: 0, posted: true }],
    // a page of the city that the other person began
    [
      { kind: 'begin', by },
      { kind: 'begin', by: otherOf(by) },
      { kind: 'start', by, city: at },
      { kind: 'agree', by: otherOf(by), which: 0, says: said },
      { kind: 'back', by: otherOf(by), which: 0, posted: false },
      { kind: 'back', by, which: 0, posted: false },
      ...linkIt(by),
    ],
  ),
)
const history = fc
  .array(fc.oneof({ weight: 3, arbitrary: action.map((one) => [one]) }, { weight: 3, arbitrary: likely }), {
    minLength: 4,
    maxLength: 10,
  })
  .map((parts) => parts.flat())

interface Side {
  person: Awaited<ReturnType<typeof openPerson>>
  citizen: Citizen
  login: UpstreamLogin
  /** Accounts that are this person's: the first one, and those that they opened. */
  own: Set<string>
}

async function world() {
  const side = async (): Promise<Side> => {
    const citizen = await all.citizen({ registered: true })
    const person = await all.person({ number: citizen.id_number ?? '' })
    return { person, citizen, login: await all.begin(), own: new Set([person.id]) }
  }
  const sides: Record<Who, Side> = { 0: await side(), 1: await side() }
  const logins = [sides[0].login, sides[1].login]
  const starts: { url: URL; by: Who; city: 'fs' | 'gz' | 'zh' }[] = []
  const backs: { url: URL; only: Who | undefined }[] = []
  const counted = { signedIn: 0, linked: 0, byNumber: 0, opened: 0, refused: 0 }

  /** The browser is at a page: a session in it must be of its person. */
  async function at(by: Who, page: Page, opens = false): Promise<void> {
    const { login, own } = sides[by]
    login.page = page
    if (!page.leads?.href.startsWith(all.portal.redirectUri)) return
    const state = page.leads.searchParams.get('state')
    const begun = logins.find(({ begun: one }) => one.url.searchParams.get('state') === state)
    if (!begun) throw new Error('a login that no browser began')
    const { sub = '', amr = [] } = decodeJwt((await begun.begun.finish(page)).id_token ?? '') as {
      sub?: string
      amr?: string[]
    }
    if (opens && !sides[0].own.has(sub) && !sides[1].own.has(sub)) own.add(sub)
    expect([...own]).toContain(sub)
    if (amr.includes('fed')) counted.signedIn += 1
    await again(by)
  }

  async function again(by: Who): Promise<void> {
    sides[by].login = await all.begin(all.portal, sides[by].login.visitor, { prompt: 'login' })
    logins.push(sides[by].login)
  }

  function said(by: Who, what: Extract<Action, { kind: 'agree' }>['says']): Citizen {
    const { citizen } = sides[by]
    const { person, citizen: other } = sides[otherOf(by)]
    const { id_number: _number, name: _name, ...bare } = citizen
    return {
      own: citizen,
      low: { ...citizen, acr: 'low' },
      bare,
      changed: { ...citizen, id_number: 'H12345678', id_type: 'hk_macao_permit' },
      theirs: { ...other, sub: citizen.sub, acr: 'low', phone_number: `+86${person.phone}` },
    }[what]
  }

  const acts: { [Kind in Action['kind']]: (one: Extract<Action, { kind: Kind }>) => Promise<void> } = {
    begin: ({ by }) => again(by),
    async start({ by, city: id }) {
      const { visitor, path } = sides[by].login
      const page = await visitor.get(`${path}?way=upstream&at=${id}`)
      if (!page.html.includes(`/upstream/${id}/start`)) return
      const { leads } = await visitor.submit(page, `/upstream/${id}/start`, {})
      if (leads) starts.push({ url: leads, by, city: id })
    },
    async agree({ by, which: n, says: what }) {
      const start = starts.toReversed()[n]
      if (!start) return
      backs.push({
        url: all[start.city].agree(start.url, said(by, what)),
        only: start.by === by ? undefined : by,
      })
    },
    async back({ by, which: n, posted }) {
      const url = backs.filter(({ only }) => only === undefined || only === by).toReversed()[n]?.url
      if (!url) return
      const { visitor } = sides[by].login
      const to = posted ? await asPosted(url) : url
      const page = await visitor.get(to)
      if (page.status === 403) counted.refused += 1
      await at(by, page)
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
      if (!page.html.includes('/upstream/answer')) return
      await at(by, await visitor.submit(page, '/upstream/answer', { decision }))
      if (decision === 'link') counted.linked += 1
    },
    // the page of a newcomer, of the own login or of the other's
    async open({ by, of }) {
      const { visitor } = sides[by].login
      const page = await visitor.get(`${sides[of].login.path}/upstream/new`)
      if (!page.html.includes('/upstream/new"')) return
      const fields = {
        consent: 'yes',
        name: '陈大文',
        document_type: 'resident_id',
        document_number: sides[by].person.number,
      }
      await at(by, await visitor.submit(page, '/upstream/new', fields), true)
      counted.opened += 1
    },
  }

  /** As a form of the city posts it: without the cookies of the browser. */
  async function asPosted(url: URL): Promise<URL> {
    const answer = await fetch(url.origin + url.pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: url.searchParams.toString(),
      redirect: 'manual',
    })
    return new URL(answer.headers.get('location') ?? '', url.origin)
  }

  return {
    act: (one: Action) => (acts[one.kind] as (given: Action) => Promise<void>)(one),
    /** A link leads to an account of its owner, and a session is of the browser's person. */
    async check() {
      for (const by of [0, 1] as const) {
        const { login, citizen, own } = sides[by]
        for (const id of ['fs', 'gz', 'zh'] as const) {
          const link = await all.linkOf(citizen, all[id])
          if (link) expect([...own]).toContain(link.personId)
          if (link?.way === 'number') {
            counted.byNumber += 1
            // the city that only asks never links by number
            expect(id).not.toBe('zh')
          }
        }
        const begun = await all.portal.begin()
        const page = await login.visitor.get(begun.url)
        if (page.leads) expect([...own]).toContain((await begun.finish(page)).claims()?.sub)
      }
    },
    counted,
  }
}

it('a browser is signed in as a person by a linked proof, or by case 2 or 3 alone', async () => {
  const total = { signedIn: 0, linked: 0, byNumber: 0, opened: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(history, async (actions) => {
      const { act, check, counted } = await world()
      for (const one of actions) await act(one)
      await check()
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counted[key]
    }),
    { numRuns: inLongRun(25, 300), endOnFailure: true },
  )
  // the model must reach what it is about
  for (const [what, many] of Object.entries(total)) expect(many, what).toBeGreaterThan(0)
}, 900_000)
