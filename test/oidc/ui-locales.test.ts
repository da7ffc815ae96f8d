import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

// codes for a command line are limited by network, and other files ask for theirs from the usual one
const ownNetwork = { 'x-forwarded-for': '203.0.113.88' }
const inChinese = { 'accept-language': 'zh-CN', ...ownNetwork }

const errorPages: [string, (clientId: string) => string][] = [
  ['an unknown portal', () => '/authorize?client_id=nobody'],
  ['no client', () => '/authorize?scope=openid'],
  ['an unregistered address', (id) => `/authorize?client_id=${id}&redirect_uri=https://evil.example/`],
  ['no address', (id) => `/authorize?client_id=${id}&response_type=code`],
  ['a repeated parameter', (id) => `/authorize?client_id=${id}&client_id=${id}`],
  ['a login that has ended', () => '/authorize/no-such-login?x=1'],
  ['a sign-out form that came too late', () => '/logout/success?client_id=nobody'],
]

const locales = [
  ['en_US', 'en'],
  ['zh_CN', 'zh-CN'],
  ['zh_HK', 'zh-Hant'],
]

describe('ui_locales chooses the language', () => {
  it.each(errorPages)('of the page for %s', async (_name, addressOf) => {
    const { clientId } = await registerPortal(services)
    const visitor = new Visitor(server.issuer, inChinese)
    for (const [locale, language] of locales) {
      const page = await visitor.get(`${addressOf(clientId)}&ui_locales=${locale}`)
      expect(page.html).toContain(`<html lang="${language}"`)
    }
  })

  it.each([
    '/account',
    '/account/password',
    '/device',
    '/device?user_code=AAAA-BBBB',
    '/.well-known/change-password',
    '/register',
    '/recover',
    '/privacy',
    '/no-such-page',
    '/q/1.x.1.x',
  ])('of our own pages, and of the sign-in before them: %s', async (path) => {
    for (const [locale = '', language] of locales) {
      const address = new URL(path, server.issuer)
      address.searchParams.set('ui_locales', locale)
      const page = await new Visitor(server.issuer, inChinese).get(address)
      expect(page.html).toContain(`<html lang="${language}"`)
    }
  })

  it('of the page after a wrong code of a command line', async () => {
    const visitor = new Visitor(server.issuer, inChinese)
    const page = await visitor.get('/device?ui_locales=en_US')
    const action = /<form[^>]*action="([^"]*)"/.exec(page.html)?.[1] ?? ''
    expect(action).toBe('/device?ui_locales=en_US')
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await visitor.post(action, { xsrf, user_code: 'AAAA-BBBB' })).html).toContain('<html lang="en"')
  })

  it('of the sign-in that begins with the code of a command line', async () => {
    const body = new URLSearchParams({ client_id: 'yideng-cli', scope: 'openid admin offline_access' })
    const asked = await fetch(`${server.issuer}/device_authorization`, { method: 'POST', body, headers: ownNetwork })
    const { user_code } = (await asked.json()) as { user_code: string }
    const visitor = new Visitor(server.issuer, inChinese)
    const first = await visitor.get('/device?ui_locales=en_US')
    const confirm = await visitor.submit(first, '/device?ui_locales=en_US', { user_code })
    expect(confirm.html).toContain('<html lang="en"')
    const login = await visitor.submit(confirm, '/device?ui_locales=en_US', { confirm: 'yes' })
    expect(login.url.pathname).toMatch(/^\/login\//)
    expect(login.html).toContain('<html lang="en"')
  })

  it('from those that discovery names (OpenID Connect Discovery 1.0 section 3)', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    const { ui_locales_supported: supported } = (await answer.json()) as { ui_locales_supported: string[] }
    expect(supported).toEqual(['zh-CN', 'zh-Hant', 'en'])
    const { clientId } = await registerPortal(services)
    for (const language of supported) {
      const page = await new Visitor(server.issuer).get(`/authorize?client_id=${clientId}&ui_locales=${language}`)
      expect(page.html).toContain(`<html lang="${language}"`)
    }
  })

  it('of both pages of a sign-out, but the person’s own choice comes first', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(server.issuer, inChinese)
    const begun = await portal.begin()
    await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    const asked = await visitor.get(`/logout?client_id=${portal.clientId}&ui_locales=en_US`)
    expect(asked.html).toContain('<html lang="en"')
    const done = await visitor.submit(asked, '/logout/confirm?ui_locales=en_US', {})
    expect(done.html).toContain('<html lang="en"')
    expect(done.html).toContain('You have signed out of 测试门户')
    await visitor.get('/language?to=zh-CN&back=/')
    expect((await visitor.get('/logout?ui_locales=en')).html).toContain('<html lang="zh-CN"')
  })

  it('of a sign-in that was pushed (RFC 9126)', async () => {
    const portal = await registerPortal(services)
    const { searchParams } = (await portal.begin({ ui_locales: 'en_US' })).url
    searchParams.delete('client_id')
    const url = await oidc.buildAuthorizationUrlWithPAR(portal.configuration, searchParams)
    expect(url.searchParams.has('ui_locales')).toBe(false)
    const page = await new Visitor(server.issuer, inChinese).get(url)
    expect(page.html).toContain('<html lang="en"')
  })
})
