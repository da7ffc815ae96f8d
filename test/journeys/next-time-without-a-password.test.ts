import { beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import type { Services } from '../../src/services.ts'
import { desktop, expectAccessible, openContext, signInOn, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal, standIn } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { authenticatorOf } from '../setup/virtual-authenticator.ts'

describe.skipIf(cannotRun('browser'))('in Chromium, a person with passkeys', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  /** A portal with a page at its redirect URI. */
  async function openPortal() {
    const portal = await registerPortal(services, { name: '深圳市政务服务网', consent: 'implicit', min_level: 3 })
    await standIn(portal)
    return portal
  }

  /** Checks the page in both languages, at 320 and 1280 pixels. */
  async function expectFit(page: Page) {
    for (const language of ['en', 'zh-CN']) {
      await page.locator(`a[hreflang="${language}"]:visible`).click()
      await page.waitForLoadState()
      await expectAccessible(page, [320, 1280])
    }
  }

  const signOut = (context: BrowserContext) => context.clearCookies({ name: /session/ })

  /** A person at the sign-in page of a portal, on a device with an authenticator. */
  async function arrive() {
    const person = await openPerson(services)
    const portal = await openPortal()
    const { context, complaints } = await openContext(browser(), desktop)
    const page = await context.newPage()
    const device = await authenticatorOf(page)
    const enter = async (parameters: Record<string, string> = {}) => {
      const begun = await portal.begin(parameters)
      await page.goto(begun.url.href)
      return async () => {
        await page.waitForURL(/\/callback\?/)
        const leads = new URL(page.url())
        const tokens = await begun.finish({ url: leads, status: 303, html: '', headers: new Headers(), leads })
        return tokens.claims()
      }
    }
    return { person, context, complaints, page, device, enter }
  }

  const button = '[data-passkey=sign-in] button'
  const told = (page: Page, what: string) => page.locator(`[data-told=${what}]`).waitFor()

  it('gets the offer after the password, and then needs no password', async () => {
    const { person, context, complaints, page, device, enter } = await arrive()
    let finish = await enter()
    await signInOn(page, person)
    await page.locator('[data-start]').waitFor()
    await expectFit(page)
    await device.verifies(false)
    await page.locator('[data-start]').click()
    await told(page, 'cancelled')
    await expectAccessible(page)
    await device.verifies(true)
    await page.locator('[data-start]').click()
    expect(await finish()).toMatchObject({ amr: ['pwd'] })
    expect(await device.credentials()).toHaveLength(1)

    // by autofill, in a browser that does not know of it: the virtual authenticator answers without a choice
    await signOut(context)
    await context.clearCookies({ name: /yideng_way/ })
    finish = await enter()
    // recovery codes are offered once, at the second sign-in in a browser
    await page.locator('button[value=later]').click()
    expect(await finish()).toMatchObject({ amr: ['swk', 'user'] })

    // by the button: not verified, then accepted
    await signOut(context)
    await device.answers(false)
    finish = await enter()
    // this browser used a passkey: it is shown alone, and the password is one row away
    expect(await page.locator('.button:visible').allInnerTexts()).toEqual(['用指纹或面容登录'])
    await page.locator('a[href$="?way=password"]').click()
    expect(await page.locator('[name=password]').isEnabled()).toBe(true)
    await expectAccessible(page)
    await device.answers(true)
    await device.verifies(false)
    finish = await enter()
    await page.locator(button).click()
    await told(page, 'cancelled')
    await device.verifies(true)
    // an old browser without autofill of passkeys
    await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false')
    finish = await enter()
    await page.locator(button).click()
    expect(await finish()).toMatchObject({ amr: ['swk', 'user'] })
    expect(await device.credentials()).toMatchObject([{ signCount: 3 }])

    // a mandate is signed by the passkey
    const helper = await openPerson(services, { name: '周小桐' })
    await page.goto(`${server.issuer}/account/helpers`)
    await page.locator('[name=name]').fill('周小桐')
    await page.locator('[name=contact]').fill(helper.number)
    await page.locator('[name^=matter-]').first().check()
    await page.locator('form[action$="/helpers"] button').click()
    await page.locator('[data-passkey=sign] button').waitFor()
    await expectFit(page)
    await page.locator('[data-passkey=sign] button').click()
    await page.getByRole('heading', { name: /周小桐/ }).waitFor()

    // a second passkey on another device; names; removal
    await page.goto(`${server.issuer}/account/passkey`)
    await page.locator('a[href$="/add"]').click()
    await expectFit(page)
    await page.locator('[data-start]').click()
    await told(page, 'known')
    await device.remove()
    await authenticatorOf(page)
    await page.locator('[data-start]').click()
    await page.waitForURL(/done=added/)
    await expectFit(page)
    await page.locator('main div.sheet a').first().click()
    await expectFit(page)
    await page.locator('[name=name]').fill('旧手机')
    await page.locator('form[action$="/name"] button').click()
    await page.waitForURL(/done=renamed/)
    expect(await page.locator('h2').allInnerTexts()).toContain('旧手机')
    await page.getByRole('link', { name: /旧手机/ }).click()
    await page.locator('a[href$="/remove"]').click()
    await page.waitForURL(/\/remove$/)
    await expectFit(page)
    // Enter by mistake takes nothing away
    expect(await page.locator(':focus').getAttribute('class')).toBe('button-second')
    await page.locator('form[action$="/remove"] button').click()
    await page.waitForURL(/done=removed/)

    // without a password the last passkey cannot be removed
    await services.database
      .deleteFrom('authenticators')
      .where('person_id', '=', person.id)
      .where('kind', '=', 'password')
      .execute()
    await page.locator('main div.sheet a').first().click()
    await page.locator('h2#remove').waitFor()
    expect(await page.locator('a[href$="/remove"]').count()).toBe(0)
    await expectAccessible(page)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('may decline the offer and gets no second one; without JavaScript the page explains it and the password works', async () => {
    const { person, context, complaints, page, enter } = await arrive()
    for (const asked of [true, false]) {
      const finish = await enter()
      await signInOn(page, person)
      if (asked) await page.locator('form[action$="/offer"]:not([data-result]) button').click()
      // of recovery codes, once
      else await page.locator('button[value=later]').click()
      expect(await finish()).toMatchObject({ amr: ['pwd'] })
      await signOut(context)
      await server.forward(1000) // sign-ins have whole seconds: one in the same second is not a later one
    }
    expect(complaints).toEqual([])
    await context.close()

    const plain = await openContext(browser(), { ...desktop, javaScriptEnabled: false })
    const portal = await openPortal()
    const without = await plain.context.newPage()
    await without.goto((await portal.begin()).url.href)
    expect(await without.locator('main').innerText()).toContain('用指纹或面容登录，需要浏览器打开 JavaScript')
    expect(await without.locator(button).isVisible()).toBe(false)
    await signInOn(without, person)
    await without.waitForURL(/\/callback\?/)
    await plain.context.close()
  })
})
