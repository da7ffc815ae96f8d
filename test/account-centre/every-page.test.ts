import Router from '@koa/router'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes, type AccountRoutesDeps } from '../../src/account-centre/account-routes.ts'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import type { Services } from '../../src/services.ts'
import { languages, type Language } from '../../src/pages/languages.ts'
import { expectAccessible, expectFits, openContext, signInOn, useBrowser } from '../setup/browser.ts'
import { find, mandate, openOrganisation } from '../setup/organisation.ts'
import { cannotRun } from '../setup/parts.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { WaitingComputer, letIn, scan } from '../setup/qr.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

/** Every GET route of the account centre, taken from the rooms; those of login methods are found by links. */
function addresses(): RegExp[] {
  const router = new Router()
  accountRoutes(router, { methods: [] } as unknown as AccountRoutesDeps)
  return router.stack
    .filter(({ methods, path }) => methods.includes('GET') && path !== '/account/return')
    .map(({ regexp }) => regexp)
}

describe.skipIf(cannotRun('browser'))('every page of the account centre', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  /** A person whose account fills every page. */
  async function busyPerson() {
    const person = await openPerson(services, { name: '林知行' })
    const { id } = await openOrganisation(services, { representative: person })
    const helper = await openPerson(services, { name: '周小桐' })
    await mandate(services, id, person, helper)
    const other = await openOrganisation(services, { name: '东江制造有限公司' })
    await mandate(services, other.id, other.representative, { ...person, name: '林知行' })
    const read = readInvitee(services.dataKeys.blindIndex, { name: '林知行', contact: person.number })
    if (!read.ok) throw new Error('the invitee cannot be read')
    const now = services.clock()
    const offering = { role: 'handler', matters: ['tax.filing'], notBefore: now, expiresAt: now + 86_400_000 } as const
    const giver = await find(services, other.representative)
    await services.mandates.offer(other.id, giver, { ...offering, invitee: read.invitee }, { actor: 'person' })
    await services.recovery.makeCodes(person.id, { actor: 'person' })
    const portal = await registerPortal(services, { name: '深圳市政务服务网', scope: 'openid profile phone identity' })
    const phone = new Visitor(server.issuer)
    const begun = await portal.begin()
    await begun.finish(await allow(phone, await signIn(phone, await phone.get(begun.url), person.username)))
    const waiting = await portal.begin()
    const computer = await WaitingComputer.at(waiting.url, server.issuer)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await waiting.finish(await computer.redeem())
    return { person, helper }
  }

  /** Paths that a page links to; one example covers paths that differ only in an id. */
  const linksOf = async (page: Page) =>
    (
      (await page.evaluate(
        '[...document.querySelectorAll("main a:not([download])[href^=\\"/account\\"]")].map((a) => a.pathname)',
      )) as string[]
    ).filter((path) => path !== '/account/return')
  const kindOf = (path: string) => path.replaceAll(/[0-9a-f-]{24,}/g, ':id')

  const expectReadable = (page: Page, language: Language) =>
    language === languages[0] ? expectAccessible(page, [320, 1280]) : expectFits(page, [1280, 320])

  it('is accessible, at 320 and 1280 pixels, in every language', async () => {
    const { person, helper } = await busyPerson()
    const { context, complaints } = await openContext(browser(), { viewport: { width: 320, height: 640 } })
    const page = await context.newPage()
    await page.goto(`${server.issuer}/account`)
    await signInOn(page, person)
    await page.waitForURL(`${server.issuer}/account`)

    const checked = new Map<string, string>()
    const waiting = ['/account']
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      if (checked.has(kindOf(path))) continue
      checked.set(kindOf(path), path)
      for (const language of languages) {
        await context.addCookies([{ name: 'yideng_language', value: language, url: server.issuer }])
        const answer = await page.goto(server.issuer + path)
        expect(answer?.status(), path).toBe(200)
        await expectReadable(page, language)
      }
      waiting.push(...(await linksOf(page)))
    }

    const seen = [...checked.values()]
    // this page follows a form only: test/journeys/next-time-without-a-password.test.ts checks it
    seen.push('/account/mandates/sign')
    // these follow a form only, too
    seen.push('/account/mandates/1/offered', '/account/closing/asked/1')
    // and this one: test/journeys/back-in-by-a-recovery-code-from-paper.test.ts checks it
    seen.push('/account/recovery/codes')
    // and this one: test/account-centre/phone-room.test.ts checks it
    seen.push('/account/phone/code')
    // a native page of a mini program leads there: test/login/phone-from-channel.test.ts checks it
    seen.push('/account/phone/number')
    // two accounts of one person lead there: test/account-centre/merging-room.test.ts checks it
    seen.push('/account/merging/join/1', '/account/merging/finish')
    // a file
    seen.push('/account/receipts/1', '/account/signatures/1')
    const missed = addresses().filter((address) => !seen.some((path) => address.test(path)))
    expect(missed, 'no link leads there').toEqual([])

    // no link leads to the closing of the account and to the question whether to keep it
    for (const [language, agreed] of [
      ['zh-CN', '注销我的账户'],
      ['zh-Hant', '註銷我的帳戶'],
      ['en', 'close my account'],
    ] as const) {
      await context.clearCookies()
      await context.addCookies([{ name: 'yideng_language', value: language, url: server.issuer }])
      await page.goto(`${server.issuer}/account/closing`)
      await signInOn(page, helper)
      for (const typed of ['?', agreed]) {
        await page.locator('[name=confirm]').fill(typed)
        await page.locator('.button-refuse').click()
        await expectReadable(page, language)
      }
      await page.goto(`${server.issuer}/account`)
      await signInOn(page, helper)
      await page.locator('[value=keep]').waitFor()
      await expectReadable(page, language)
      await page.locator('[value=close]').click()
      await page.waitForURL(`${server.issuer}/account`)
      await expectReadable(page, language)
      await page.locator('form[action$="/keep"] button').click()
      await page.waitForURL(`${server.issuer}/account`)
      expect(await page.locator('.note-care').count()).toBe(0)
    }
    expect(complaints).toEqual([])
    await context.close()
  })
})
