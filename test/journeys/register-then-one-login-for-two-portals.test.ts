import { beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import type { Services } from '../../src/services.ts'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { desktop, expectAccessible, openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { password, residentId } from '../setup/people.ts'
import { registerPortal, standIn, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'

describe.skipIf(cannotRun('browser'))('in Chromium', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  async function portals() {
    const overrides = {
      scope: 'openid profile phone identity',
      post_logout_redirect_uris: [`${server.issuer}/privacy`],
    }
    const [first, second] = [
      await registerPortal(services, {
        name: '深圳市政务服务网',
        organisation: '深圳市政务服务和数据管理局',
        ...overrides,
      }),
      await registerPortal(services, { name: '博罗县政务服务网', region: '441322', consent: 'implicit' }),
    ]
    await Promise.all([standIn(first), standIn(second)])
    return { first, second }
  }

  async function finish(begun: Awaited<ReturnType<TestPortal['begin']>>, page: Page) {
    const leads = new URL(page.url())
    return begun.finish({ url: leads, status: 303, html: '', headers: new Headers(), leads })
  }

  it.each([
    ['a phone, in Chinese', { ...phone, locale: 'zh-CN' }, '011'],
    ['a desktop, in English', { ...desktop, locale: 'en-GB' }, '022'],
  ])(
    'a person registers on %s, enters two portals with one login, and signs out of all',
    async (_where, options, serial) => {
      const number = residentId(`44030019560708${serial}`)
      await services.database
        .transaction()
        .execute((transaction) =>
          services.register.add(transaction, [
            { documentType: 'resident_id', documentNumber: number, nameKey: matchKey('欧阳春晓') },
          ]),
        )
      const { first, second } = await portals()
      const { context, complaints } = await openContext(browser(), options)
      const page = await context.newPage()

      const begun = await first.begin()
      await page.goto(begun.url.href)
      await expectAccessible(page)
      await page.locator('a[href$="/register"]').click()
      await expectAccessible(page)

      // wrong fields: the page names each problem and keeps the input
      const onward = page.locator('form.sheet button.button')
      await page.locator('[name=name]').fill('欧阳春晓')
      await page.locator('[name=document_number]').fill('440300195607080000')
      await onward.click()
      await expectAccessible(page)
      expect(await page.locator('[name=name]').inputValue()).toBe('欧阳春晓')
      expect(await page.locator('[aria-invalid=true]').count()).toBe(2)

      await page.locator('[name=document_number]').fill(number)
      await page.locator('[name=phone]').fill(`1380013${serial}7`)
      await onward.click()
      await page.waitForURL(/step=2$/)
      await expectAccessible(page)
      await page.locator('[name=password]').fill(password)
      expect(await page.locator('.rules .ok').count()).toBe(2)
      await page.locator('details > summary').last().click()
      await page.locator('[name=username]').fill(`chunxiao${serial}`)
      await onward.click()
      await page.waitForURL(/step=3$/)
      await expectAccessible(page)
      await page.goBack()
      expect(await page.locator('[name=username]').inputValue()).toBe(`chunxiao${serial}`)
      await onward.click()
      await page.locator('[name=consent]').check()
      await onward.click()
      await page.waitForURL(/registered$/)
      await expectAccessible(page)
      await page.locator('form[action$="/registered"] button').click()

      await expectAccessible(page)
      expect(await page.content()).not.toContain(number)
      await page.locator('button[name=decision][value=allow]').click()
      // the document is asked for by itself
      await page.locator('input[name=separate]').waitFor({ state: 'attached' })
      await expectAccessible(page)
      await page.locator('button[name=decision][value=allow]').click()
      await page.waitForURL(/\/callback\?/)
      const tokens = await finish(begun, page)
      expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:2', amr: ['pwd'] })

      const next = await second.begin()
      await page.goto(next.url.href)
      await page.waitForURL(/\/callback\?/)
      expect((await finish(next, page)).claims()?.acr).toBe('urn:yideng:loa:2')

      await page.goto(`${server.issuer}/account`)
      await page.waitForURL(/\/account$/)
      await expectAccessible(page)

      await page.goto(`${server.issuer}/logout?client_id=${first.clientId}&id_token_hint=${tokens.id_token}`)
      await expectAccessible(page)
      await page.locator('button[name=logout]').click()
      await page.waitForURL(/\/logout\/success/)
      await expectAccessible(page)

      const again = await second.begin()
      await page.goto(again.url.href)
      expect(await page.locator('[name=password]').count()).toBe(1)
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  it('the browser keeps the chosen language and elder mode', async () => {
    const { context, complaints } = await openContext(browser(), phone)
    const page = await context.newPage()
    await page.setViewportSize({ width: 320, height: 740 }) // the widest words on the narrowest screen
    await page.goto(`${server.issuer}/register`)
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
    await page.locator('.languages summary').click()
    await page.locator('a[href^="/language?to=en"]:visible').click()
    expect(page.url()).toBe(`${server.issuer}/register`)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await page.locator('a[href^="/elder?on=1"]').first().click()
    expect(await page.locator('html').getAttribute('data-elder')).not.toBeNull()
    await expectAccessible(page)
    for (const path of ['/', '/privacy', '/nowhere']) {
      await page.goto(server.issuer + path)
      expect(await page.locator('html').getAttribute('lang'), path).toBe('en')
      await expectAccessible(page)
    }
    expect(complaints).toEqual([])
    await context.close()
  })
})
