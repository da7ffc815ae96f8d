import { beforeAll, describe, expect, it } from 'vitest'
import { codeOf, ticketOf as ticketOfCode } from '../../../src/protocols/cas/cas-answer.ts'
import type { Services } from '../../../src/services.ts'
import { casPortal, type CasPortal } from '../../setup/cas-portal.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { registerOldPortal } from '../../setup/old-portal.ts'
import { registerPortal } from '../../setup/portal.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'
import { confusingAddresses, registeredAddress } from '../confusing-addresses.ts'

let services: Services
let portal: CasPortal
/** A browser with a session. */
let browser: Visitor
beforeAll(async () => {
  services = await (await usualServer()).services()
  portal = await casPortal(services)
  browser = new Visitor(services.settings.issuer)
  const { username } = await openPerson(services)
  await signIn(browser, await browser.get(portal.login()), username)
})

const ticketOf = async (of = portal, given: Record<string, string> = {}) => {
  const { leads } = await browser.get(of.login(given))
  const ticket = leads?.searchParams.get('ticket')
  if (!ticket) throw new Error(`no ticket: ${String(leads)}`)
  return ticket
}

const failure = (code: string) => expect.stringContaining(`<cas:authenticationFailure code="${code}">`)
const valid = expect.stringContaining('<cas:user>')

describe('a service', () => {
  const own = (address: string) => address.replaceAll('https://portal.example.gov.cn', new URL(portal.service).origin)

  it.each(confusingAddresses.filter(([, address]) => address.startsWith('https://portal.example.gov.cn')))(
    'with %s gets neither a ticket nor the browser',
    async (_why, address) => {
      const { status, leads } = await browser.get(portal.login({ service: own(address) }))
      expect({ status, leads }).toEqual({ status: 404, leads: undefined })
    },
  )

  it('of the whole table gets no ticket', async () => {
    const other = await casPortal(services, { redirect_uris: [registeredAddress] })
    expect(await ticketOf(other, { service: registeredAddress })).toMatch(/^ST-/)
    for (const [why, service] of confusingAddresses)
      expect((await browser.get(other.login({ service }))).leads?.href, why).toBeUndefined()
  })

  it('of a portal of another protocol is unknown', async () => {
    const [modern, tif] = [await registerPortal(services, { consent: 'implicit' }), await registerOldPortal(services)]
    for (const service of [modern.redirectUri, tif.redirectUri])
      expect((await browser.get(portal.login({ service }))).status).toBe(404)
  })

  it('is given once', async () => {
    const address = `${portal.login()}&service=${encodeURIComponent(portal.service)}`
    expect((await browser.get(address)).status).toBe(400)
  })
})

describe('a ticket', () => {
  it('counts once', async () => {
    const ticket = await ticketOf()
    expect(await portal.ask('p3/serviceValidate', { ticket })).toEqual(valid)
    expect(await portal.ask('p3/serviceValidate', { ticket })).toEqual(failure('INVALID_TICKET'))
  })

  const spending: [string, Record<string, string>, string][] = [
    ['an unregistered service', { service: 'http://localhost:49999/other' }, 'INVALID_SERVICE'],
    ['a service of another spelling', { service: 'http://LOCALHOST/cas/app' }, 'INVALID_SERVICE'],
    ['another query', { service: 'OWN?a=1' }, 'INVALID_SERVICE'],
    ['the service of another portal', { service: 'OTHER' }, 'INVALID_SERVICE'],
  ]
  it.each(spending)('is spent by a question with %s', async (_why, { service = '' }, code) => {
    const other = await casPortal(services)
    const ticket = await ticketOf()
    const asked = service.replace('OWN', portal.service).replace('OTHER', other.service)
    expect(await portal.ask('serviceValidate', { ticket, service: asked })).toEqual(failure(code))
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(failure('INVALID_TICKET'))
  })

  it('is spent by a question with renew that it does not fit', async () => {
    await (await usualServer()).forward(1000)
    const ticket = await ticketOf()
    expect(await portal.ask('serviceValidate', { ticket, renew: 'true' })).toEqual(failure('INVALID_TICKET'))
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(failure('INVALID_TICKET'))
  })

  it('gives exactly one of several questions at once an answer', async () => {
    const ticket = await ticketOf()
    const answers = await Promise.all(Array.from({ length: 8 }, () => portal.ask('serviceValidate', { ticket })))
    expect(answers.filter((answer) => answer.includes('<cas:user>'))).toHaveLength(1)
  })

  it.each([
    '',
    'ST-',
    'ST-short',
    'PT-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    `ST-${'a'.repeat(300)}`,
    'ST-../../../../../../..',
  ])('that we never gave is none: %s', async (ticket) => {
    const code = ticket === '' ? 'INVALID_REQUEST' : 'INVALID_TICKET'
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(failure(code))
    expect(await portal.ask('validate', { ticket })).toBe('no\n\n')
  })

  it('is asked with its service, each once', async () => {
    const ticket = await ticketOf()
    const address = `${services.settings.issuer}/cas/serviceValidate`
    const service = encodeURIComponent(portal.service)
    for (const query of ['', `ticket=${ticket}`, `service=${service}`, `service=${service}&ticket=${ticket}&ticket=x`])
      expect(await (await fetch(`${address}?${query}`)).text()).toEqual(failure('INVALID_REQUEST'))
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(valid)
  })

  it('never leads to a proxy, a form or a script', async () => {
    const more = { pgtUrl: `${portal.service}/proxy`, method: 'POST' }
    const { status, leads } = await browser.get(portal.login({ method: 'POST' }))
    expect([status, leads?.searchParams.has('ticket')]).toEqual([303, true])
    const plain = await portal.ask('p3/serviceValidate', { ticket: await ticketOf(), ...more })
    expect(plain).toEqual(valid)
    expect(plain).not.toMatch(/proxy|PGT/i)
    const json = await portal.ask('serviceValidate', { ticket: await ticketOf(), format: 'JSON', callback: 'run' })
    expect(json.startsWith('{')).toBe(true)
    for (const path of ['proxy', 'proxyValidate', 'p3/proxyValidate', 'samlValidate'])
      expect((await fetch(`${services.settings.issuer}/cas/${path}?service=x&ticket=y`)).status).toBe(404)
    expect((await fetch(`${services.settings.issuer}/cas/login`, { method: 'POST' })).status).toBe(404)
  })

  it('of a portal with networks counts only there', async () => {
    const far = await casPortal(services, { networks: ['192.0.2.0/24'] })
    expect(await far.ask('serviceValidate', { ticket: await ticketOf(far) })).toEqual(failure('INVALID_SERVICE'))
  })

  it('does not count after the sign-in ended', async () => {
    const { id, username } = await openPerson(services)
    const other = new Visitor(services.settings.issuer)
    const { leads } = await signIn(other, await other.get(portal.login()), username)
    const ticket = leads?.searchParams.get('ticket') ?? ''
    await services.persons.setStatus(id, 'locked', { actor: 'administrator:test' })
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(failure('INVALID_TICKET'))
  })
})

describe('a ticket elsewhere', () => {
  it('opens nothing at the endpoints of OpenID Connect, and is not spent there', async () => {
    const modern = await registerPortal(services)
    const { issuer } = services.settings
    const ticket = await ticketOf()
    for (const code of [ticket, codeOf(ticket) ?? '']) {
      const call = (client_id: string) =>
        fetch(`${issuer}/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            client_id,
            code,
            redirect_uri: portal.service,
          }),
        })
      for (const id of [portal.client.id, modern.clientId]) expect((await call(id)).ok).toBe(false)
      const userinfo = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${code}` } })
      expect(userinfo.status).toBe(401)
    }
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(valid)
  })

  it('is no code, and a code of another protocol is no ticket and is not spent', async () => {
    const modern = await registerPortal(services, { consent: 'implicit' })
    const begun = await modern.begin()
    const page = await browser.get(begun.url)
    const ticket = ticketOfCode(page.leads?.searchParams.get('code') ?? '')
    expect(await portal.ask('serviceValidate', { ticket })).toEqual(failure('INVALID_TICKET'))
    expect(await portal.ask('serviceValidate', { ticket, service: modern.redirectUri })).toEqual(
      failure('INVALID_TICKET'),
    )
    expect((await begun.finish(page)).claims()?.sub).toBeTypeOf('string')
  })
})
