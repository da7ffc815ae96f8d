import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { allow, openPerson, signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let issuer: string
let services: Services

beforeAll(async () => {
  const server = await usualServer()
  issuer = server.issuer
  services = await server.services()
})

const said = {
  purpose: '办理社保时确认您是谁',
  privacy_uri: 'https://www.sz.gov.cn/privacy',
  contact: '0755-12345',
  retention: '办结后 30 天',
  colour: '#1a5fa8',
}

async function atConsent(fields: Record<string, unknown>, scope: string) {
  const portal = await registerPortal(services, { scope, ...fields })
  const person = await openPerson(services)
  const visitor = new Visitor(issuer)
  const begun = await portal.begin({ scope })
  const consent = await signIn(visitor, await visitor.get(begun.url), person.username)
  return { portal, person, visitor, begun, consent }
}

const mainOf = (html: string) => /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? ''

describe('consent', () => {
  it('names purpose, keeping, contact and the portal’s own notice, the purpose first; refusing comes before agreeing', async () => {
    const { consent } = await atConsent({ ...said, min_level: 3 }, 'openid profile')
    const main = mainOf(consent.html)
    for (const words of [
      said.purpose,
      said.contact,
      said.retention,
      `href="${said.privacy_uri}"`,
      `fill="${said.colour}"`,
    ])
      expect(main).toContain(words)
    expect(main.indexOf(said.purpose)).toBeLessThan(main.indexOf('<dl'))
    expect(main).toMatch(/它要求的等级[\s\S]*您已达到/)
    expect(main.indexOf('value="deny"')).toBeLessThan(main.indexOf('value="allow"'))
  })

  it('of an old registration invents nothing', async () => {
    const { consent } = await atConsent({}, 'openid profile')
    expect(mainOf(consent.html)).not.toMatch(/用来做什么|信息保存多久|找谁问|怎样保管/)
  })

  it('asks for the document by itself, and gives nothing before that', async () => {
    const { person, portal, visitor, begun, consent } = await atConsent(said, 'openid profile identity')
    const second = await visitor.submit(consent, '/consent', { decision: 'allow' })
    expect(second.leads).toBeUndefined()
    expect(mainOf(second.html)).toMatch(/单独同意[\s\S]*证件号码/)
    expect(mainOf(second.html)).not.toContain('出生日期')
    expect(await services.consents.find(person.id, portal.clientId)).toBeUndefined()
    const tokens = await begun.finish(await visitor.submit(second, '/consent', { decision: 'allow' }))
    expect(tokens.claims()?.sub).toBeTypeOf('string')
    expect((await services.consents.find(person.id, portal.clientId))?.scopes).toContain('identity')
  })

  it('refused on the second page gives nothing at all', async () => {
    const { person, portal, visitor, consent } = await atConsent(said, 'openid profile identity')
    const second = await visitor.submit(consent, '/consent', { decision: 'allow' })
    const refused = await visitor.submit(second, '/consent', { decision: 'deny' })
    expect(refused.leads?.searchParams.get('error')).toBe('access_denied')
    expect(await services.consents.find(person.id, portal.clientId)).toBeUndefined()
  })

  it('asks once where nothing sensitive is wanted', async () => {
    const { visitor, consent } = await atConsent(said, 'openid profile')
    expect((await visitor.submit(consent, '/consent', { decision: 'allow' })).leads).toBeDefined()
  })
})

it('the list of portals shows the same; the rest is left out', async () => {
  const { visitor, consent } = await atConsent(said, 'openid profile')
  await allow(visitor, consent)
  const shown = mainOf((await visitor.get('/account/portals')).html)
  for (const words of [said.purpose, said.contact, said.retention, `href="${said.privacy_uri}"`])
    expect(shown).toContain(words)
  const silent = await atConsent({}, 'openid profile')
  await allow(silent.visitor, silent.consent)
  expect(mainOf((await silent.visitor.get('/account/portals')).html)).not.toMatch(/用来做什么|信息保存多久|找谁问/)
})
