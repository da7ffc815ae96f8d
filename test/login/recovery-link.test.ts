import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { choose, eventsOf, newPassword, personWithCodes, recoverBy } from '../setup/recovery.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const here = () => new Visitor(server.issuer)
const find = async (id: string) => (await services.persons.find(id)) ?? expect.fail()

describe('an administrator’s link', () => {
  const make = async (id: string, counter = false) => {
    const link = await services.recovery.makeLink(id, { counter }, { actor: 'administrator:clerk' })
    return `/recover/${link?.token}`
  }
  const refused = async (path: string) => {
    const page = await here().get(path)
    expect(page.html).not.toContain(path)
    return page.status === 400 && page.html.includes('这个链接不能用了')
  }

  it('sets a password once, survives a preview, and leaves the address bar', async () => {
    const person = await personWithCodes(services)
    const path = await make(person.id)
    const visitor = here()
    await here().get(path)
    await fetch(`${server.issuer}${path}`, { method: 'HEAD' })
    const page = await visitor.get(path)
    expect(page.url.pathname).toBe('/recover/new-password')
    expect(page.html).not.toContain(path.slice(9))
    const late = here()
    const opened = await late.get(path)
    expect((await choose(visitor, page)).url.pathname).toBe('/recover/done')
    expect((await choose(late, opened)).status).toBe(400)
    expect(await refused(path)).toBe(true)
    const after = await signIn(visitor, await visitor.get('/account'), person.username, newPassword)
    expect(after.url.pathname).toBe('/account')
    expect((await find(person.id)).heldUntil).toBeGreaterThan(Date.now())
    // another person may have the sheet of codes
    expect(await services.recovery.codesLeft(person.id)).toBe(0)
    expect(await eventsOf(services, person.id)).toEqual(
      expect.arrayContaining([
        { event: 'recovery.link-made', actor: 'administrator:clerk', details: { counter: false } },
        { event: 'person.recovered', actor: 'person', details: { by: 'link', held: true, passkeys: 0 } },
      ]),
    )
  })

  it('ends the hold where a clerk met the person', async () => {
    const person = await personWithCodes(services)
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    expect((await find(person.id)).heldUntil).not.toBeNull()
    const visitor = here()
    await choose(visitor, await visitor.get(await make(person.id, true)), `${newPassword}-2`)
    expect((await find(person.id)).heldUntil).toBeNull()
    const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), person.username, `${newPassword}-2`)
    expect((await begun.finish(page)).claims()?.acr).toBe('urn:yideng:loa:3')
  })

  it('is ended by a newer link, by its expiry, and by any other recovery', async () => {
    const person = await personWithCodes(services)
    const [first, visitor] = [await make(person.id), here()]
    const opened = await visitor.get(first)
    const second = await make(person.id)
    expect(await refused(first)).toBe(true)
    expect((await choose(visitor, opened)).status, 'a page opened by the older').toBe(400)

    const page = await visitor.get(second)
    const aged = { expiresAt: Date.now() - 1, counter: true }
    const link = (await services.authenticators.find(person.id, 'recovery-link')) ?? expect.fail()
    await services.authenticators.replaceData(link, JSON.stringify(aged))
    expect(await refused(second)).toBe(true)
    expect((await choose(visitor, page)).status, 'a page opened in time').toBe(400)
    expect(await services.recovery.codesLeft(person.id), 'nothing half done').toBe(10)

    const third = await make(person.id)
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    expect(await refused(third)).toBe(true)
  })

  it('is refused where it is tampered or foreign, and is not stored in plain text', async () => {
    const person = await personWithCodes(services)
    const path = await make(person.id)
    const token = path.slice('/recover/'.length)
    const last = token.at(-1) === 'A' ? 'B' : 'A'
    for (const other of [`${token.slice(0, -1)}${last}`, token.slice(1), `${token}A`, token.toLowerCase(), person.id]) {
      expect(await refused(`/recover/${other}`), other).toBe(true)
    }
    const rows = await services.database.selectFrom('authenticators').selectAll().execute()
    const kept = JSON.stringify(rows)
    for (const secret of [token, ...person.codes, ...person.codes.map((code) => code.replaceAll('-', ''))]) {
      expect(kept).not.toContain(secret)
    }
    expect(
      await services.recovery.makeLink('nobody', { counter: false }, { actor: 'administrator:clerk' }),
    ).toBeUndefined()
  })

  it('is spent once by many requests at the same time', async () => {
    const person = await openPerson(services)
    const path = await make(person.id)
    const pages: [Visitor, Page][] = []
    for (const visitor of [here(), here(), here()]) pages.push([visitor, await visitor.get(path)])
    const ends = await Promise.all(pages.map(([visitor, page]) => choose(visitor, page)))
    expect(ends.filter(({ url }) => url.pathname === '/recover/done')).toHaveLength(1)
  })
})
