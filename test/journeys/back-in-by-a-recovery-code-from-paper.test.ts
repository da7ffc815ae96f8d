import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { desktop, expectAccessible, openContext, signInOn, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { newPassword } from '../setup/recovery.ts'
import { usualServer } from '../setup/server.ts'

const narrow = { width: 320, height: 640 }

/** Checks one language on a desktop, then the other on the narrowest phone. The journey continues in the second. */
async function expectGood(page: Page, again: 'reload' | 'shown once' = 'reload') {
  if (again === 'reload') await expectAccessible(page)
  await page.setViewportSize(narrow)
  if (again === 'reload') {
    const to = (await page.locator('html').getAttribute('lang')) === 'en' ? 'zh-CN' : 'en'
    const { origin } = new URL(page.url())
    await page.context().addCookies([{ name: 'yideng_language', value: to, url: origin }])
    await page.reload()
    expect(await page.locator('html').getAttribute('lang')).toBe(to)
  }
  await expectAccessible(page)
  await page.setViewportSize(desktop.viewport)
}

describe.skipIf(cannotRun('browser'))('account recovery by a code on paper', () => {
  const browser = useBrowser()
  let services: Services

  beforeAll(async () => {
    services = await (await usualServer()).services()
  })

  it('makes codes, forgets the password, sets a new one, signs in, and waits', async () => {
    const { issuer } = services.settings
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const { context, complaints } = await openContext(browser(), desktop)
    const page = await context.newPage()
    const fill = async (fields: Record<string, string>) => {
      for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value)
    }
    const signIn = (password: string) => signInOn(page, { username: person.username, password })
    const twice = { password: newPassword, password_again: newPassword }

    // the person writes the codes down
    await page.goto(`${issuer}/account/recovery`)
    await signIn(person.password)
    await page.waitForURL('**/account/recovery')
    await expectGood(page)
    await page.locator('main form button[type=submit]').click()
    const codes = await page.locator('.codes code').allTextContents()
    expect(codes).toHaveLength(10)
    expect(await page.locator('[data-print]').isVisible()).toBe(true)
    await expectGood(page, 'shown once')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.codes').isVisible()).toBe(true)
    for (const gone of ['.bar', '.rooms', '.foot', '[data-print]', '.note-care']) {
      expect(await page.locator(gone).isVisible(), gone).toBe(false)
    }
    await page.emulateMedia({ media: null })
    expect(await page.locator('.off-paper a').isVisible()).toBe(true)

    // signed out; the person has forgotten the password at a portal
    await context.clearCookies()
    const begun = await portal.begin()
    await page.goto(begun.url.href)
    await page.locator('a[href^="/recover?"]').click()
    await expectGood(page)
    await page.locator('a[href^="/recover/code?"]').click()
    await expectGood(page)
    await fill({ identifier: person.username, knowledge: person.phone, code: '7777 7777 7777 7777' })
    await page.locator('main form button[type=submit]').click()
    await expectGood(page, 'shown once')
    await fill({ knowledge: person.phone, code: (codes[6] ?? '').toLowerCase().replaceAll('-', '') })
    await page.locator('main form button[type=submit]').click()
    await page.waitForURL('**/recover/new-password')
    await expectGood(page)
    await fill(twice)
    await page.locator('main form button[type=submit]').click()
    await page.waitForURL('**/recover/done')
    await expectGood(page)
    await page.locator('main a.button').click()
    await signIn(newPassword)
    // the account is held: the portal asks for a real name
    await page.locator('time').waitFor()
    await expectGood(page)
    await page.goto(`${issuer}/account/password`)
    await expectGood(page)
    await fill(twice)
    await page.locator('main form button[type=submit]').click()
    await page.locator('time').waitFor()
    await expectGood(page, 'shown once')
    expect(complaints).toEqual([])
    await context.close()
  })
})
