import { beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import type { Services } from '../../src/services.ts'
import { desktop, openContext, phone, useBrowser } from '../setup/browser.ts'
import { keyboard, withoutScripts, type Hands } from '../setup/hands.ts'
import { cannotRun } from '../setup/parts.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal, standIn } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'

describe.skipIf(cannotRun('browser'))('in Chromium', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  /** A browser, and the acts of a person in it; each act that leads to another page looks that page over. */
  async function person(running: Browser, hands: Hands, options: Parameters<typeof openContext>[1]) {
    const { context, complaints } = await openContext(running, options)
    const page = await context.newPage()
    const arrive = async (url?: RegExp) => {
      if (url) await page.waitForURL(url)
      await page.locator('main').waitFor()
      await hands.lookOver(page)
    }
    return {
      page,
      complaints,
      close: () => context.close(),
      async open(path: string) {
        await page.goto(new URL(path, server.issuer).href)
        await arrive()
      },
      type: (selector: string, text: string) => hands.type(page.locator(selector), text),
      tick: (selector: string) => hands.press(page.locator(selector)),
      /** Presses what leads to another page. */
      async follow(selector: string, url?: RegExp) {
        const leaves = page.waitForNavigation()
        await hands.press(page.locator(selector))
        await leaves
        await arrive(url)
      },
      /** Presses what leads to the portal. */
      async leave(selector: string, url: RegExp) {
        await hands.press(page.locator(selector))
        await page.waitForURL(url)
      },
    }
  }
  type Acting = Awaited<ReturnType<typeof person>>

  const onward = 'main form.sheet button.button'
  const has = (page: Page, text: string) => expect(page.locator('main').innerText()).resolves.toContain(text)

  async function register(who: Acting, given: { number: string; phone: string; username: string }) {
    await who.follow('main a[href$="/register"]')
    // an empty form is refused, and says what is missing
    await who.follow(onward)
    expect(await who.page.locator('[aria-invalid=true]').count()).toBeGreaterThan(1)
    await who.type('[name=name]', '欧阳春晓')
    await who.type('[name=document_number]', given.number)
    await who.type('[name=phone]', given.phone)
    await who.follow(onward, /step=2$/)
    await who.type('[name=password]', password)
    await who.tick('details:has([name=username]) > summary')
    await who.type('[name=username]', given.username)
    await who.follow(onward, /step=3$/)
    await who.tick('[name=consent]')
    await who.follow(onward, /registered$/)
  }

  async function signIn(who: Acting, username: string) {
    await who.type('[name=identifier]', username)
    await who.type('main [name=password]', password)
    await who.follow('form[action$="/password"] button[type=submit]')
  }

  async function makeCodes(who: Acting) {
    await who.follow('nav.rooms a[href="/account/ways"]')
    await who.follow('main a[href="/account/recovery"] >> nth=0')
    await who.follow('form[action="/account/recovery"] button', /recovery\/codes$/)
    expect(await who.page.locator('.codes li').count()).toBe(10)
    await who.follow('main a[href="/account/ways"] >> nth=0')
  }

  async function withdrawConsent(who: Acting) {
    await who.open('/account/portals')
    await who.follow('main a[href$="/withdraw"]')
    await who.follow('form[action$="/withdraw"] button[type=submit]')
    await has(who.page, '已经收回')
  }

  /** The giver asks, the helper accepts, the giver takes it back. */
  async function mandate(giver: Acting, helper: Acting, helped: { name: string; number: string; username: string }) {
    await giver.open('/account/helpers')
    await giver.type('[name=name]', helped.name)
    await giver.type('[name=contact]', helped.number)
    await giver.tick('[name^=matter-] >> nth=0')
    await giver.follow('form[action="/account/helpers"] button[type=submit]', /offered/)

    await helper.open('/account/invitations')
    await signIn(helper, helped.username)
    await helper.follow('form[action$="/accept"] button')
    await has(helper.page, '欧阳春晓')

    await giver.open('/account/helpers')
    await has(giver.page, helped.name)
    await giver.follow('main a[href$="/end"]')
    await giver.follow('form[action$="/end"] button[type=submit]')
    await has(giver.page, '收回')
  }

  it.each([
    ['by keyboard alone', keyboard, desktop, '031'],
    ['without scripts', withoutScripts, { ...phone, javaScriptEnabled: false }, '042'],
  ] as const)('a whole life with an account, %s', { timeout: 600_000 }, async (_how, hands, options, serial) => {
    const number = residentId(`44030019560708${serial}`)
    await services.database
      .transaction()
      .execute((transaction) =>
        services.register.add(transaction, [
          { documentType: 'resident_id', documentNumber: number, nameKey: matchKey('欧阳春晓') },
        ]),
      )
    const portal = await registerPortal(services, { name: '深圳市政务服务网', scope: 'openid profile' })
    await standIn(portal)
    const username = `bykeys${serial}`
    const who = await person(browser(), hands, options)

    const begun = await portal.begin()
    await who.open(begun.url.href)
    await register(who, { number, phone: `1380014${serial}7`, username })
    // a helper needs level 3: the carrier says that the phone is theirs
    const registered = await services.persons.findByIdentifier([{ kind: 'username', value: username }])
    await services.persons.proof(registered?.id ?? '', { actor: 'test' }, { possession: 'phone' })
    await who.follow('form[action$="/registered"] button')
    await who.leave('button[name=decision][value=allow]', /\/callback\?/)

    await who.open('/account')
    await makeCodes(who)
    await withdrawConsent(who)
    const friend = { ...(await openPerson(services, { name: '周小桐' })), name: '周小桐' }
    const helper = await person(browser(), hands, options)
    await mandate(who, helper, friend)

    await who.open('/account')
    await who.follow('nav.rooms a[href="/logout"]', /\/logout/)
    await who.follow('button[name=logout]', /\/logout\/success/)
    await who.open('/account')
    await signIn(who, username)
    await who.page.locator('nav.rooms').waitFor()
    expect([...who.complaints, ...helper.complaints]).toEqual([])
    await Promise.all([who.close(), helper.close()])
  })
})
