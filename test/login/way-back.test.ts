import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let first: TestPortal
let second: TestPortal
const uris = new Map<TestPortal, string>()

beforeAll(async () => {
  // time moves: the server is this file's own
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug' })
  services = await server.services()
  first = await portalAt('sz.example.gov.cn', '深圳市政务服务网')
  second = await portalAt('gz.example.gov.cn', '广州市政务服务网')
})

async function portalAt(host: string, name: string): Promise<TestPortal> {
  const uri = `https://${host}/callback`
  const portal = await registerPortal(services, { name, redirect_uris: [uri] })
  uris.set(portal, uri)
  return portal
}

const begin = async (portal: TestPortal, visitor = new Visitor(server.issuer)) => {
  const uri = uris.get(portal)
  const page = await visitor.get((await portal.begin(uri ? { redirect_uri: uri } : {})).url)
  return { visitor, page, path: page.url.pathname }
}
const late = () => server.forward(25 * 3_600_000)
/** Where the buttons of an expired page lead to, outside of us. */
const leadsTo = ({ html, status }: Page) => {
  expect(status).toBe(400)
  expect(html).toContain('这次登录已经过期')
  return [...html.matchAll(/<a class="button[^"]*" href="(https?:[^"]*)"[^>]*>([^<]*)/g)].map(([, ...found]) => found)
}
const toShenzhen = ['https://sz.example.gov.cn', '去深圳市政务服务网']

it('an expired sign-in leads back to the portal that began it, from a page and from a form', async () => {
  const { visitor, page, path } = await begin(first)
  await server.forward(3 * 3_600_000)
  expect(leadsTo(await visitor.get(path))).toEqual([toShenzhen])
  const typed = { identifier: 'somebody', password: 'a long password' }
  expect(leadsTo(await visitor.submit(page, '/password', typed))).toEqual([toShenzhen])
})

it('leads each of several sign-ins of one browser to its own portal', async () => {
  const one = await begin(first)
  const other = await begin(second, one.visitor)
  await server.forward(3 * 3_600_000)
  expect(leadsTo(await one.visitor.get(one.path))).toEqual([toShenzhen])
  expect(leadsTo(await one.visitor.get(other.path))).toEqual([['https://gz.example.gov.cn', '去广州市政务服务网']])
})

it('leads to no portal in another browser, and after a day', async () => {
  const { visitor, path } = await begin(first)
  // while it runs, and after
  expect(leadsTo(await new Visitor(server.issuer).get(path))).toEqual([])
  await late()
  visitor.cookies = visitor.cookies.filter(({ name }) => name !== 'yideng_began')
  expect(leadsTo(await visitor.get(path))).toEqual([])
})

it('leads to registered addresses alone, with any cookie', async () => {
  const { visitor, path } = await begin(first)
  await server.forward(3 * 3_600_000)
  const own = visitor.cookies.find(({ name }) => name === 'yideng_began') ?? expect.fail()
  const [tag = ''] = own.value.split('~')
  const named = (client: string, index: string) => `${tag}~${Buffer.from(client).toString('base64url')}~${index}`
  const strange = [
    named('https://evil.example', '0'),
    named(first.clientId, '7'),
    named(first.clientId, '-1'),
    named(first.clientId, 'https://evil.example'),
    `${tag}~~`,
    tag,
    '~'.repeat(300),
    'x'.repeat(3000),
  ]
  for (const value of strange) {
    own.value = value
    expect(leadsTo(await visitor.get(path))).toEqual([])
  }
  // another portal's own address
  own.value = named(second.clientId, '0')
  expect(leadsTo(await visitor.get(path))).toEqual([['https://gz.example.gov.cn', '去广州市政务服务网']])
})

it('leads to no portal that was suspended since', async () => {
  const portal = await portalAt('zh.example.gov.cn', '珠海市政务服务网')
  const { visitor, path } = await begin(portal)
  await services.clients.setStatus(portal.clientId, 'suspended', 'administrator:test')
  await server.forward(3 * 3_600_000)
  expect(leadsTo(await visitor.get(path))).toEqual([])
})
