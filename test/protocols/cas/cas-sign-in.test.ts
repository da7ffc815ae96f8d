import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { casPortal, type CasPortal } from '../../setup/cas-portal.ts'
import { allow, openPerson, signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor, type Page } from '../../setup/visitor.ts'

let services: Services
beforeAll(async () => {
  services = await (await usualServer()).services()
})

const visitor = () => new Visitor(services.settings.issuer)

/** A person who has signed in at a portal, and the first ticket. */
async function signedIn(portal: CasPortal, service = portal.service) {
  const person = await openPerson(services, { name: '张三' })
  const browser = visitor()
  const page = await signIn(browser, await browser.get(portal.login({ service })), person.username)
  return { browser, person, page, ticket: ticketIn(page) }
}

const ticketIn = (page: Page): string => page.leads?.searchParams.get('ticket') ?? ''

/** The next ticket of the same session. */
const nextTicket = async (browser: Visitor, portal: CasPortal, given: Record<string, string> = {}) =>
  ticketIn(await browser.get(portal.login(given)))

describe('a sign-in by CAS', () => {
  it('is the ordinary one, and ends with a ticket after the query of the service', async () => {
    const portal = await casPortal(services)
    const service = `${portal.service}?a=1&b=%E4%B8%AD&c={x|y}`
    const { page, ticket } = await signedIn(portal, service)
    expect(page.leads?.href).toBe(`${service}&ticket=${ticket}`)
    expect(ticket).toMatch(/^ST-[A-Za-z0-9-]{27,253}$/)
    expect(page.headers.get('cache-control')).toBe('no-store')
  })

  it('gives the attributes of the registered scopes, and no other', async () => {
    const portal = await casPortal(services, { scope: 'openid profile' })
    const { ticket } = await signedIn(portal)
    const xml = await portal.ask('p3/serviceValidate', { ticket })
    expect(xml).toMatch(/^<cas:serviceResponse xmlns:cas="http:\/\/www.yale.edu\/tp\/cas"><cas:authenticationSuccess>/)
    expect(xml).toContain('<cas:name>张三</cas:name>')
    expect(xml).toContain('<cas:acr>urn:yideng:loa:3</cas:acr>')
    expect(xml).toContain('<cas:isFromNewLogin>true</cas:isFromNewLogin>')
    expect(xml).toMatch(/<cas:authenticationDate>\d{4}-\d\d-\d\dT[\d:.]+Z</)
    expect(xml).not.toMatch(/phone|id_number|id_type/)
  })

  it('names one person alike each time, and another way at each portal', async () => {
    const [one, other] = [await casPortal(services), await casPortal(services, { host: '127.0.0.1' })]
    const { browser, person, ticket } = await signedIn(one)
    const users = [
      await one.user(ticket),
      await one.user(await nextTicket(browser, one)),
      await other.user(await nextTicket(browser, other)),
    ]
    expect(users[0]).toMatch(/^[\w-]{43}$/)
    expect(users[1]).toBe(users[0])
    expect(users[2]).not.toBe(users[0])
    expect(users).not.toContain(person.id)
  })

  it('answers by XML, by JSON, and by the text of CAS 1.0', async () => {
    const portal = await casPortal(services)
    const { browser, ticket } = await signedIn(portal)
    const user = await portal.user(ticket)
    const plain = await portal.ask('serviceValidate', { ticket: await nextTicket(browser, portal) })
    expect(plain).toBe(
      `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>${user}</cas:user></cas:authenticationSuccess></cas:serviceResponse>`,
    )
    const json = await portal.ask('p3/serviceValidate', { ticket: await nextTicket(browser, portal), format: 'JSON' })
    expect(JSON.parse(json)).toMatchObject({
      serviceResponse: { authenticationSuccess: { user, attributes: { name: '张三' } } },
    })
    expect(await portal.ask('validate', { ticket: await nextTicket(browser, portal) })).toBe(`yes\n${user}\n`)
  })

  it('asks for consent where the registration does, and tells a No by a page of ours', async () => {
    const portal = await casPortal(services, { consent: 'ask' })
    const { page, browser } = await signedIn(portal)
    expect(page.leads).toBeUndefined()
    const refused = await browser.submit(page, '/consent', { decision: 'deny' })
    expect([refused.url.pathname, refused.status]).toEqual(['/cas/declined', 403])
    expect(refused.html).toContain('没有登录')
    const again = await allow(browser, await browser.get(portal.login()))
    expect(await portal.user(ticketIn(again))).toMatch(/^[\w-]{43}$/)
  })

  it('asks again with renew, and validation with renew takes no ticket of an older session', async () => {
    const portal = await casPortal(services)
    const { browser, person } = await signedIn(portal)
    await (await usualServer()).forward(2000)
    const old = await nextTicket(browser, portal)
    expect(await portal.ask('serviceValidate', { ticket: old, renew: 'true' })).toContain('"INVALID_TICKET"')
    const older = await portal.ask('p3/serviceValidate', { ticket: await nextTicket(browser, portal) })
    expect(older).toContain('<cas:isFromNewLogin>false</cas:isFromNewLogin>')
    const page = await browser.get(portal.login({ renew: 'true' }))
    expect(page.leads).toBeUndefined()
    const fresh = ticketIn(await signIn(browser, page, person.username))
    expect(await portal.ask('serviceValidate', { ticket: fresh, renew: 'true' })).toContain('<cas:user>')
    expect(ticketIn(await browser.get(portal.login({ renew: 'false' })))).toMatch(/^ST-/)
  })

  it('asks nothing with gateway', async () => {
    const portal = await casPortal(services)
    const stranger = await visitor().get(portal.login({ gateway: 'true', service: `${portal.service}?a=1` }))
    expect(stranger.leads?.href).toBe(`${portal.service}?a=1`)
    const { browser } = await signedIn(portal)
    expect(await nextTicket(browser, portal, { gateway: 'true' })).toMatch(/^ST-/)
    const both = await browser.get(portal.login({ gateway: 'true', renew: 'true' }))
    expect(both.html).toContain('name="identifier"')
  })

  it('without a service leads to the own account', async () => {
    const page = await visitor().get('/cas/login')
    expect(page.html).toContain('name="identifier"')
  })

  it('shares the session with modern portals, in both directions', async () => {
    const portal = await casPortal(services)
    const { browser } = await signedIn(portal)
    const modern = await registerPortal(services, { consent: 'implicit' })
    const begun = await modern.begin()
    // a portal that becomes a modern one on the same host knows its people again
    const sub = (await begun.finish(await browser.get(begun.url))).claims()?.sub
    expect(await portal.user(await nextTicket(browser, portal))).toBe(sub)
  })
})
