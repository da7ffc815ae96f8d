import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { called, codeAt, registerOldPortal, type OldPortal } from '../../setup/old-portal.ts'
import { openPerson } from '../../setup/person.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'
import { confusionsOf, queriesOf } from '../url-confusions.ts'
import { sealedAsGenuine } from '../../setup/sealed.ts'

let services: Services
let portal: OldPortal
let browser: Visitor

beforeAll(async () => {
  services = await (await usualServer()).services()
  portal = await registerOldPortal(services)
  browser = new Visitor(services.settings.issuer)
  // a session: a request that is taken leads to the portal at once
  const { username } = await openPerson(services)
  await codeAt(portal, browser, username)
})

const sample = 'http://localhost:50001/old/callback'

describe('redirect_uri', () => {
  it('the registered one is taken', async () => {
    expect((await browser.get(portal.authorize())).leads?.origin).toBe(new URL(portal.redirectUri).origin)
  })

  it.each([...confusionsOf(sample), ...queriesOf(sample)].map(([what], index) => [what, index] as const))(
    'is compared exactly: %s',
    async (_what, index) => {
      const table = [...confusionsOf(portal.redirectUri), ...queriesOf(portal.redirectUri)]
      const [, redirectUri = ''] = table[index] ?? []
      const page = await browser.get(portal.authorize({ redirect_uri: redirectUri }))
      expect(page).toMatchObject({ leads: undefined, status: 400 })
      expect(page.html).not.toContain('evil.example')
    },
  )
})

describe('a request', () => {
  it.each([
    ['another response_type', { response_type: 'token' }, 400],
    ['no response_type', { response_type: '' }, 400],
    ['another scope', { scope: 'openid' }, 400],
    ['no scope', { scope: '' }, 400],
    ['another service', { service: 'bjzwService' }, 400],
    ['no service', { service: '' }, 400],
    ['an unknown portal', { client_id: 'nobody-at-all' }, 404],
    ['no portal', { client_id: '' }, 404],
  ])('is refused for %s', async (_what, given, status) => {
    expect(await browser.get(portal.authorize(given))).toMatchObject({ leads: undefined, status })
  })

  it('is refused for a parameter that comes twice', async () => {
    for (const twice of ['client_id', 'redirect_uri', 'state', 'scope']) {
      const address = `${portal.authorize({ state: 'a' })}&${twice}=b`
      expect(await browser.get(address), twice).toMatchObject({ leads: undefined, status: 400 })
    }
  })

  it('of level 4 needs a registration that names it', async () => {
    const refused = registerOldPortal(services, { min_level: 4 })
    await expect(refused).rejects.toThrow('legacy_level4')
    const allowed = await registerOldPortal(services, { min_level: 4, legacy_level4: true })
    // the session has level 3: it is asked for more, and gets no code
    expect((await browser.get(allowed.authorize())).leads).toBeUndefined()
  })

  it('of a suspended portal gets a page that names it', async () => {
    const paused = await registerOldPortal(services)
    await services.clients.setStatus(paused.client.id, 'suspended', 'administrator:test')
    const seen = async () => (await browser.get(paused.authorize())).html
    await expect.poll(seen, { timeout: 4000 }).toContain('这个门户暂停使用一登')
    expect(await seen()).toContain(paused.client.name)
    expect((await called(paused.tokens('code'))).body).toMatchObject({ error_code: 'portal_paused' })
  })
})

describe('after its last day', () => {
  it('a portal gets a page that says what to do, and its server gets an error with the same advice', async () => {
    const ended = await registerOldPortal(services)
    const code = await codeAt(ended, browser, '')
    const { body } = await called(ended.tokens(code))
    const row = await services.database
      .selectFrom('clients')
      .select('metadata')
      .where('id', '=', ended.client.id)
      .executeTakeFirstOrThrow()
    const metadata = JSON.stringify({ ...(JSON.parse(row.metadata) as object), legacy_until: '2026-01-31' })
    await services.database.updateTable('clients').set({ metadata }).where('id', '=', ended.client.id).execute()
    await sealedAsGenuine(services)
    await services.clients.update(ended.client.id, { purpose: '办事' }, 'administrator:test')
    const page = () => browser.get(ended.authorize())
    await expect.poll(async () => (await page()).status, { timeout: 4000 }).toBe(403)
    const { html } = await page()
    for (const text of ['旧的登录方式已经停用', ended.client.name, '2026年1月31日', 'OpenID Connect'])
      expect(html).toContain(text)
    const error = { status: 403, body: { error_code: 'legacy_ended', error_msg: expect.stringContaining('OpenID') } }
    expect(await called(ended.tokens('code'))).toMatchObject(error)
    // a token of the last minute
    expect(await called(ended.info(String(body['access_token'])))).toMatchObject(error)
  })
})
