import { generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, until, usualServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { oddHints } from './odd-hints.ts'

let server: RunningServer
let services: Services
let foreignKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
  foreignKey = (await generateKeyPair('ES256')).privateKey
})

const home = 'https://portal.example.gov.cn/bye'
const by = 'administrator:test'

interface SignedIn {
  visitor: Visitor
  portal: TestPortal
  hint: string
}

async function signedIn(): Promise<SignedIn> {
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  const portal = await registerPortal(services, { consent: 'implicit', post_logout_redirect_uris: [home] })
  const begun = await portal.begin()
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
  return { visitor, portal, hint: tokens.id_token ?? '' }
}

async function isSignedIn({ visitor, portal }: SignedIn): Promise<boolean> {
  const { url } = await portal.begin({ prompt: 'none' })
  return (await visitor.get(url)).leads?.searchParams.has('code') === true
}

type Fields = (who: SignedIn) => [string, string][] | Promise<[string, string][]>

/** The flaw, its words on the page in Chinese, and the parameters. */
interface Flaw {
  name: string
  says: RegExp
  fields: Fields
  /** What happens to the portal before. */
  before?: (id: string) => Promise<unknown>
}

const suspend = async (id: string) => services.clients.setStatus(id, 'suspended', by)
const back: [string, string] = ['post_logout_redirect_uri', home]
const forged = (issuer: string, audience: string) =>
  new SignJWT({ sub: 'x' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .sign(foreignKey)

const flaws: Flaw[] = [
  { name: 'an unknown portal', says: /没有在一登登记/, fields: () => [['client_id', 'nobody'], back] },
  { name: 'an empty client_id', says: /没有在一登登记/, fields: () => [['client_id', ''], back] },
  {
    name: 'a suspended portal by its id',
    says: /目前暂停使用/,
    before: suspend,
    fields: ({ portal }) => [['client_id', portal.clientId], back],
  },
  {
    name: 'a suspended portal by its hint',
    says: /目前暂停使用/,
    before: suspend,
    fields: ({ hint }) => [['id_token_hint', hint], back],
  },
  {
    name: 'a deleted portal',
    says: /没有在一登登记|核对不了/,
    before: (id) => services.clients.delete(id, by),
    fields: ({ hint, portal }) => [['id_token_hint', hint], ['client_id', portal.clientId], back],
  },
  {
    name: 'an address with a slash more',
    says: /返回地址没有登记/,
    fields: ({ hint }) => [
      ['id_token_hint', hint],
      ['post_logout_redirect_uri', `${home}/`],
    ],
  },
  {
    name: 'an address that is none',
    says: /返回地址没有登记/,
    fields: ({ portal }) => [
      ['client_id', portal.clientId],
      ['post_logout_redirect_uri', 'javascript:alert(1)'],
    ],
  },
  {
    name: 'a hint of a foreign issuer',
    says: /核对不了/,
    fields: async ({ portal }) => [['id_token_hint', await forged('https://op.example', portal.clientId)], back],
  },
  {
    name: 'a hint in our name with a foreign key',
    says: /核对不了/,
    fields: async ({ portal }) => [['id_token_hint', await forged(server.issuer, portal.clientId)], back],
  },
  {
    name: 'a hint for another portal than client_id',
    says: /核对不了/,
    fields: ({ hint }) => [['id_token_hint', hint], ['client_id', 'another'], back],
  },
  ...oddHints.map(([name, make]): Flaw => ({
    name: `a hint ${name}`,
    says: /核对不了/,
    fields: async ({ hint, portal }) => [['id_token_hint', await make(hint)], ['client_id', portal.clientId], back],
  })),
  ...['HTTPS://PORTAL.EXAMPLE.GOV.CN/BYE', `${home}#x`, `${home}?x=1`, `${home}\r\nx: y`, ` ${home}`, '/bye', ''].map(
    (address): Flaw => ({
      name: `the address ${JSON.stringify(address)}`,
      says: /返回地址没有登记/,
      fields: ({ portal }) => [
        ['client_id', portal.clientId],
        ['post_logout_redirect_uri', address],
      ],
    }),
  ),
  ...['https://x@portal.example.gov.cn/bye', 'https://portal.example.gov.cn:443/bye'].map((address): Flaw => ({
    name: `the same address in another spelling, ${address}`,
    says: /返回地址没有登记/,
    fields: ({ hint }) => [
      ['id_token_hint', hint],
      ['post_logout_redirect_uri', address],
    ],
  })),
  ...['\0', '门户', '__proto__', '\ud800', 'x'.repeat(6000)].map((id): Flaw => ({
    name: `client_id ${JSON.stringify(id.slice(0, 10))}`,
    says: /没有在一登登记/,
    fields: () => [['client_id', id], back],
  })),
  {
    name: 'the state twice',
    says: /看不懂/,
    fields: ({ portal }) => [['client_id', portal.clientId], back, ['state', 'a'], ['state', 'b']],
  },
  {
    name: 'client_id twice',
    says: /看不懂/,
    fields: ({ portal }) => [['client_id', portal.clientId], ['client_id', portal.clientId], back],
  },
  {
    name: 'the address twice',
    says: /看不懂/,
    fields: ({ portal }) => [['client_id', portal.clientId], back, back],
  },
  {
    name: 'the hint twice',
    says: /看不懂/,
    fields: ({ hint }) => [['id_token_hint', hint], ['id_token_hint', hint], back],
  },
]

function ask({ visitor }: SignedIn, method: string, fields: [string, string][]): Promise<Page> {
  const query = new URLSearchParams(fields)
  // as a browser sends the form of another site: without cookies of SameSite=Lax
  return method === 'GET' ? visitor.get(`/logout?${query.toString()}`) : crossSite(visitor, '/logout', query)
}

async function crossSite(visitor: Visitor, path: string, fields: URLSearchParams): Promise<Page> {
  const answer = await fetch(new URL(path, server.issuer), {
    method: 'POST',
    body: fields,
    redirect: 'manual',
    headers: { origin: 'https://portal.example.gov.cn', accept: 'text/html' },
  })
  expect(answer.status).toBe(303)
  expect(answer.headers.getSetCookie()).toEqual([])
  return visitor.get(new URL(answer.headers.get('location') ?? '', server.issuer))
}

describe.each(['GET', 'POST'])('a flawed sign-out by %s offers to sign out, and leads nowhere else:', (method) => {
  it.each(flaws)('$name', async ({ says, fields, before }) => {
    const who = await signedIn()
    const asked = await fields(who)
    await before?.(who.portal.clientId)
    if (before) await until(async () => (await ask(who, method, asked)).html.match(says) !== null)
    const page = await ask(who, method, asked)
    expect(page.status).toBe(200)
    expect(page.html).toMatch(says)
    expect(page.html).not.toContain('不要在那里填写密码')
    expect(page.url.href).not.toContain(method === 'POST' ? who.hint : 'nothing')
    expect(page.headers.get('content-security-policy')).not.toContain('portal.example')
    const out = await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(out.leads).toBeUndefined()
    expect(out.html).toContain('已经退出')
    expect((await who.visitor.get('/account')).url.pathname).toMatch(/^\/login\//)
  })
})

describe('a right sign-out', () => {
  it.each(['GET', 'POST'])(
    'by %s asks, and returns with the state; no address has a hint after a POST',
    async (method) => {
      const who = await signedIn()
      const known: [string, string] = ['logout_hint', '13800010009']
      const page = await ask(who, method, [
        ['id_token_hint', who.hint],
        back,
        ['state', 'a b&c'],
        ['foo', 'bar'],
        known,
      ])
      expect(page.status).toBe(200)
      expect(page.html).not.toContain(who.hint)
      if (method === 'POST') expect(page.url.href).not.toContain(who.hint.split('.')[1])
      if (method === 'POST') expect(page.url.href).not.toContain(known[1])
      const out = await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })
      expect(out.leads?.href).toBe(`${home}?state=a+b%26c`)
      expect(await isSignedIn(who)).toBe(false)
    },
  )

  it.each([
    ['an empty hint', 'id_token_hint', ''],
    ['a parameter that nobody knows, twice', 'foo', 'a'],
    ['a logout_hint of another person', 'logout_hint', '<b>somebody</b>'],
  ])('with %s returns to the portal', async (_what, name, value) => {
    const who = await signedIn()
    const fields: [string, string][] = [['client_id', who.portal.clientId], back, [name, value]]
    if (name === 'foo') fields.push([name, 'b'])
    const page = await ask(who, 'GET', fields)
    expect(page.html).not.toContain('<b>somebody')
    const out = await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(out.leads?.href).toBe(home)
  })

  it('without a session returns to the portal too', async () => {
    const { portal, hint } = await signedIn()
    const visitor = new Visitor(server.issuer)
    const page = await ask({ visitor, portal, hint }, 'GET', [['id_token_hint', hint], back, ['state', 's']])
    expect((await visitor.submit(page, '/logout/confirm', { logout: 'yes' })).leads?.href).toBe(`${home}?state=s`)
  })

  it('takes a hint of an algorithm that the portal had before, and so does prompt=none', async () => {
    const who = await signedIn()
    const { id_token_alg: before } = (await services.clients.find(who.portal.clientId)) ?? {}
    await services.clients.update(who.portal.clientId, { id_token_alg: before === 'RS256' ? 'ES256' : 'RS256' }, by)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const silent = await who.portal.begin({ prompt: 'none', id_token_hint: who.hint })
    expect((await who.visitor.get(silent.url)).leads?.searchParams.get('error')).toBeNull()
    const page = await ask(who, 'GET', [['id_token_hint', who.hint], back])
    expect((await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })).leads?.href).toBe(home)
  })

  it.each([
    ['more than fits an address', 'application/x-www-form-urlencoded', `state=${'x'.repeat(17_000)}`],
    ['JSON', 'application/json', '{}'],
    ['no UTF-8', 'application/x-www-form-urlencoded', new Uint8Array([0x73, 0x3d, 0xff])],
    ['nothing', 'application/x-www-form-urlencoded', ''],
  ])('is offered after a POST of %s', async (_name, type, body) => {
    const answer = await fetch(new URL('/logout', server.issuer), {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': type },
      body,
    })
    expect(answer.status).toBe(303)
    const who = await signedIn()
    const page = await who.visitor.get(answer.headers.get('location') ?? '')
    await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(await isSignedIn(who)).toBe(false)
  })

  it('sent twice ends on the page that the first led to, and a forged one does not', async () => {
    const who = await signedIn()
    const page = await who.visitor.get('/logout')
    await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect((await who.visitor.submit(page, '/logout/confirm', { logout: 'yes' })).html).toContain('已经退出')
    const forgedForm = await new Visitor(server.issuer).post(
      '/logout/confirm',
      { logout: 'yes', xsrf: 'a'.repeat(48) },
      { origin: 'https://x.example' },
    )
    expect(forgedForm.status).toBe(400)
    expect(forgedForm.html).toContain('href="/logout"')
    expect(forgedForm.html).not.toContain('已经退出')
  })
})

it('a suspended portal is named at /authorize, without a warning', async () => {
  const { portal, visitor } = await signedIn()
  await suspend(portal.clientId)
  const { url } = await portal.begin()
  await until(async () => (await visitor.get(url)).status === 400)
  const page = await visitor.get(url)
  expect(page.html).toMatch(/这个门户暂停使用[\s\S]*测试门户/)
  expect(page.html).not.toContain('不要在那里填写密码')
})
