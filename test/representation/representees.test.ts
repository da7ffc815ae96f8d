import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { end, mandate, openOrganisation, register } from '../setup/organisation.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { hostile } from '../hostile/values.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

const portalFor = (overrides: Parameters<typeof registerPortal>[1] = {}) =>
  registerPortal(services, { scope: 'openid profile representee', consent: 'implicit', ...overrides })

const choose = (visitor: Visitor, page: Page, representee: string) =>
  visitor.submit(page, '/representee', { representee })

const representeeOf = (tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>) =>
  tokens.claims()?.['representee'] as Record<string, unknown> | undefined

/** A handler who has signed in at a portal and sees the question for whom. */
async function askedHandler(portal: TestPortal, parameters: Record<string, string> = {}) {
  const organisation = await openOrganisation(services)
  const handler = await openPerson(services, { name: '周小桐' })
  const given = await mandate(services, organisation.id, organisation.representative, handler, {
    matters: ['tax.filing', 'licence.read'],
  })
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin(parameters)
  const page = await signIn(visitor, await visitor.get(begun.url), handler.username)
  return { organisation, handler, given, visitor, begun, page }
}

describe('for whom a person acts', () => {
  it('is asked once, then remembered, and can be changed with one click in the same session', async () => {
    const portal = await portalFor({ backchannel_logout_uri: 'http://localhost:9/logout' })
    const { organisation, given, visitor, begun, page } = await askedHandler(portal)
    expect(page.html).toContain(organisation.name)
    const tokens = await begun.finish(await choose(visitor, page, organisation.id))
    const claim = {
      status: 'acting',
      type: 'legal_person',
      sub: organisation.id,
      name: organisation.name,
      uscc: organisation.uscc,
      relation: 'handler',
      mandates: [
        {
          id: given.id,
          role: 'handler',
          matters: ['tax.filing', 'licence.read'],
          nbf: Math.floor(given.notBefore / 1000),
          exp: Math.floor(given.expiresAt / 1000),
        },
      ],
      checked_at: expect.any(Number) as number,
    }
    expect(representeeOf(tokens)).toEqual(claim)
    const sub = tokens.claims()?.sub ?? ''
    const userinfo = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub)
    expect(userinfo['representee']).toEqual(claim)
    expect(tokens.claims()).not.toHaveProperty('name')

    const again = await portal.begin()
    const silent = await again.finish(await visitor.get(again.url))
    expect(representeeOf(silent)).toMatchObject({ status: 'acting', sub: organisation.id })

    const change = await portal.begin({ prompt: 'select_representee' })
    const question = await visitor.get(change.url)
    const changed = await change.finish(await choose(visitor, question, 'self'))
    expect(representeeOf(changed)).toEqual({ status: 'self' })
    expect(changed.claims()?.sub).toBe(sub)
    expect(changed.claims()?.['sid']).toBe(tokens.claims()?.['sid'])
    // tokens for the company no longer speak for it
    await expect(oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub)).rejects.toBeDefined()
  })

  it('is not asked of a person without principals, nor by a portal that does not need it', async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(services.settings.issuer)
    const portal = await portalFor()
    const begun = await portal.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    expect(representeeOf(tokens)).toEqual({ status: 'self' })

    const { visitor: handler } = await askedHandler(portal)
    const other = await registerPortal(services, { scope: 'openid profile', consent: 'implicit' })
    const plain = await other.begin({ representee_hint: 'anything', prompt: 'select_representee' })
    expect(representeeOf(await plain.finish(await handler.get(plain.url)))).toBeUndefined()
  })

  it('is the person alone while the account is on hold after a recovery, also at a portal of level 2', async () => {
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    await mandate(services, organisation.id, organisation.representative, handler, { matters: ['tax.filing'] })
    const held_until = Date.now() + 60_000
    await services.database.updateTable('natural_persons').set({ held_until }).where('id', '=', handler.id).execute()

    const visitor = new Visitor(services.settings.issuer)
    const begun = await (await portalFor({ min_level: 2 })).begin({ representee_hint: organisation.id })
    const page = await signIn(visitor, await visitor.get(begun.url), handler.username)
    expect(representeeOf(await begun.finish(page))).toEqual({ status: 'self' })

    const again = await (await portalFor({ min_level: 2 })).begin()
    const alone = await again.finish(await visitor.get(again.url))
    expect(representeeOf(alone)).toEqual({ status: 'self' })
    expect(alone.claims()?.acr).toBe('urn:yideng:loa:2')

    const required = await (await portalFor({ min_level: 2, representee: 'required' })).begin()
    const question = await visitor.get(required.url)
    expect(question.html).not.toContain(organisation.id)
    const csrf = /name="csrf" value="([^"]+)"/.exec(question.html)?.[1] ?? ''
    const forged = await visitor.post(`${question.url.pathname}/representee`, { csrf, representee: organisation.id })
    expect(forged.status).toBe(400)
    expect(forged.leads).toBeUndefined()
  })

  it('must be a principal if the portal requires one', async () => {
    const portal = await portalFor({ representee: 'required' })
    const person = await openPerson(services)
    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), person.username)
    expect(page.html).toContain('/account/organisations')
    const back = await visitor.submit(page, '/cancel', {})
    expect(back.leads?.searchParams.get('error')).toBe('access_denied')

    const asked = await askedHandler(portal)
    const refused = await choose(asked.visitor, asked.page, 'self')
    expect(refused.status).toBe(400)
    expect(asked.page.html).not.toContain('value="self"')
    const tokens = await asked.begun.finish(await choose(asked.visitor, refused, asked.organisation.id))
    expect(representeeOf(tokens)).toMatchObject({ status: 'acting' })
  })

  it('gets one answer, and an audit entry, for an unknown principal and for a stranger’s principal', async () => {
    const portal = await portalFor()
    const foreign = await openOrganisation(services)
    const texts: string[] = []
    for (const wrong of [
      foreign.id,
      foreign.uscc,
      '00000000-0000-4000-8000-000000000000',
      '',
      'x'.repeat(3000),
      '"><script>',
    ]) {
      const { visitor, page, handler, organisation } = await askedHandler(portal, { representee_hint: foreign.id })
      const answer = await choose(visitor, page, wrong)
      expect(answer.status).toBe(400)
      texts.push(
        answer.html
          .replaceAll(organisation.id, 'ID')
          .replaceAll(organisation.uscc, 'USCC')
          .replaceAll(/value="[^"]*"|nonce="[^"]*"|action="[^"]*"|back=[^"]*/g, ''),
      )
      const noted = await services.database
        .selectFrom('audit_events')
        .select('details')
        .where('event', '=', 'representee.refused')
        .where('person_id', '=', handler.id)
        .execute()
      expect(noted.map(({ details }) => JSON.parse(details) as unknown)).toEqual([
        { parameter: 'representee_hint' },
        { parameter: 'representee' },
      ])
    }
    expect(new Set(texts).size).toBe(1)
  })

  it('is hinted by the portal, but chosen by the person', async () => {
    const portal = await portalFor()
    const { organisation, handler, visitor, begun, page } = await askedHandler(portal)
    const other = await openOrganisation(services, { name: '第二家有限公司' })
    await mandate(services, other.id, other.representative, handler)
    await begun.finish(await choose(visitor, page, organisation.id))
    const hinted = await portal.begin({ representee_hint: other.uscc })
    const question = await visitor.get(hinted.url)
    expect(question.html.indexOf(other.name)).toBeLessThan(question.html.indexOf(organisation.name))
    const none = await portal.begin({ representee_hint: other.uscc, prompt: 'none' })
    expect((await visitor.get(none.url)).leads?.searchParams.get('error')).toBe('interaction_required')
    await hinted.finish(await choose(visitor, question, other.id))
    const same = await portal.begin({ representee_hint: other.uscc, prompt: 'none' })
    expect(representeeOf(await same.finish(await visitor.get(same.url)))).toMatchObject({ sub: other.id })
  })
})

it('a portal cannot break the question with any hint', async () => {
  const portal = await portalFor()
  const { visitor, organisation } = await askedHandler(portal)
  for (const [kind, value] of hostile) {
    const { url } = await portal.begin({ representee_hint: value })
    const page = await visitor.get(url)
    if (page.leads) {
      expect(page.leads.searchParams.has('code'), kind).toBe(false)
      continue
    }
    expect(page.status, kind).toBeLessThan(500)
    if (page.status === 200) expect(page.html, kind).toContain(organisation.name)
    expect(page.html).not.toContain('<script>alert')
  }
})

describe('a refresh', () => {
  const refreshing = () => portalFor({ scope: 'openid representee offline_access', consent: 'ask' })

  it('asks the register again, and fails from the moment the mandate ends', async () => {
    const portal = await refreshing()
    const { organisation, given, visitor, begun, page } = await askedHandler(portal, { prompt: 'consent' })
    const question = await choose(visitor, page, organisation.id)
    const tokens = await begun.finish(
      question.leads ? question : await visitor.submit(question, '/consent', { decision: 'allow' }),
    )
    const second = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    expect(second.claims()?.['representee']).toMatchObject({ status: 'acting', sub: organisation.id })
    expect((await end(services, given.id, organisation.representative)).ok).toBe(true)
    await expect(oidc.refreshTokenGrant(portal.configuration, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('for one principal fails as soon as the person acts for another', async () => {
    const portal = await refreshing()
    const { organisation, visitor, begun, page } = await askedHandler(portal, { prompt: 'consent' })
    const question = await choose(visitor, page, organisation.id)
    const tokens = await begun.finish(await visitor.submit(question, '/consent', { decision: 'allow' }))
    const change = await portal.begin({ prompt: 'select_representee' })
    await change.finish(await choose(visitor, await visitor.get(change.url), 'self'))
    await expect(oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('may be repeated after the register did not answer for a while', async () => {
    const portal = await refreshing()
    const { organisation, visitor, begun, page } = await askedHandler(portal, { prompt: 'consent' })
    const question = await choose(visitor, page, organisation.id)
    expect(question.html).toContain(organisation.name)
    const tokens = await begun.finish(await visitor.submit(question, '/consent', { decision: 'allow' }))
    const rename = (from: string, to: string) => services.database.schema.alterTable(from).renameTo(to).execute()
    const refresh = () => oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    await rename('business_register', 'business_register_away')
    await expect(refresh()).rejects.toMatchObject({ error: 'temporarily_unavailable' })
    await rename('business_register_away', 'business_register')
    expect((await refresh()).claims()?.['representee']).toMatchObject({ status: 'acting' })
  })

  it.each([
    [
      'the organisation is suspended',
      (o: Organisation) => services.legalPersons.setStatus(o.id, 'suspended', { actor: 'administrator:test' }),
    ],
    ['the register strikes it off', (o: Organisation) => register(services, { ...o, status: 'cancelled' })],
    [
      'the register names another representative',
      async (o: Organisation) => register(services, { ...o, representative: await openPerson(services) }),
    ],
  ])('fails when %s, for the representative too', async (_what, happen) => {
    const portal = await refreshing()
    const organisation = await openOrganisation(services)
    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin({ prompt: 'consent' })
    const page = await signIn(visitor, await visitor.get(begun.url), organisation.representative.username)
    const next = await choose(visitor, page, organisation.id)
    const tokens = await begun.finish(next.leads ? next : await visitor.submit(next, '/consent', { decision: 'allow' }))
    expect(representeeOf(tokens)).toMatchObject({ relation: 'legal_representative', mandates: [] })
    await happen(organisation)
    await expect(oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })
})

type Organisation = Awaited<ReturnType<typeof openOrganisation>>
