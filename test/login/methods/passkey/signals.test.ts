import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { openContext, signInOn, useBrowser } from '../../../setup/browser.ts'
import { cannotRun } from '../../../setup/parts.ts'
import { openPerson } from '../../../setup/person.ts'
import { registerPortal, standIn } from '../../../setup/portal.ts'
import { usualServer, type RunningServer } from '../../../setup/server.ts'
import { authenticatorOf } from '../../../setup/virtual-authenticator.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

describe.skipIf(cannotRun('browser'))('signals to the keeper of passkeys', () => {
  const browser = useBrowser()

  /** A person in Chromium, with one passkey that the server knows too. */
  async function withPasskey() {
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
    const [own] = await authenticator.credentials()
    const ids = async () => (await authenticator.credentials()).map(({ credentialId }) => credentialId)
    expect(await ids()).toEqual([own?.credentialId])
    return { person, context, page, authenticator, complaints, ids, own }
  }
  type Kept = Awaited<ReturnType<typeof withPasskey>>

  /** Puts a passkey that this person has removed into the keeper, during a sign-in by the other one. */
  async function keepOldOne({ context, authenticator, own }: Kept) {
    let left: (() => Promise<unknown[]>) | undefined
    await context.route(/\/login\/[^/]+\/passkey$/, async (route) => {
      // an authenticator keeps one passkey of a user at most
      const other = await authenticator.beside({ transport: 'usb' })
      await other.put('localhost', own?.userHandle ?? '')
      expect(await other.credentials()).toHaveLength(1)
      left = other.credentials
      await route.continue()
    })
    return async () => left?.()
  }

  /** The virtual authenticator answers the offer in the name field by itself. */
  async function signInByPasskey(page: Page, address: string, there: string | RegExp) {
    await page.goto(address)
    await page.waitForURL(there)
  }

  it('a removed passkey is gone from the authenticator after the list was shown', async () => {
    const { person, context, page, ids, complaints } = await withPasskey()
    await services.authenticators.removeAll(person.id, 'passkey')
    await page.goto(`${server.issuer}/account/passkey`)
    await expect.poll(ids).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('a removed passkey is gone after the next sign-in by passkey at a portal', async () => {
    const kept = await withPasskey()
    const portal = await registerPortal(services, { consent: 'implicit' })
    await standIn(portal)
    await kept.context.clearCookies()
    const oldOne = await keepOldOne(kept)
    await signInByPasskey(kept.page, (await portal.begin()).url.href, `${portal.redirectUri}?**`)
    await expect.poll(oldOne).toEqual([])
    expect(await kept.ids()).toEqual([kept.own?.credentialId])
    expect(kept.complaints).toEqual([])
    await kept.context.close()
  })

  it('a removed passkey is gone after the next sign-in by passkey at the account centre', async () => {
    const kept = await withPasskey()
    await kept.context.clearCookies()
    const oldOne = await keepOldOne(kept)
    await signInByPasskey(kept.page, `${server.issuer}/account/sessions`, '**/account/sessions')
    await expect.poll(oldOne).toEqual([])
    expect(await kept.ids()).toEqual([kept.own?.credentialId])
    expect(kept.complaints).toEqual([])
    await kept.context.close()
  })

  it('a passkey that the server does not know is gone after it was refused', async () => {
    const kept = await withPasskey()
    await kept.context.clearCookies()
    await services.authenticators.removeAll(kept.person.id, 'passkey')
    await signInByPasskey(kept.page, `${server.issuer}/account`, /\/login\/[^/]+\/passkey$/)
    expect(await kept.page.locator('.summary').count()).toBe(1)
    await expect.poll(kept.ids).toEqual([])
    await kept.context.close()
  })

  it('a passkey that is on hold stays in the authenticator', async () => {
    const kept = await withPasskey()
    const [stored] = await services.authenticators.list(kept.person.id, 'passkey')
    if (!stored) throw new Error('no passkey')
    await services.database.transaction().execute((within) => services.authenticators.hold(stored, Date.now(), within))
    const signalled = kept.page.waitForRequest(/passkey-signals/)
    await kept.page.goto(`${server.issuer}/account/passkey`)
    await signalled
    await kept.page.waitForLoadState('networkidle')
    expect(await kept.ids()).toEqual([kept.own?.credentialId])
    await kept.context.close()
  })

  it('a portal is reached although the keeper never answers', async () => {
    const { context, page } = await withPasskey()
    const portal = await registerPortal(services, { consent: 'implicit' })
    await standIn(portal)
    await context.clearCookies()
    await page.addInitScript('PublicKeyCredential.signalAllAcceptedCredentials = () => new Promise(() => {})')
    await signInByPasskey(page, (await portal.begin()).url.href, `${portal.redirectUri}?**`)
    await context.close()
  })
})
