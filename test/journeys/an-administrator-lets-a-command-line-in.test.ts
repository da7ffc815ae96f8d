import { initiateDeviceAuthorization } from 'openid-client'
import { describe, expect, it } from 'vitest'
import { administrator, letIn } from '../setup/administrator.ts'
import { desktop, expectAccessible, openContext, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { usualServer } from '../setup/server.ts'

const small = { viewport: { width: 320, height: 640 } } as const

describe.skipIf(cannotRun('browser'))('an administrator approves a command line', () => {
  const browser = useBrowser()

  it('by keyboard, on a small screen and a large one, in both languages', async () => {
    const server = await usualServer()
    const services = await server.services()
    const admin = await administrator(server, services)
    const { config } = await letIn(server, admin)
    for (const [shape, locale, next, choice, told] of [
      [small, 'zh-CN', '继续', '不是我，拒绝', '已拒绝'],
      [desktop, 'en', 'Continue', 'I have just run it, agree', 'Agreed, go back to the command line'],
    ] as const) {
      const { context, complaints } = await openContext(browser(), { ...shape, locale })
      await context.addCookies(admin.visitor.cookies.map(({ name, value }) => ({ name, value, url: server.issuer })))
      const page = await context.newPage()
      const { user_code: code } = await initiateDeviceAuthorization(config, { scope: 'openid admin' })
      await page.goto(`${server.issuer}/device`)
      await page.locator('[name=user_code]').fill('BBBB-BBBB')
      await page.keyboard.press('Enter')
      await page.locator('[aria-invalid=true]').waitFor()
      await expectAccessible(page)
      await page.locator('[name=user_code]').fill(code)
      await page.getByRole('button', { name: next }).press('Enter')
      await page.getByText(code).waitFor()
      await expectAccessible(page)
      // the focused button refuses
      expect(await page.evaluate('document.activeElement.name')).toBe('abort')
      await page.getByRole('button', { name: choice }).press('Enter')
      await page.getByRole('heading', { level: 1, name: told }).waitFor()
      await expectAccessible(page)
      expect(complaints).toEqual([])
      await context.close()
    }
  })
})
