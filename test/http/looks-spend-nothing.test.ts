import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { computerAndPhone, look } from '../setup/qr.ts'
import { handlerFields, openOrganisation } from '../setup/organisation.ts'
import { signedInPhone } from '../setup/qr.ts'
import { personWithCodes, recoverBy } from '../setup/recovery.ts'
import { routesOf } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { stopLink } from '../setup/stop.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
})

const looks: [by: string, method: string, headers: Record<string, string>][] = [
  ['HEAD', 'HEAD', {}],
  ['a robot that previews links', 'GET', { 'user-agent': 'Slackbot-LinkExpanding 1.0' }],
  ['the preview of a messenger', 'GET', { 'user-agent': 'TelegramBot (like TwitterBot)' }],
  ['a scanner of mail', 'GET', { 'user-agent': 'Mozilla/5.0 BingPreview/1.0b', accept: '*/*' }],
  ['a prefetch', 'GET', { 'sec-purpose': 'prefetch' }],
  ['a prerender', 'GET', { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-dest': 'document' }],
  ['an old prefetch', 'GET', { 'x-moz': 'prefetch', purpose: 'prefetch' }],
  ['a picture', 'GET', { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
  ['a script', 'GET', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors', accept: 'application/json' }],
  ['a range', 'GET', { range: 'bytes=0-0' }],
  ['OPTIONS', 'OPTIONS', {}],
  ['a reload', 'GET', { 'cache-control': 'no-cache', pragma: 'no-cache' }],
]

interface Looked {
  visitor: Visitor
  path: string
  /** Opens it as its person does. */
  open(): Promise<Page>
  works: RegExp
}

/** Every address that carries a one-time value or a secret, by its route. */
const addresses: Record<string, () => Promise<Looked>> = {
  '/recover/:token': async () => {
    const person = await openPerson(services)
    const made = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
    const visitor = new Visitor(server.issuer)
    const path = `/recover/${made?.token}`
    return { visitor, path, open: () => visitor.get(path), works: /name="password_again"/ }
  },
  '/recover/stop/:token': async () => {
    const person = await personWithCodes(services)
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    const visitor = new Visitor(server.issuer)
    const path = await stopLink(services, person.id)
    return { visitor, path, open: () => visitor.get(path), works: /action="\/recover\/stop"/ }
  },
  '/q/:frame': async () => {
    const { computer, phone } = await computerAndPhone(services)
    const { pathname: path } = new URL(await computer.start())
    return { visitor: phone, path, open: () => look(phone, path), works: /name="look"/ }
  },
  '/login/:attempt': async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await (await registerPortal(services)).begin()).url)
    const open = async () => signIn(visitor, await visitor.get(page.url), person.username)
    return { visitor, path: page.url.pathname, open, works: /value="allow"/ }
  },
  '/login/:attempt/register': async () => {
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await (await registerPortal(services)).begin()).url)
    const path = `${page.url.pathname}/register`
    return { visitor, path, open: () => visitor.get(path), works: /name="document_number"/ }
  },
  '/account/mandates/:id/offered': async () => {
    const organisation = await openOrganisation(services)
    const visitor = await signedInPhone(server.issuer, organisation.representative)
    const form = await visitor.get(`/account/organisations/${organisation.id}/invite`)
    const page = await visitor.submit(form, '/invite', handlerFields('13800138000'))
    return { visitor, path: page.url.pathname, open: () => visitor.get(page.url), works: /class="code-words"/ }
  },
  '/account/closing/asked/:id': async () => {
    const visitor = await signedInPhone(server.issuer, await openPerson(services))
    const page = await visitor.submit(await visitor.get('/account/closing'), '/account/closing', {
      confirm: '注销我的账户',
    })
    return { visitor, path: page.url.pathname, open: () => visitor.get(page.url), works: /<p class="lead">/ }
  },
}

/**
 * Addresses with a name that decides nothing: an id of the person's own page, or a question before a loss. After a sign-out at an
 * upstream, an address that was looked at before leads to the last page.
 */
const plain =
  /^\/(?:account\/(?:history|receipts|organisations|signatures|passkey|merging\/join)\/:|account\/\w+\/:id\/(?:off|not-me|end|forget|withdraw|decline|remove)$|q\/scan\/:id|upstream\/:id\/signed-out$|login\/:attempt\/(?:registered|register\/code|qr|face|otp))/

describe.each(Object.entries(addresses))('%s', (_route, make) => {
  it.each(looks)('a look by %s spends nothing', async (_by, method, headers) => {
    const { visitor, path, open, works } = await make()
    const stranger = new Visitor(server.issuer)
    for (const _time of [1, 2]) {
      for (const one of [stranger, visitor]) {
        expect((await one.only(method, path, undefined, headers)).status).toBeLessThan(500)
      }
    }
    expect((await open()).html).toMatch(works)
  })
})

it('every address with a parameter is tried, or names a page only', () => {
  const gets = routesOf(server).pages.filter(({ method, path }) => method === 'GET' && path.includes(':'))
  expect(gets.length).toBeGreaterThan(10)
  expect(gets.map(({ path }) => path).filter((path) => !(path in addresses) && !plain.test(path))).toEqual([])
})
