import { get } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { startCity, type City } from '../../../setup/city.ts'
import { openPerson, typePassword } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { startServer, until, type RunningServer } from '../../../setup/server.ts'
import { upstreamsFile } from '../../../setup/upstream-login.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let [foshan, shenzhen] = [] as unknown as [City, City]
let [server, services] = [] as unknown as [RunningServer, Services]
const portals = new Map<string, TestPortal>()

const further = ['440100 广州', '440200 韶关', '440400 珠海', '440500 汕头', '440700 江门', '440800 湛江']

beforeAll(async () => {
  ;[foshan, shenzhen] = await Promise.all([startCity('foshan'), startCity('shenzhen')])
  const rows = [
    foshan.row({ name: '佛山市', region: '440600' }),
    shenzhen.row({ name: '深圳市', region: '440300' }),
    foshan.row({ id: 'tax', name: '电子税务局', region: '440000' }),
    ...further.map((one) => {
      const [region = '', name = ''] = one.split(' ')
      return foshan.row({ id: `c${region}`, name: `${name}市`, region })
    }),
  ]
  server = await startServer({ YIDENG_UPSTREAMS: upstreamsFile(rows, foshan.secret), YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  for (const region of ['440000', '440300', '440605'])
    portals.set(region, await registerPortal(services, { region, consent: 'implicit' }))
  portals.set('own', await registerPortal(services, { region: '440000', upstream: 'foshan', consent: 'implicit' }))
})

const begin = async (at: string, asked: Record<string, string> = {}, visitor = new Visitor(server.issuer)) => {
  const begun = await (portals.get(at) as TestPortal).begin(asked)
  return { visitor, begun, page: await visitor.get(begun.url) }
}

/** The upstreams that a page has a button for. */
const buttons = ({ html }: Page) => [...html.matchAll(/action="[^"]*\/upstream\/([\w-]+)\/start"/g)].map(([, id]) => id)
/** Those that its list leads to. */
const listed = ({ html }: Page) => [...html.matchAll(/way=upstream&amp;at=([\w-]+)"/g)].map(([, id]) => id)
const isFirst = (page: Page) => buttons(page).length === 1 && !page.html.includes('name="identifier"')

const listPage = (visitor: Visitor, page: Page, more = '') => visitor.get(`${page.url.pathname}?way=upstream${more}`)

describe('the sign-in page', () => {
  it.each([
    ['a city', '440300', ['shenzhen']],
    ['a county of a city', '440605', ['foshan']],
    ['the province', '440000', []],
  ])('has the upstream of its portal: %s', async (_what, region, ids) => {
    const { page } = await begin(region)
    expect(buttons(page)).toEqual(ids)
    expect(page.html).toContain('name="identifier"')
    expect(page.html).toContain('way=upstream"')
  })

  it('leads a form only where the page may lead', async () => {
    const { page } = await begin('440300')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(new RegExp(`form-action 'self'[^;]* ${shenzhen.issuer}`))
    expect(policy).not.toContain(foshan.issuer)
  })

  it('is the same for each name that is typed, with an account or without', async () => {
    const person = await openPerson(services)
    const seen: (string | undefined)[][] = []
    for (const who of [person.username, 'nobody-has-this-name']) {
      const { visitor, page } = await begin('440300')
      const refused = await typePassword(visitor, page, who, 'wrong password')
      seen.push(buttons(refused), listed(await listPage(visitor, page)))
    }
    expect(seen.slice(2)).toEqual(seen.slice(0, 2))
  })

  it('has the upstream first that this browser used last', async () => {
    const { visitor, page, begun } = await begin('440300')
    const one = await listPage(visitor, page, '&at=foshan')
    const { leads } = await visitor.submit(one, '/upstream/foshan/start', {})
    const citizen = { sub: 'first-1', name: '陈大文', acr: 'low' }
    await visitor.get(foshan.agree(leads as URL, citizen))
    // case 2 of the rules: the person signs in by a way that they have, and links
    const person = await openPerson(services)
    const asked = await typePassword(visitor, await visitor.get(`${page.url.pathname}?way=password`), person.username)
    await begun.finish(await visitor.submit(asked, '/upstream/answer', { decision: 'link' }))
    expect(buttons((await begin('440300', { prompt: 'login' }, visitor)).page)).toEqual(['shenzhen'])

    const again = await begin('440300', { prompt: 'login' }, visitor)
    const back = await visitor.submit(await listPage(visitor, again.page, '&at=foshan'), '/upstream/foshan/start', {})
    await again.begun.finish(await visitor.get(foshan.agree(back.leads as URL, citizen)))
    const { page: third } = await begin('440300', { prompt: 'login' }, visitor)
    expect([isFirst(third), buttons(third)]).toEqual([true, ['foshan']])
  })
})

describe('the list', () => {
  it('has each upstream once, by region', async () => {
    const { visitor, page } = await begin('440300')
    const list = await listPage(visitor, page)
    expect(buttons(list)).toEqual(['shenzhen'])
    expect(listed(list)).toEqual(['tax', 'c440100', 'c440200', 'c440400', 'c440500', 'foshan', 'c440700', 'c440800'])
    expect(list.html.indexOf('省级部门')).toBeLessThan(list.html.indexOf('其他城市'))
  })

  it.each(['atlantis', '__proto__', '', 'https://evil.example'])('takes no other id than its own: %s', async (at) => {
    const { visitor, page } = await begin('440000')
    const list = await listPage(visitor, page, `&at=${encodeURIComponent(at)}`)
    expect([list.status, buttons(list), listed(list).length]).toEqual([200, [], 9])
    expect(list.html).not.toContain('evil.example')
  })

  it('weighs at most 17,000 bytes on a phone with what it loads', async () => {
    const { visitor, page } = await begin('440000')
    const { html } = await listPage(visitor, page)
    const paths = [...new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path))]
    expect(paths.length).toBeGreaterThan(1)
    const weights = await Promise.all(
      [page.url.pathname + '?way=upstream', ...paths].map(async (path) => {
        const { body } = await rawAnswer(path, visitor)
        return body
      }),
    )
    expect(weights.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(17_000)
  })
})

/** Bytes of an answer as a browser gets it, compressed. */
function rawAnswer(path: string, visitor: Visitor): Promise<{ body: number }> {
  const cookie = visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  return new Promise((resolve, reject) => {
    get(new URL(path, server.issuer), { headers: { cookie, accept: '*/*', 'accept-encoding': 'gzip' } }, (answer) => {
      let body = 0
      answer.on('data', (chunk: Buffer) => (body += chunk.length))
      answer.on('end', () => resolve({ body }))
    }).on('error', reject)
  })
}

describe('idp_hint', () => {
  it('has the named upstream first, and the other ways below', async () => {
    const { page, visitor } = await begin('440300', { idp_hint: 'foshan' })
    expect([isFirst(page), buttons(page)]).toEqual([true, ['foshan']])
    expect(page.html).toContain('way=password')
    const { leads } = await visitor.submit(page, '/upstream/foshan/start', {})
    expect(leads?.origin).toBe(foshan.issuer)
  })

  it('counts in a pushed request too', async () => {
    const portal = await registerPortal(services, { type: 'spa', region: '440300', consent: 'implicit' })
    const { url } = await portal.begin({ idp_hint: 'foshan' })
    const answer = await fetch(`${server.issuer}/par`, { method: 'POST', body: url.searchParams })
    const { request_uri } = (await answer.json()) as { request_uri: string }
    const pushed = new URL('/authorize', server.issuer)
    pushed.search = new URLSearchParams({ client_id: portal.clientId, request_uri }).toString()
    expect(isFirst(await new Visitor(server.issuer).get(pushed))).toBe(true)
  })

  it('of an upstream that the portal does not have is no hint', async () => {
    const { page } = await begin('440300', { idp_hint: 'atlantis' })
    expect(buttons(page)).toEqual(['shenzhen'])
    expect(page.html).toContain('name="identifier"')
  })

  it('is first in 关怀版 too', async () => {
    const visitor = new Visitor(server.issuer)
    await visitor.get('/elder?on=1&back=%2F')
    const { page } = await begin('440300', { idp_hint: 'foshan' }, visitor)
    expect(page.html.match(/\?way=(\w+)"/)?.[1]).toBe('upstream')
  })
})

describe('a portal with an upstream of its own', () => {
  it('has it first', async () => {
    const { page } = await begin('own')
    expect([isFirst(page), buttons(page)]).toEqual([true, ['foshan']])
  })

  it('sends the browser there at once where it names it, and only once in a login', async () => {
    const { visitor, page } = await begin('own', { idp_hint: 'foshan' })
    expect(page.leads?.origin).toBe(foshan.issuer)
    const back = await visitor.get(page.url)
    expect([back.status, back.leads, buttons(back)]).toEqual([200, undefined, ['foshan']])
  })

  it.each([
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch' }],
    ['GET', { 'sec-fetch-dest': 'iframe' }],
    ['GET', { 'sec-fetch-dest': 'empty' }],
  ])('and a mere look does not spend that: %s %o', async (method, headers) => {
    const begun = await (portals.get('own') as TestPortal).begin({ idp_hint: 'foshan' })
    const visitor = new Visitor(server.issuer)
    visitor.follows = false
    const at = new URL((await visitor.get(begun.url)).headers.get('location') ?? '', server.issuer)
    const looked = await visitor.only(method, at, undefined, headers)
    expect(looked.leads).toBeUndefined()
    expect((await visitor.only('GET', at)).leads?.origin).toBe(foshan.issuer)
  })

  it('and once for eight looks at the same time', async () => {
    const begun = await (portals.get('own') as TestPortal).begin({ idp_hint: 'foshan' })
    const visitor = new Visitor(server.issuer)
    visitor.follows = false
    const first = await visitor.get(begun.url)
    const at = new URL(first.headers.get('location') ?? '', server.issuer)
    const looks = await Promise.all(Array.from({ length: 8 }, () => visitor.only('GET', at)))
    expect(looks.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(looks.filter(({ status }) => status === 200)).toHaveLength(7)
  })

  it.each([
    ['another upstream', { idp_hint: 'shenzhen' }, 'shenzhen'],
    ['no upstream', { idp_hint: 'https://evil.example' }, 'foshan'],
  ])('shows a page where the request names %s', async (_what, asked, first) => {
    const { page } = await begin('own', asked)
    expect([page.leads, buttons(page)]).toEqual([undefined, [first]])
  })

  it('asks a person who is signed in here, not there', async () => {
    const person = await openPerson(services)
    const { visitor, page, begun } = await begin('440300')
    await begun.finish(await typePassword(visitor, page, person.username))
    const { page: again } = await begin('own', { idp_hint: 'foshan', prompt: 'login' }, visitor)
    expect([again.leads, again.status]).toEqual([undefined, 200])
  })
})

describe('an upstream that does not answer', () => {
  it('is named, leaves the other ways, and is as usual when it answers again', { timeout: 60_000 }, async () => {
    const visitor = new Visitor(server.issuer)
    const look = async () => (await begin('440300', {}, visitor)).page
    expect((await look()).html).not.toContain('连不上')
    shenzhen.down(true)
    await server.forward(60_000)
    await until(async () => (await look()).html.includes('深圳市的系统现在连不上'))
    const page = await look()
    expect([buttons(page), page.html.includes('name="identifier"')]).toEqual([['shenzhen'], true])
    const hinted = (await begin('440605', { idp_hint: 'shenzhen' })).page
    expect(hinted.html, 'not first, while it is down').toContain('name="identifier"')
    const list = await listPage(visitor, (await begin('440605', {}, visitor)).page)
    expect(list.html.match(/现在连不上/g)).toHaveLength(1)
    shenzhen.down(false)
    await server.forward(75_000)
    await until(async () => !(await look()).html.includes('连不上'))
  })
})
