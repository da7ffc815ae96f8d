import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { addPasskey, askOptions, sendResponse, type CreationOptions } from '../../../setup/passkey.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { signedInPhone } from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

/** Signs in by password, in a browser that says whether it can make a passkey by itself. */
async function afterPassword(
  person: { username: string },
  {
    here = 'yes',
    visitor = new Visitor(server.issuer),
    parameters = {},
  }: { here?: string; visitor?: Visitor; parameters?: Record<string, string> } = {},
) {
  const begun = await portal.begin(parameters)
  const asked = await visitor.get(begun.url)
  await askOptions(visitor, asked, { here })
  return { visitor, begun, page: await signIn(visitor, asked, person.username) }
}

const isOffer = (page: Page) => page.html.includes('data-passkey="create"')
const skip = (visitor: Visitor, page: Page) => visitor.submit({ ...page, html: lastForm(page) }, '/offer', {})
/** The plain form; it follows the form that the script posts. */
const lastForm = ({ html }: Page) => html.slice(html.lastIndexOf('<form'))

describe('the offer after a password', () => {
  it('makes a passkey at once, and the sign-in goes on', async () => {
    const person = await openPerson(services)
    const { visitor, begun, page } = await afterPassword(person)
    expect(isOffer(page)).toBe(true)
    const options = await askOptions<CreationOptions>(visitor, page)
    const made = new SoftwareAuthenticator(server.issuer).create(options)
    const tokens = await begun.finish(await sendResponse(visitor, page, '/offer', made))
    expect(tokens.claims()).toMatchObject({ amr: ['pwd'] })
    expect(await services.authenticators.list(person.id, 'passkey')).toHaveLength(1)
    expect((await services.inbox.list(person.id, 5)).map(({ kind }) => kind)).toContain('authenticator-added')
  })

  it('may be left at once, and is not asked again in this browser for a month', async () => {
    const person = await openPerson(services)
    const first = await afterPassword(person)
    expect(isOffer(first.page)).toBe(true)
    expect((await first.begun.finish(await skip(first.visitor, first.page))).claims()).toMatchObject({ amr: ['pwd'] })
    first.visitor.cookies = first.visitor.cookies.filter(({ name }) => name !== 'yideng_session')
    const second = await afterPassword(person, { visitor: first.visitor })
    expect(isOffer(second.page)).toBe(false)
    // another browser is another device: there it may be welcome
    expect(isOffer((await afterPassword(person)).page)).toBe(true)
  })

  it('is not in the way of a browser that cannot, a session that is there, or a silent request', async () => {
    const person = await openPerson(services)
    const unable = await afterPassword(person, { here: 'no' })
    expect(unable.page.leads).toBeDefined()
    const again = await afterPassword(person, { visitor: unable.visitor, parameters: { prompt: 'login' } })
    expect(again.page.leads).toBeDefined()
    const silent = await portal.begin({ prompt: 'none' })
    expect((await unable.visitor.get(silent.url)).leads?.searchParams.get('code')).toBeTruthy()
    const without = await portal.begin({ prompt: 'none' })
    const refused = (await new Visitor(server.issuer).get(without.url)).leads
    expect(refused?.searchParams.get('error')).toBe('login_required')
  })

  it('is not made to a person with a passkey, a held account, switched-off passkeys, or in the account centre', async () => {
    const owner = await openPerson(services)
    await addPasskey(await signedInPhone(server.issuer, owner), new SoftwareAuthenticator(server.issuer))
    expect((await afterPassword(owner)).page.leads).toBeDefined()

    const held = await openPerson(services)
    await services.database
      .updateTable('natural_persons')
      .set({ held_until: Date.now() + 60_000 })
      .where('id', '=', held.id)
      .execute()
    expect((await afterPassword(held)).page.leads).toBeDefined()

    const off = await openPerson(services)
    await services.methodLocks.lock(off.id, 'passkey', 'switched-off', { actor: 'person' })
    expect((await afterPassword(off)).page.leads).toBeDefined()

    const visitor = new Visitor(server.issuer)
    const asked = await visitor.get('/account')
    await askOptions(visitor, asked, { here: 'yes' })
    expect((await signIn(visitor, asked, (await openPerson(services)).username)).url.pathname).toBe('/account')
  })

  it('keeps nothing that was made for another sign-in, and takes no second answer', async () => {
    const [one, other] = [await openPerson(services), await openPerson(services)]
    const first = await afterPassword(one)
    const second = await afterPassword(other)
    await askOptions(second.visitor, second.page)
    const options = await askOptions<CreationOptions>(first.visitor, first.page)
    const made = new SoftwareAuthenticator(server.issuer).create(options)
    expect((await sendResponse(second.visitor, second.page, '/offer', made)).status).toBe(400)
    expect((await sendResponse(first.visitor, first.page, '/offer', made)).leads).toBeDefined()
    expect((await sendResponse(first.visitor, first.page, '/offer', made)).leads, 'no second code').toBeUndefined()
    expect(await services.authenticators.list(other.id, 'passkey')).toHaveLength(0)
    const refused = await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('event', '=', 'authenticator.refused')
      .where('person_id', '=', other.id)
      .execute()
    expect(refused).toEqual([{ details: '{"kind":"passkey","fault":"invalid"}' }])
  })
})
