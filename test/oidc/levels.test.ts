import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

describe('levels of assurance', () => {
  it('ask a session of a lower level for the missing proof only; the portal learns that a level is out of reach', async () => {
    const person = await openPerson(services, { level: 2 })
    const visitor = new Visitor(server.issuer)
    const low = await registerPortal(services, { consent: 'implicit' })
    const begun = await low.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    expect(tokens.claims()?.acr).toBe('urn:yideng:loa:2')

    const high = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const asked = await high.begin()
    const page = await visitor.get(asked.url)
    expect(page.html).not.toContain('name="password"')
    // a name and a number alone are nothing to ask the register about
    expect(page.html).not.toContain('/level"')
    const left = await visitor.submit(page, '/cancel', {})
    await expect(asked.finish(left)).rejects.toMatchObject({ error: 'unmet_authentication_requirements' })

    // the person showed a possession while the register did not have them
    await services.persons.proof(person.id, { actor: 'test' }, { possession: 'phone' })
    const later = await high.begin()
    const tried = await visitor.submit(await visitor.get(later.url), '/level', {})
    expect(tried.status).toBe(200)

    const { name } = services.persons.reveal((await services.persons.find(person.id)) ?? expect.fail())
    await services.database
      .transaction()
      .execute((transaction) =>
        services.register.add(transaction, [
          { documentType: 'resident_id', documentNumber: person.number, nameKey: name },
        ]),
      )
    const raised = await visitor.submit(tried, '/level', {})
    const proven = await later.finish(raised)
    expect(proven.claims()).toMatchObject({ acr: 'urn:yideng:loa:3', auth_time: tokens.claims()?.auth_time })
  })

  it.each([
    { acr_values: 'urn:yideng:loa:4' },
    { claims: '{"id_token":{"acr":{"essential":true,"value":"urn:yideng:loa:4"}}}' },
  ])('honour %j', async (parameters) => {
    const { portal, visitor } = await signedIn(services, { consent: 'implicit' })
    const begun = await portal.begin(parameters)
    const page = await visitor.get(begun.url)
    expect(page.html.includes('name="password"'), 'asked to sign in again').toBe(false)
    expect((await visitor.submit(page, '/cancel', {})).leads?.searchParams.get('error')).toBe(
      'unmet_authentication_requirements',
    )
    const silent = await portal.begin({ ...parameters, prompt: 'none' })
    const { leads } = await visitor.get(silent.url)
    expect(leads?.searchParams.get('error')).toBe('unmet_authentication_requirements')
  })

  it('max_age and prompt=login ask again, prompt=none never asks', async () => {
    const { portal, visitor, person, tokens } = await signedIn(services, { consent: 'implicit' })
    await server.forward(1100)
    for (const parameters of [{ max_age: '0' }, { prompt: 'login' }]) {
      const begun = await portal.begin(parameters)
      const page = await visitor.get(begun.url)
      expect(page.html, JSON.stringify(parameters)).toContain('name="password"')
      const fresh = await begun.finish(await signIn(visitor, page, person.username))
      expect(fresh.claims()?.auth_time).toBeGreaterThan(tokens.claims()?.auth_time ?? 0)
    }
    const silent = await portal.begin({ prompt: 'none' })
    expect((await visitor.get(silent.url)).leads?.searchParams.get('code')).toBeTypeOf('string')
    const stranger = new Visitor(server.issuer)
    expect((await stranger.get((await portal.begin({ prompt: 'none' })).url)).leads?.searchParams.get('error')).toBe(
      'login_required',
    )
  })
})
