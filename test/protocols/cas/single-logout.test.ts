import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { casPortal, type CasPortal } from '../../setup/cas-portal.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { startServer, until, type RunningServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

/** A person with a session at each portal, and the tickets in the order of the portals. */
async function signedIn(...portals: CasPortal[]) {
  const person = await openPerson(services)
  const browser = new Visitor(server.issuer)
  const tickets: string[] = []
  for (const portal of portals) {
    const page = await browser.get(portal.login({ service: `${portal.service}?at=${tickets.length}` }))
    const { leads } = page.leads ? page : await signIn(browser, page, person.username)
    tickets.push(leads?.searchParams.get('ticket') ?? '')
  }
  return { person, browser, tickets }
}

const validate = (portal: CasPortal, ticket: string, at = 0) =>
  portal.ask('serviceValidate', { ticket, service: `${portal.service}?at=${at}` })

const signOut = async (browser: Visitor) =>
  browser.submit(await browser.get('/logout'), '/logout/confirm', { logout: 'yes' })

const ticketIn = (body: string | undefined) => {
  const [, form = ''] = /^POST \S+ (.*)$/.exec(body ?? '') ?? []
  const message = new URLSearchParams(form).get('logoutRequest') ?? ''
  return /^<samlp:LogoutRequest [^>]*ID="LR-[\w-]+"[^>]*>.*<samlp:SessionIndex>(ST-[\w-]+)<\/samlp:SessionIndex><\/samlp:LogoutRequest>$/.exec(
    message,
  )?.[1]
}

describe('single logout', () => {
  it('posts the ticket of the session to the service of each portal, with its query', async () => {
    const portals = [await casPortal(services), await casPortal(services)]
    const [one, other] = portals as [CasPortal, CasPortal]
    const bodies = [await one.listen(200), await other.listen(302)]
    const { browser, tickets } = await signedIn(one, other)
    for (const [at, portal] of portals.entries()) await validate(portal, tickets[at] ?? '', at)
    await signOut(browser)
    await until(() => Promise.resolve(bodies.every(({ length }) => length > 0)))
    expect(bodies.map(([body]) => ticketIn(body))).toEqual(tickets)
    expect(bodies.map(([body]) => body?.split(' ')[1])).toEqual(['/cas/app?at=0', '/cas/app?at=1'])
  })

  it('names the latest ticket of a service, and no ticket that was not validated', async () => {
    const portal = await casPortal(services)
    const bodies = await portal.listen(200)
    const { browser, tickets } = await signedIn(portal, portal, portal)
    for (const at of [0, 1]) await validate(portal, tickets[at] ?? '', at)
    await signOut(browser)
    await until(() => Promise.resolve(bodies.length > 0))
    expect(bodies.map(ticketIn)).toEqual([tickets[1]])
  })

  it('comes again until the portal takes it, and not after', async () => {
    const portal = await casPortal(services)
    const bodies = await portal.listen(503, 200)
    const { browser, tickets, person } = await signedIn(portal)
    await validate(portal, tickets[0] ?? '')
    await signOut(browser)
    await until(() => Promise.resolve(bodies.length > 0))
    await server.forward(3000)
    await until(() => Promise.resolve(bodies.length > 1))
    expect(bodies.map(ticketIn)).toEqual([tickets[0], tickets[0]])
    const ofDelivery = async () =>
      (
        await services.database.selectFrom('logout_deliveries').selectAll().where('person_id', '=', person.id).execute()
      ).map(({ state, attempts }) => ({ state, attempts }))
    await until(async () => (await ofDelivery())[0]?.state === 'delivered')
    await server.forward(120_000)
    expect(bodies).toHaveLength(2)
  })

  it('follows a remedy too: a lock ends the session of the portal', async () => {
    const portal = await casPortal(services)
    const bodies = await portal.listen(200)
    const { tickets, person } = await signedIn(portal)
    await validate(portal, tickets[0] ?? '')
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    await until(() => Promise.resolve(bodies.length > 0))
    expect(ticketIn(bodies[0])).toBe(tickets[0])
  })
})

describe('a sign-out that a portal begins', () => {
  it('leads back to the registered address, after the question', async () => {
    const portal = await casPortal(services)
    const home = `${new URL(portal.service).origin}/`
    await services.clients.update(portal.client.id, { post_logout_redirect_uris: [home] }, 'administrator:test')
    for (const target of [portal.service, home]) {
      const { browser } = await signedIn(portal)
      const logout = `/cas/logout?${new URLSearchParams({ service: target }).toString()}`
      const page = await browser.get(logout)
      expect(page.leads).toBeUndefined()
      expect((await browser.submit(page, '/logout/confirm', { logout: 'yes' })).leads?.href).toBe(target)
      expect((await browser.get(portal.login())).html).toContain('name="identifier"')
    }
  })

  it.each(['https://evil.example/', 'SERVICEx', 'SERVICE/../x', '//evil.example', 'javascript:alert(1)', ''])(
    'leads to no other address: %s',
    async (service) => {
      const portal = await casPortal(services)
      const { browser } = await signedIn(portal)
      for (const name of ['service', 'url']) {
        const target = service.replace('SERVICE', portal.service)
        const page = await browser.get(`/cas/logout?${new URLSearchParams({ [name]: target }).toString()}`)
        expect([page.status, page.leads, page.url.pathname]).toEqual([200, undefined, '/logout'])
        expect(page.html).not.toContain('evil.example')
      }
      expect((await signOut(browser)).leads).toBeUndefined()
    },
  )
})
