import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { askOptions } from '../setup/passkey.ts'
import { openPerson, typePassword as signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { eventsOf, newPassword, personWithCodes, recoverBy } from '../setup/recovery.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

const isOffer = (page: Page) => page.html.includes('name="decision" value="make"')

/** Signs in at the portal, as a new sign-in of this browser. */
async function again(visitor: Visitor, person: { username: string }, { here = 'no', secret = '' } = {}) {
  await server.forward(1100)
  visitor.cookies = visitor.cookies.filter(({ name }) => name !== 'yideng_session')
  const begun = await portal.begin()
  const asked = await visitor.get(begun.url)
  if (here === 'yes') await askOptions(visitor, asked, { here })
  return { begun, page: await signIn(visitor, asked, person.username, ...(secret ? [secret] : [])) }
}

/** A browser in which this person signed in once; nothing was offered there. */
async function known(person: { username: string }, secret = '') {
  const visitor = new Visitor(server.issuer)
  const { page } = await again(visitor, person, { secret })
  expect(page.leads, 'the first sign-in').toBeDefined()
  return visitor
}

describe('recovery codes', () => {
  it('are offered once to a person who signs in twice at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await openPerson(services)
      const browsers = [await known(person), await known(person)]
      const pages = await Promise.all(browsers.map(async (visitor) => (await again(visitor, person)).page))
      expect(pages.filter((page) => page.status !== 200 && !page.leads)).toEqual([])
      const offered = (await eventsOf(services, person.id)).filter(({ event }) => event === 'recovery.codes-offered')
      expect(offered).toHaveLength(1)
    }
  })

  it('are offered at the second sign-in in a browser, shown once, and the sign-in goes on', async () => {
    const person = await openPerson(services)
    const visitor = await known(person)
    const { begun, page } = await again(visitor, person)
    expect(isOffer(page)).toBe(true)
    const made = await visitor.submit(page, '/codes', { decision: 'make' })
    const codes = [...made.html.matchAll(/<code>([\w-]+)<\/code>/g)].map(([, code]) => code ?? '')
    expect(codes).toHaveLength(10)
    // the form sent again makes no other codes: those on paper would end
    const csrf = /name="csrf" value="([^"]+)"/.exec(made.html)?.[1] ?? ''
    const action = `/login/${/\/login\/([\w-]+)\/codes/.exec(made.html)?.[1]}/codes`
    expect((await begun.finish(await visitor.post(action, { csrf, decision: 'make' }))).claims()).toMatchObject({
      amr: ['pwd'],
    })
    expect(await services.recovery.codesLeft(person.id)).toBe(10)
    expect(await services.recovery.checkCode(person.id, codes[4] ?? '')).toBeDefined()
  })

  it('may be left at once, and are never offered again, in no browser', async () => {
    const person = await openPerson(services)
    const visitor = await known(person)
    const { begun, page } = await again(visitor, person)
    expect(isOffer(page)).toBe(true)
    await begun.finish(await visitor.submit(page, '/codes', { decision: 'later' }))
    expect(await services.recovery.codesLeft(person.id)).toBe(0)
    expect((await again(visitor, person)).page.leads).toBeDefined()
    expect((await again(await known(person), person)).page.leads).toBeDefined()
    const offered = (await eventsOf(services, person.id)).filter(({ event }) => event === 'recovery.codes-offered')
    expect(offered).toHaveLength(1)
    // the person makes them all the same where they want to
    expect(await services.recovery.makeCodes(person.id, { actor: 'person' })).toHaveLength(10)
  })

  it('are no second offer beside a passkey, and wait for the next sign-in', async () => {
    const person = await openPerson(services)
    const visitor = await known(person)
    const { begun, page } = await again(visitor, person, { here: 'yes' })
    expect(page.html).toContain('data-passkey="create"')
    const html = page.html.slice(page.html.lastIndexOf('<form'))
    await begun.finish(await visitor.submit({ ...page, html }, '/offer', {}))
    expect(isOffer((await again(visitor, person, { here: 'yes' })).page)).toBe(true)
  })

  it('are not offered in a new browser, beside other codes, on hold, or in the account centre', async () => {
    const person = await openPerson(services)
    await known(person)
    expect((await again(new Visitor(server.issuer), person)).page.leads).toBeDefined()
    const having = await personWithCodes(services)
    expect((await again(await known(having), having)).page.leads).toBeDefined()
    const held = await personWithCodes(services)
    const visitor = await known(held)
    await recoverBy(services, { identifier: held.username, knowledge: held.phone, code: held.code(0) })
    expect((await again(visitor, held, { secret: newPassword })).page.leads).toBeDefined()
    const other = await openPerson(services)
    const centre = await known(other)
    centre.cookies = centre.cookies.filter(({ name }) => name !== 'yideng_session')
    const account = await signIn(centre, await centre.get('/account'), other.username)
    expect(account.url.pathname).toBe('/account')
  })

  it('takes no other answer, and none without a sign-in', async () => {
    const person = await openPerson(services)
    const visitor = await known(person)
    const { page } = await again(visitor, person)
    expect((await visitor.submit(page, '/codes', { decision: 'both' })).status).toBe(400)
    const stranger = new Visitor(server.issuer)
    const asked = await stranger.get((await portal.begin()).url)
    const csrf = /name="csrf" value="([^"]+)"/.exec(asked.html)?.[1] ?? ''
    for (const decision of ['make', 'later'])
      expect((await stranger.post(`${asked.url.pathname}/codes`, { csrf, decision })).status).toBe(400)
  })
})
