import fc from 'fast-check'
import type { JSONWebKeySet } from 'jose'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inLongRun } from '../../../setup/long-run.ts'
import { registerPortal, type AuthorizationRequest, type TestPortal } from '../../../setup/portal.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { alterations, endpointOf, names, sentSubject, values } from '../../../setup/upstreams/alterations.ts'
import type { Ours } from '../../../setup/upstreams/adapter.ts'
import { transportFaults } from '../../../setup/upstreams/fake-server.ts'
import {
  anna,
  bert,
  everyOldKind,
  oldKinds,
  startOldSystems,
  type OldKind,
  type OldSystems,
} from '../../../setup/upstreams/kinds.ts'
import { upstreamsFile } from '../../../setup/upstreams/open.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let portal: TestPortal
let old: OldSystems
/** The account of Anna at each system. */
const subs = new Map<OldKind, string>()
const ours: Ours = {
  issuer: '',
  keySet: async () => (await (await fetch(`${ours.issuer}/jwks`)).json()) as JSONWebKeySet,
}

beforeAll(async () => {
  old = await startOldSystems(ours)
  server = await startServer({
    YIDENG_UPSTREAMS: upstreamsFile(Object.values(old.rows), old.keys),
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
  })
  ours.issuer = server.issuer
  portal = await registerPortal(await server.services(), { consent: 'implicit', subject_type: 'public' })
  old.visitedBy(anna)
  for (const kind of everyOldKind) subs.set(kind, await open(kind))
})
beforeEach(() => {
  old.well()
  old.visitedBy(anna)
})

interface Walk {
  visitor: Visitor
  begun: AuthorizationRequest
  /** The callback, as the system sends the browser there. */
  back: string
}

async function walk(kind: OldKind, visitor = new Visitor(server.issuer)): Promise<Walk> {
  const { id } = old.rows[kind]
  const begun = await portal.begin({ idp_hint: id })
  const { leads } = await visitor.submit(await visitor.get(begun.url), `/upstream/${id}/start`, {})
  const answer = await fetch(leads ?? 'none:', { redirect: 'manual' })
  return { visitor, begun, back: answer.headers.get('location') ?? '' }
}

async function open(kind: OldKind): Promise<string> {
  const { visitor, begun, back } = await walk(kind)
  const page = await visitor.get(back)
  const opened = await visitor.submit(page, '/upstream/new', { consent: 'yes', decision: 'open' })
  return (await begun.finish(opened)).claims()?.sub ?? ''
}

const links = async () => {
  const { database } = await server.services()
  return database
    .selectFrom('upstream_links')
    .select(['upstream', 'subject_index', 'person_id'])
    .orderBy('subject_index')
    .execute()
}

/** A page for people, with a way on: the look of each failure. */
function expectPlain(page: Page) {
  expect([200, 400, 403, 502, 503]).toContain(page.status)
  expect(page.html).toMatch(/<h1[ >]/)
  expect(page.html).toMatch(/<(a|form)\b[^>]*(href|action)="\/login\//)
  expect(page.html).not.toMatch(/node:|\.ts:\d|undefined|\[object/)
}

describe.each(everyOldKind)('a system of the kind %s', (kind) => {
  it('signs its person in to their account', async () => {
    const { visitor, begun, back } = await walk(kind)
    expect((await begun.finish(await visitor.get(back))).claims()?.sub).toBe(subs.get(kind))
  })

  it('does not sign in whose subject differs by case, and links nothing', async () => {
    old.visitedBy(bert)
    const before = await links()
    const { visitor, back } = await walk(kind)
    const page = await visitor.get(back)
    expect(page.url.pathname).toMatch(/\/upstream\/new$/)
    expect(await links()).toEqual(before)
  })

  it('brings a browser back once, and no other browser', async () => {
    const { visitor, back } = await walk(kind)
    expectRefused(await new Visitor(server.issuer).get(back))
    expect((await visitor.get(back)).leads?.origin).toBe(new URL(portal.redirectUri).origin)
    expectRefused(await visitor.get(back))
  })

  it('does not answer for another system', async () => {
    const other = everyOldKind.find((one) => one !== kind)
    const { visitor, back } = await walk(kind)
    expectRefused(await visitor.get(back.replace(`/upstream/${old.rows[kind].id}/`, `/upstream/${other}/`)))
  })

  it('gives no state of one walk to another', async () => {
    const visitor = new Visitor(server.issuer)
    const mine = await walk(kind, visitor)
    old.visitedBy(bert)
    const thief = await walk(kind)
    expectRefused(await visitor.get(swapped(mine.back, thief.back)))
  })
})

it('an adapter may post its message from its own page', async () => {
  const { visitor, begun, back } = await walk('adapter')
  const { searchParams, pathname } = new URL(back)
  const foreign = { origin: old.adapter.url, 'sec-fetch-site': 'cross-site' }
  const posted = await new Visitor(server.issuer).only('POST', pathname, Object.fromEntries(searchParams), foreign)
  expect(posted.status).toBe(303)
  expect((await begun.finish(await visitor.get(posted.leads ?? ''))).claims()?.sub).toBe(subs.get('adapter'))
})

const expectRefused = (page: Page) => {
  expect(page.status).toBeGreaterThanOrEqual(400)
  expect(page.status).toBeLessThan(500)
  expect(page.leads).toBeUndefined()
}

/** The code of the thief with the state of the victim, where the address has it. */
function swapped(mine: string, thief: string): string {
  const [own, other] = [new URL(mine), new URL(thief)]
  const state = own.searchParams.get('state')
  other.pathname = own.pathname
  if (state !== null) other.searchParams.set('state', state)
  return other.href
}

const numRuns = inLongRun(12, 300)

describe.each(Object.keys(endpointOf) as (keyof typeof endpointOf)[])('over HTTP, an altered answer of %s', (kind) => {
  it('signs in the person of its subject, or gives a plain page; nothing is linked', async () => {
    const before = await links()
    await fc.assert(
      fc.asyncProperty(alterations, async (alter) => {
        let sent = ''
        old.systems[kind].alter(endpointOf[kind], (text) => (sent = alter(text)))
        const { visitor, begun, back } = await walk(kind)
        const page = await visitor.get(back)
        if (!page.leads) return expectPlain(page)
        expect(sentSubject[kind](sent)).toBe(anna.subject)
        expect((await begun.finish(page)).claims()?.sub).toBe(subs.get(kind))
      }),
      { numRuns },
    )
    expect(await links()).toEqual(before)
  })
})

it('over HTTP, an altered message of an adapter signs in its subject, or gives a plain page; nothing is linked', async () => {
  const before = await links()
  await fc.assert(
    fc.asyncProperty(names, values, async (name, value) => {
      let signed: Record<string, unknown> = {}
      old.adapter.alterPayload((payload) => (signed = { ...payload, [name]: value }))
      const { visitor, begun, back } = await walk('adapter')
      const page = await visitor.get(back)
      if (!page.leads) return expectPlain(page)
      expect(signed['sub']).toBe(anna.subject)
      expect((await begun.finish(page)).claims()?.sub).toBe(subs.get('adapter'))
    }),
    { numRuns },
  )
  expect(await links()).toEqual(before)
})

const endpoints = everyOldKind.flatMap((kind) => oldKinds[kind].map((endpoint): [OldKind, string] => [kind, endpoint]))
const quick = transportFaults.filter((fault) => fault !== 'slow')

it.each(endpoints.flatMap(([kind, endpoint]) => quick.map((fault) => [kind, endpoint, fault] as const)))(
  'over HTTP, %s with a fault of %s (%s) gives a plain page',
  async (kind, endpoint, fault) => {
    const { visitor, back } = await walk(kind)
    old.systems[kind].fail(endpoint, fault)
    expectPlain(await visitor.get(back))
  },
)
