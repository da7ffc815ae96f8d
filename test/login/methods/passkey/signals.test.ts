import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { openContext, signInOn, useBrowser } from '../../../setup/browser.ts'
import { openPerson } from '../../../setup/person.ts'
import { usualServer, type RunningServer } from '../../../setup/server.ts'
import { authenticatorOf } from '../../../setup/virtual-authenticator.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

describe('signals to the keeper of passkeys', () => {
  const browser = useBrowser()

  it('a removed passkey is gone from the authenticator after the list was shown', async () => {
    const person = await openPerson(services)
    const { context, complaints } = await openContext(browser())
    const page = await context.newPage()
    await page.goto(`${server.issuer}/account`)
    await signInOn(page, person)
    await page.waitForURL('**/account')
    const authenticator = await authenticatorOf(page)
    await page.goto(`${server.issuer}/account/passkey/add`)
    await page.locator('[data-start]').click()
    await page.waitForURL('**/account/passkey?done=added')
    await page.waitForLoadState('networkidle')
    expect(await authenticator.credentials()).toHaveLength(1)

    await services.authenticators.removeAll(person.id, 'passkey')
    await page.goto(`${server.issuer}/account/passkey`)
    await expect.poll(async () => (await authenticator.credentials()).length).toBe(0)
    expect(complaints).toEqual([])
    await context.close()
  })
})
