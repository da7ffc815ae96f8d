import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { acting } from '../setup/acting.ts'
import { end, find, mandate, openOrganisation } from '../setup/organisation.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'

const api = 'https://licences.example.gov.cn/'
const other = 'https://tax.example.gov.cn/'
const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const day = 86_400_000

const directory = mkdtempSync(join(tmpdir(), 'yideng-resources-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let services: Services
let portal: TestPortal

beforeAll(async () => {
  const words = { 'zh-CN': '测试', en: 'Test' }
  const file = join(directory, 'resources.json')
  const named = (zh: string) => ({ 'zh-CN': zh, en: zh })
  const scopes = { 'licence:read': named('读'), 'licence:write': named('写'), 'licence:all': named('全') }
  const matters = { 'licence:read': 'licence.read', 'licence:write': 'licence.apply' }
  const resources = {
    [api]: { name: words, scopes, matters },
    [other]: { name: words, scopes: { file: words }, matters: {} },
  }
  writeFileSync(file, JSON.stringify(resources))
  services = await (await startServer({ YIDENG_RESOURCES: file })).services()
  portal = await registerPortal(services, { scope: 'openid representee', consent: 'implicit', resources: [api] })
})

const exchange = (subject: string, more: Record<string, string> = {}, by = portal) =>
  oidc.genericGrantRequest(by.configuration, grantType, {
    subject_token: subject,
    subject_token_type: accessToken,
    resource: api,
    ...more,
  })

const details = (more: object) => JSON.stringify([{ type: 'urn:yideng:mandate', ...more }])

async function verified(token: string) {
  const keys = createRemoteJWKSet(new URL(`${services.settings.issuer}/jwks`))
  return (await jwtVerify(token, keys, { issuer: services.settings.issuer, audience: api, typ: 'at+jwt' })).payload
}

describe('token exchange', () => {
  it('gives a token with the organisation as subject; published keys suffice to verify it', async () => {
    const {
      organisation,
      mandate: held,
      tokens,
    } = await acting(services, portal, { matters: ['licence.read', 'tax.filing'] })
    const answer = await exchange(tokens.access_token)
    expect(answer['issued_token_type']).toBe(accessToken)
    expect(answer.token_type).toBe('bearer')
    const claims = await verified(answer.access_token)
    expect(claims).toMatchObject({
      sub: organisation.id,
      act: { sub: tokens.claims()?.sub },
      client_id: portal.clientId,
      scope: 'licence:read',
      authorization_details: [
        { type: 'urn:yideng:mandate', mandate: held.id, role: 'handler', matters: ['licence.read', 'tax.filing'] },
      ],
    })
    for (const claim of ['acr', 'amr', 'auth_time']) expect(claims[claim]).toEqual(tokens.claims()?.[claim] ?? 'none')
    const noted = await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('event', '=', 'token.exchanged')
      .execute()
    expect(noted.map((row) => JSON.parse(row.details) as unknown)).toContainEqual(
      expect.objectContaining({ principal: organisation.id, mandates: [held.id], resource: api }),
    )
  })

  it('can only narrow scopes and matters', async () => {
    const { mandate: held, tokens } = await acting(services, portal, { matters: ['licence.read', 'licence.apply'] })
    const narrow = await exchange(tokens.access_token, {
      scope: 'licence:read',
      authorization_details: details({ mandate: held.id, matters: ['licence.read'] }),
    })
    expect(await verified(narrow.access_token)).toMatchObject({
      scope: 'licence:read',
      authorization_details: [{ mandate: held.id, matters: ['licence.read'] }],
    })
    for (const more of [
      { scope: 'licence:all' },
      { scope: 'licence:read unknown' },
      { scope: 'licence:write', authorization_details: details({ matters: ['licence.read'] }) },
      { authorization_details: details({ matters: ['tax.filing'] }) },
      { authorization_details: details({ matters: ['*'] }) },
      { authorization_details: details({ matters: [] }) },
      { authorization_details: details({ mandate: 'another' }) },
      { authorization_details: details({ surplus: true }) },
      { authorization_details: '{' },
      { authorization_details: '[]' },
      { resource: other },
      { resource: 'https://unknown.example/' },
      { audience: api },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      { actor_token: tokens.access_token, actor_token_type: accessToken },
    ]) {
      await expect(exchange(tokens.access_token, more), JSON.stringify(more)).rejects.toMatchObject({ status: 400 })
    }
    // an exchanged token cannot be exchanged again
    await expect(exchange(narrow.access_token)).rejects.toMatchObject({ error: 'invalid_request' })
  })

  it('gives a token that ends with the mandate', async () => {
    const { tokens } = await acting(services, portal, { days: 60 / 86_400 })
    const answer = await exchange(tokens.access_token)
    expect(answer.expires_in).toBeLessThanOrEqual(60)
    const { exp = 0, iat = 0 } = await verified(answer.access_token)
    expect(exp - iat).toBeLessThanOrEqual(60)
  })

  it('gives one answer to every token that is not this portal’s token for a principal', async () => {
    const { organisation, mandate: held, tokens } = await acting(services, portal)
    const person = await openPerson(services)
    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin()
    const alone = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    const neighbour = await registerPortal(services, {
      scope: 'openid representee',
      consent: 'implicit',
      resources: [api],
    })
    const answers = await Promise.allSettled([
      exchange('nothing'),
      exchange(alone.access_token),
      exchange(tokens.id_token ?? ''),
      exchange(tokens.access_token, {}, neighbour),
      (async () => {
        await end(services, held.id, organisation.representative)
        return exchange(tokens.access_token)
      })(),
    ])
    const said = answers.map((answer) => {
      const { error, error_description } = (answer.status === 'rejected' ? answer.reason : {}) as Record<
        string,
        unknown
      >
      return `${String(error)}: ${String(error_description)}`
    })
    expect(new Set(said)).toEqual(
      new Set(['invalid_request: subject_token is not a valid access token of this portal for a representee']),
    )
    const noted = await services.database
      .selectFrom('audit_events')
      .select('sequence')
      .where('event', '=', 'token.exchange-refused')
      .execute()
    expect(noted.length).toBeGreaterThanOrEqual(5)
  })

  it('is closed to portals without a secret or without an API', async () => {
    for (const registration of [{ type: 'spa' as const, resources: [api] }, { resources: [] }]) {
      const wanted = { scope: 'openid representee', consent: 'implicit' as const, ...registration }
      const without = await registerPortal(services, wanted)
      await expect(exchange('nothing', {}, without)).rejects.toMatchObject({ error: 'invalid_request' })
    }
  })
})

describe('a portal with consent', () => {
  const asked = { scope: 'openid representee', resources: [api] }

  async function atConsent(matters: string[]) {
    const asking = await registerPortal(services, asked)
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    const held = await mandate(services, organisation.id, organisation.representative, handler, { matters })
    const visitor = new Visitor(services.settings.issuer)
    const begun = await asking.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), handler.username)
    const question = await visitor.submit(page, '/representee', { representee: organisation.id })
    return { asking, organisation, handler, held, visitor, begun, question }
  }

  it('reaches by exchange only the APIs that the consent page named', async () => {
    const { asking, visitor, begun, question } = await atConsent(['licence.read', 'tax.filing'])
    expect(question.html).toContain('测试 · 读')
    expect(question.html).not.toContain('测试 · 写')
    const tokens = await begun.finish(await allow(visitor, question))
    expect(await verified((await exchange(tokens.access_token, {}, asking)).access_token)).toMatchObject({
      scope: 'licence:read',
    })
    expect((await visitor.get('/account/portals')).html).toContain('测试 · 读')
  })

  it('reaches no API without consent until the person has been asked', async () => {
    const { asking, organisation, handler, visitor, begun, question } = await atConsent(['licence.read'])
    const tokens = await begun.finish(await allow(visitor, question))
    await mandate(services, organisation.id, organisation.representative, handler, { matters: ['licence.apply'] })
    const write = { scope: 'licence:write' }
    await expect(exchange(tokens.access_token, write, asking)).rejects.toBeDefined()
    const silent = await asking.begin({ prompt: 'none' })
    expect((await visitor.get(silent.url)).leads?.searchParams.get('error')).toMatch(/_required$/)
    const again = await asking.begin()
    let page = await visitor.get(again.url)
    if (page.html.includes('name="representee"'))
      page = await visitor.submit(page, '/representee', { representee: organisation.id })
    expect(page.html).toContain('测试 · 写')
    const later = await again.finish(await allow(visitor, page))
    expect((await exchange(later.access_token, write, asking)).scope).toBe('licence:write')
    // after the withdrawal it reaches no API
    await services.consents.withdraw(handler.id, asking.clientId, { actor: 'person' })
    await expect(exchange(later.access_token, write, asking)).rejects.toMatchObject({ error: 'invalid_scope' })
  })

  it('does not ask a person who acts for themself', async () => {
    const asking = await registerPortal(services, asked)
    const person = await openPerson(services)
    const visitor = new Visitor(services.settings.issuer)
    const page = await signIn(visitor, await visitor.get((await asking.begin()).url), person.username)
    expect(page.html).toContain('name="decision"')
    expect(page.html).not.toContain('测试 ·')
  })

  it('and one without consent appear with their APIs in the list of used services', async () => {
    const { visitor } = await acting(services, portal)
    expect((await visitor.get('/account/portals')).html).toContain('测试 · 读')
  })
})

describe('a register that does not answer', () => {
  it('lets people sign in for themselves, but not for an organisation', async () => {
    const { tokens, visitor, organisation } = await acting(services, portal)
    const rename = (from: string, to: string) => services.database.schema.alterTable(from).renameTo(to).execute()
    await rename('business_register', 'business_register_away')
    try {
      await expect(exchange(tokens.access_token)).rejects.toMatchObject({ error: 'temporarily_unavailable' })
      const again = await portal.begin()
      const question = await visitor.get(again.url)
      expect(question.html).not.toContain(`value="${organisation.id}"`)
      expect((await visitor.submit(question, '/representee', { representee: organisation.id })).status).toBe(400)
      const alone = await again.finish(await visitor.submit(question, '/representee', { representee: 'self' }))
      expect(alone.claims()?.['representee']).toEqual({ status: 'self' })
    } finally {
      await rename('business_register_away', 'business_register')
    }
  })
})

describe('a relative', () => {
  it('can be represented in the same way, for narrow matters and at most 90 days', async () => {
    const elder = await openPerson(services, { name: '何桂芳' })
    const helper = await openPerson(services, { name: '何小满' })
    const offer = (matters: string[], days: number, role: 'helper' | 'handler' = 'helper') => {
      const read = readInvitee(services.dataKeys.blindIndex, { name: '何小满', contact: helper.number })
      if (!read.ok) throw new Error('no invitee')
      const now = services.clock()
      return find(services, elder).then((person) =>
        services.mandates.offer(
          elder.id,
          person,
          { role, matters, notBefore: now, expiresAt: now + days * day, invitee: read.invitee },
          { actor: 'person' },
        ),
      )
    }
    expect(await offer(['*'], 30)).toEqual({ ok: false, problem: 'matters_unknown' })
    expect(await offer(['tax.filing'], 30)).toEqual({ ok: false, problem: 'matters_unknown' })
    expect(await offer(['licence.read'], 91)).toEqual({ ok: false, problem: 'period_too_long' })
    expect(await offer(['licence.read'], 30, 'handler')).toEqual({ ok: false, problem: 'not_found' })
    const granted = { role: 'helper' as const, matters: ['licence.read'], days: 90 }
    const held = await mandate(services, elder.id, elder, helper, granted)

    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), helper.username)
    const tokens = await begun.finish(await visitor.submit(page, '/representee', { representee: elder.id }))
    const said = tokens.claims()?.['representee'] as Record<string, unknown>
    expect(said).toMatchObject({ status: 'acting', type: 'natural_person', name: '何桂芳', relation: 'helper' })
    // the portal knows the relative by the same subject as after the relative's own sign-in
    expect(said['sub']).not.toBe(elder.id)
    const own = await portal.begin()
    const elderVisitor = new Visitor(services.settings.issuer)
    const elderTokens = await own.finish(await signIn(elderVisitor, await elderVisitor.get(own.url), elder.username))
    expect(said['sub']).toBe(elderTokens.claims()?.sub)
    const claims = await verified((await exchange(tokens.access_token)).access_token)
    expect(claims).toMatchObject({ sub: said['sub'], act: { sub: tokens.claims()?.sub } })
    expect((await end(services, held.id, elder)).ok).toBe(true)
    await expect(exchange(tokens.access_token)).rejects.toMatchObject({ error: 'invalid_request' })
  })
})
