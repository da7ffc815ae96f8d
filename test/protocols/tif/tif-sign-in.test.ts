import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { registerOldPortal } from '../../setup/old-portal.ts'
import { registerPortal } from '../../setup/portal.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

const visitor = () => new Visitor(services.settings.issuer)

describe('the sign-in at an old portal', () => {
  it('is the ordinary one, and ends with a code and the state of the portal', async () => {
    const portal = await registerOldPortal(services)
    const person = await openPerson(services)
    const browser = visitor()
    const page = await browser.get(portal.authorize({ state: 'a b&c' }))
    expect(page.html).toContain(portal.client.name)
    const { leads } = await signIn(browser, page, person.username)
    expect(leads?.href.startsWith(`${portal.redirectUri}?`)).toBe(true)
    expect([...(leads?.searchParams.keys() ?? [])].toSorted()).toEqual(['code', 'state'])
    expect(leads?.searchParams.get('state')).toBe('a b&c')
  })

  it('shares the session with other portals, in both directions', async () => {
    const old = await registerOldPortal(services)
    const person = await openPerson(services)
    const browser = visitor()
    await signIn(browser, await browser.get(old.authorize()), person.username)
    const modern = await registerPortal(services, { consent: 'implicit' })
    const begun = await modern.begin()
    await begun.finish(await browser.get(begun.url))
    const { leads } = await browser.get(old.authorize())
    expect([...(leads?.searchParams.keys() ?? [])]).toEqual(['code'])
  })

  it('does not exist for another portal', async () => {
    const modern = await registerPortal(services)
    const old = await registerOldPortal(services)
    const beijing = await registerOldPortal(services, { legacy: 'tif-beijing' })
    for (const client_id of [modern.clientId, beijing.client.id, 'nobody-at-all'])
      expect((await visitor().get(old.authorize({ client_id }))).status).toBe(404)
  })
})
