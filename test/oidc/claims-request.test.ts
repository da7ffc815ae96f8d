import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let portal: TestPortal
let visitor: Visitor
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
  const person = await openPerson(services)
  portal = await registerPortal(services, { consent: 'implicit', scope: 'openid profile' })
  visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
})

const odd = [
  '',
  'text',
  '{',
  'null',
  '5',
  '[]',
  '{}',
  '{"id_token":5}',
  '{"id_token":[]}',
  '{"id_token":null,"userinfo":"x"}',
  '{"id_token":{"acr":5}}',
  '{"id_token":{"acr":"urn:yideng:loa:3"}}',
  '{"id_token":{"acr":{"values":3}}}',
  '{"id_token":{"acr":{"values":{}}}}',
  '{"id_token":{"acr":{"values":"text"}}}',
  '{"id_token":{"acr":{"values":[3]}}}',
  '{"id_token":{"acr":{"values":[null]}}}',
  '{"id_token":{"acr":{"value":{}}}}',
  '{"id_token":{"acr":{"essential":"yes"}}}',
  '{"id_token":{"name":[]}}',
  '{"userinfo":{"name":true}}',
  '{"id_token":{"sub":{"values":"x"}}}',
]

describe('an odd `claims` parameter goes back as invalid_request (OpenID Connect Core 3.1.2.6)', () => {
  it.each(odd)('%s', async (claims) => {
    for (const one of [visitor, new Visitor(server.issuer)]) {
      const { leads, status } = await one.get((await portal.begin({ claims })).url)
      // an empty parameter counts as absent (RFC 6749 section 3.1)
      if (claims === '') expect(status).toBeLessThan(400)
      else expect(leads?.searchParams.get('error')).toBe('invalid_request')
    }
  })
})

describe('prompt=select_account (OpenID Connect Core 3.1.2.1)', () => {
  it.each(['select_account', 'select_account login', 'login select_account'])(
    '%s asks a person with a session who they are, and another may sign in',
    async (prompt) => {
      const first = await openPerson(services)
      const second = await openPerson(services)
      const browser = new Visitor(server.issuer)
      const begun = await portal.begin()
      const before = await begun.finish(await signIn(browser, await browser.get(begun.url), first.username))
      const chosen = await portal.begin({ prompt })
      const page = await browser.get(chosen.url)
      expect(page.html).toContain('name="identifier"')
      const after = await chosen.finish(await signIn(browser, page, second.username))
      expect(after.claims()?.sub).not.toBe(before.claims()?.sub)
    },
  )

  it('goes with no `none`', async () => {
    const { leads } = await visitor.get((await portal.begin({ prompt: 'none select_account' })).url)
    expect(leads?.searchParams.get('error')).toBe('invalid_request')
  })

  it('is in discovery, with the other values of OpenID Connect Core and none of our own', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    const { prompt_values_supported: values } = (await answer.json()) as { prompt_values_supported: string[] }
    // Nimbus, and so Spring, refuses a document with another value
    expect(values.toSorted()).toEqual(['consent', 'login', 'none', 'select_account'])
    for (const prompt of values.filter((one) => one !== 'none')) {
      const { leads } = await new Visitor(server.issuer).get((await portal.begin({ prompt })).url)
      expect(leads?.searchParams.get('error') ?? 'asked', prompt).not.toBe('invalid_request')
    }
  })
})
