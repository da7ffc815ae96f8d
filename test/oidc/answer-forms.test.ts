import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const inChinese = { 'accept-language': 'zh-CN' }
const languages = [
  ['en_US', 'en', 'Continue'],
  ['zh_CN', 'zh-CN', '继续'],
  ['zh_HK', 'zh-Hant', '繼續'],
] as const

/** Pages that send a form by themselves. `action` is where the form goes. */
const forms: { name: string; status?: number; action: RegExp; targets: RegExp; open(locale: string): Promise<Page> }[] =
  [
    {
      name: 'a sign-out without a session',
      action: /^\/logout\/confirm\?ui_locales=\w+$/,
      targets: /;form-action 'self'$/,
      open: (locale) => new Visitor(server.issuer, inChinese).get(`/logout?ui_locales=${locale}`),
    },
    {
      name: 'a sign-out without a session that returns to the portal',
      action: /^\/logout\/confirm\?ui_locales=\w+$/,
      targets: /;form-action 'self' https:\/\/portal\.example\.gov\.cn$/,
      async open(locale) {
        const home = 'https://portal.example.gov.cn/bye'
        const { clientId } = await registerPortal(services, { post_logout_redirect_uris: [home] })
        const query = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: home, ui_locales: locale })
        return new Visitor(server.issuer, inChinese).get(`/logout?${query.toString()}`)
      },
    },
    {
      name: 'an answer by form_post',
      action: /^https?:/,
      targets: /;form-action 'self' \* http/,
      async open(locale) {
        const person = await openPerson(services)
        const portal = await registerPortal(services, { consent: 'implicit' })
        const visitor = new Visitor(server.issuer, inChinese)
        const { url } = await portal.begin({ response_mode: 'form_post', ui_locales: locale })
        const page = await signIn(visitor, await visitor.get(url), person.username)
        expect(page.html).toMatch(/name="code" value="[\w-]+"/)
        return page
      },
    },
    {
      name: 'an error by form_post',
      status: 400,
      action: /^https?:/,
      targets: /;form-action 'self' \* http/,
      async open(locale) {
        const portal = await registerPortal(services)
        const { url } = await portal.begin({ response_mode: 'form_post', prompt: 'none', ui_locales: locale })
        const page = await new Visitor(server.issuer, inChinese).get(url)
        expect(page.html).toContain('name="error" value="login_required"')
        return page
      },
    },
  ]

const actionOf = (page: Page) => /<form[^>]*action="([^"]*)"[^>]*data-onward/.exec(page.html)?.[1] ?? ''

describe('a page that sends a form by itself', () => {
  it.each(forms)(
    'has our layout, the language and a button: $name',
    async ({ status = 200, action, targets, open }) => {
      for (const [locale, language, button] of languages) {
        const page = await open(locale)
        expect(page.status, page.html).toBe(status)
        expect(page.html).toContain(`<html lang="${language}"`)
        expect(page.html).toContain('<main id="main"')
        expect(page.html).not.toContain('Submitting Callback')
        expect(page.html).toMatch(new RegExp(`<button class="?button"? type="?submit"?>${button}</button>`))
        expect(actionOf(page)).toMatch(action)
        const nonce = /<script src="[^"]*onward[^"]*" nonce="([^"]+)"/.exec(page.html)?.[1]
        const policy = page.headers.get('content-security-policy') ?? ''
        expect(policy).toContain(`script-src 'nonce-${nonce}';`)
        // a portal may redirect to any origin after its form, our sign-out to its portal alone
        expect(policy).toMatch(targets)
      }
    },
  )

  it('leads on by its button alone, in the same language', async () => {
    const visitor = new Visitor(server.issuer, inChinese)
    const page = await visitor.get('/logout?ui_locales=en')
    const done = await visitor.submit(page, '/logout/confirm?ui_locales=en', {})
    expect([done.status, done.url.pathname]).toEqual([200, '/logout/success'])
    expect(done.html).toContain('<html lang="en"')
  })

  it('keeps a hint and what it was given out of the language switch', async () => {
    const page = await new Visitor(server.issuer, inChinese).get('/logout?logout_hint=13800138000&ui_locales=en')
    expect(page.html).not.toContain('13800138000')
  })
})
