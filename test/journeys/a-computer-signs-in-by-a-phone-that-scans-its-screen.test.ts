import { beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import decodeQR from 'qr/decode.js'
import sharp from 'sharp'
import type { Services } from '../../src/services.ts'
import { desktop, expectAccessible, openContext, phone, signInOn, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal, standIn } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { authenticatorOf } from '../setup/virtual-authenticator.ts'

/** Reads the QR code from a screenshot, as a camera does. */
async function scan(page: Page): Promise<string> {
  await page.locator('.qr-canvas svg').waitFor()
  const { data, info } = await sharp(await page.screenshot())
    .raw()
    .toBuffer({ resolveWithObject: true })
  return decodeQR({ ...info, data })
}

const digitsOn = async (page: Page) => (await page.locator('.digits-shown').innerText()).replaceAll(/\s/g, '')

describe.skipIf(cannotRun('browser'))('in Chromium, a computer and a phone', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    // with a proxy, so that the phone can use another network
    server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
    services = await server.services()
  })

  /** A computer at the sign-in page and a phone, in two browsers. */
  async function meet(overrides: Parameters<typeof registerPortal>[1] = {}) {
    const person = await openPerson(services)
    const portal = await registerPortal(services, {
      name: '深圳市政务服务网',
      organisation: '深圳市政务服务和数据管理局',
      scope: 'openid profile phone',
      consent: 'implicit',
      min_level: 3,
      ...overrides,
    })
    const computer = await openContext(browser(), desktop)
    const handset = await openContext(browser(), phone)
    const begun = await portal.begin()
    await standIn(portal)
    const page = await computer.context.newPage()
    await page.goto(begun.url.href)
    const finish = async () => {
      await page.waitForURL(/\/callback\?/)
      const leads = new URL(page.url())
      return begun.finish({ url: leads, status: 303, html: '', headers: new Headers(), leads })
    }
    return { person, page, finish, computer, handset, phonePage: await handset.context.newPage() }
  }

  async function alreadySignedIn(page: Page, person: Parameters<typeof signInOn>[1]) {
    await page.goto(`${server.issuer}/account`)
    await signInOn(page, person)
    await page.waitForURL(/\/account$/)
  }

  async function withPasskey(page: Page, person: Parameters<typeof signInOn>[1]) {
    const authenticator = await authenticatorOf(page)
    await alreadySignedIn(page, person)
    await page.goto(`${server.issuer}/account/passkey/add`)
    await page.locator('[data-passkey=create] button').click()
    await page.waitForURL(/done=added/)
    return authenticator
  }

  /** The code is open beside the form. */
  const open = (page: Page) => page.locator('.qr-canvas svg').waitFor()
  const close = (...contexts: { context: BrowserContext }[]) =>
    Promise.all(contexts.map(({ context }) => context.close()))

  it('the phone signs in, sees the request and approves; the computer enters the portal with amr qr', async () => {
    const { person, page, finish, computer, handset, phonePage } = await meet()
    await expectAccessible(page)
    await open(page)
    await page.locator('.qr-canvas svg').waitFor()
    await expectAccessible(page)

    await phonePage.goto(await scan(page))
    await page.locator('[data-when=scanned]').waitFor()
    await expectAccessible(page)
    expect(await phonePage.locator('[data-qr]').count()).toBe(0)
    expect(await phonePage.locator('h1').innerText()).toContain('先在手机上登录')
    expect(await phonePage.locator('main').innerText()).toContain('Linux，Chrome')
    await signInOn(phonePage, person)

    await phonePage.waitForURL(/\/q\/scan\//)
    await expectAccessible(phonePage)
    const shown = await phonePage.locator('main').innerText()
    for (const part of ['深圳市政务服务网', 'localhost', 'Linux，Chrome', '同一个网络', '秒前', '实名', '姓名']) {
      expect(shown).toContain(part)
    }
    const [refuse, approve] = await Promise.all(
      ['refuse', 'approve'].map((decision) => phonePage.locator(`button[value=${decision}]`).boundingBox()),
    )
    expect(refuse).toMatchObject({ width: approve?.width, height: approve?.height })
    expect(await phonePage.evaluate('document.activeElement.value')).toBe('refuse')

    await phonePage.locator('button[value=approve]').click()
    await expectAccessible(phonePage)
    // without a passkey the page asks for the digits
    await page.locator('[name=code]').fill(await digitsOn(phonePage))
    await page.locator('[data-code] [type=submit]').click()
    const tokens = await finish()
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['qr'] })

    // the next time the page opens the last used method; the phone shows that a computer signed in
    await phonePage.goto(`${server.issuer}/account/qr`)
    await expectAccessible(phonePage)
    expect(await phonePage.locator('main').innerText()).toContain('Linux，Chrome')
    for (const act of ['a[href$="/not-me"]', 'form[action$="/not-me"] button']) await phonePage.locator(act).click()
    await expectAccessible(phonePage)
    await page.goto(`${server.issuer}/account`)
    await page.locator('.qr-canvas svg').waitFor()

    expect([...computer.complaints, ...handset.complaints]).toEqual([])
    await close(computer, handset)
  })

  it('at a higher risk the person types four digits from the phone into the computer', async () => {
    const { person, page, finish, computer, handset, phonePage } = await meet()
    await handset.context.setExtraHTTPHeaders({ 'x-forwarded-for': '120.231.4.5' })
    await alreadySignedIn(phonePage, person)
    await open(page)
    await phonePage.goto(await scan(page))
    expect(await phonePage.locator('main').innerText()).toContain('不在同一个网络')
    await phonePage.locator('button[value=approve]').click()
    await expectAccessible(phonePage)
    const code = await digitsOn(phonePage)
    expect(code).toMatch(/^\d{4}$/)

    const field = page.locator('[name=code]')
    await field.waitFor()
    await expectAccessible(page)
    await field.fill(code === '0000' ? '0001' : '0000')
    await page.locator('[data-code] [type=submit]').click()
    await page.locator('#qr-code-problem').waitFor()
    await expectAccessible(page)
    // the stream may report the right digits before the answer: the page must redeem once only
    const late = (what: string) =>
      page.route(`**/qr/${what}`, async (route) => {
        const response = await route.fetch({ maxRedirects: 0 })
        await new Promise((resolve) => setTimeout(resolve, 500))
        await route.fulfill({ response }).catch(() => undefined) // the page may have sent a new request
      })
    await late('code')
    await late('redeem')
    await field.fill(code)
    await page.locator('[data-code] [type=submit]').click()
    expect((await finish()).claims()).toMatchObject({ amr: ['qr'] })
    expect([...computer.complaints, ...handset.complaints]).toEqual([])
    await close(computer, handset)
  })

  it('a person with a passkey approves by it; the button is as large as refusal, and a failure shows a message', async () => {
    const { person, page, finish, computer, handset, phonePage } = await meet()
    const authenticator = await withPasskey(phonePage, person)
    await open(page)
    await phonePage.goto(await scan(page))
    const approve = phonePage.locator('[data-passkey=sign] button')
    await approve.waitFor()
    await expectAccessible(phonePage)
    const [refusing, approving] = await Promise.all([
      phonePage.locator('button[value=refuse]').boundingBox(),
      approve.boundingBox(),
    ])
    expect(refusing).toMatchObject({ width: approving?.width, height: approving?.height, y: approving?.y })
    expect(await phonePage.evaluate('document.activeElement.value')).toBe('refuse')

    await authenticator.verifies(false)
    await approve.click()
    await phonePage.locator('[data-told=cancelled]').waitFor()
    await expectAccessible(phonePage)
    await authenticator.verifies(true)
    await approve.click()
    // the computer may be signed in before the phone shows it
    await phonePage.getByRole('heading', { name: /^(已同意，请看电脑|电脑已经登录)$/ }).waitFor()
    expect((await finish()).claims()).toMatchObject({ amr: ['qr'] })
    expect([...computer.complaints, ...handset.complaints]).toEqual([])
    await close(computer, handset)
  })

  it('a link to the frame claims nothing: a page asks first, also by keyboard, and the digits are required', async () => {
    const { person, page, finish, computer, handset, phonePage } = await meet()
    await withPasskey(phonePage, person)
    await open(page)
    const frame = await scan(page)
    const elsewhere = server.issuer.replace('localhost', '127.0.0.1')
    await phonePage.route(`${elsewhere}/trap`, (route) =>
      route.fulfill({ contentType: 'text/html', body: `<script>location = ${JSON.stringify(frame)}</script>` }),
    )
    await phonePage.goto(`${elsewhere}/trap`)
    await phonePage.getByRole('heading', { level: 1, name: '这个登录二维码，是您自己扫的吗？' }).waitFor()
    await expectAccessible(phonePage, [320, 360, 1280])
    expect(await page.locator('.qr-canvas svg').count()).toBe(1)
    // the focused button refuses
    expect(await phonePage.evaluate('document.activeElement.getAttribute("href")')).toBe('/')
    await phonePage.getByRole('button', { name: '是我自己扫的，继续' }).press('Enter')
    await phonePage.locator('[data-passkey=sign] button').click()
    await page.locator('[name=code]').fill(await digitsOn(phonePage))
    await page.locator('[data-code] [type=submit]').click()
    expect((await finish()).claims()).toMatchObject({ amr: ['qr'] })
    expect([...computer.complaints, ...handset.complaints]).toEqual([])
    await close(computer, handset)
  })

  it('without JavaScript the phone continues after one tap', async () => {
    const { person, page, computer, handset } = await meet()
    const plain = await openContext(browser(), { ...phone, javaScriptEnabled: false })
    const phonePage = await plain.context.newPage()
    await alreadySignedIn(phonePage, person)
    await open(page)
    await phonePage.goto(await scan(page))
    expect(await phonePage.locator('h1').innerText()).toBe('您扫了登录二维码')
    expect(await page.locator('.qr-canvas svg').count()).toBe(1)
    await phonePage.getByRole('button', { name: '继续' }).click()
    await phonePage.locator('button[value=approve]').waitFor()
    await page.locator('[data-when=scanned]').waitFor()
    await close(computer, handset, plain)
  })

  it('after a refusal both pages show it, and the computer can get a new code', async () => {
    const { person, page, computer, handset, phonePage } = await meet()
    await alreadySignedIn(phonePage, person)
    await open(page)
    await phonePage.goto(await scan(page))
    await phonePage.locator('button[value=refuse]').click()
    await expectAccessible(phonePage)
    expect(await phonePage.locator('h1').innerText()).toBe('已拒绝')
    await page.locator('[data-reason=declined]').waitFor()
    await expectAccessible(page)
    await page.locator('[data-again]').click()
    expect(await scan(page)).toContain('/q/1.')
    await close(computer, handset)
  })

  it('the person at the computer ends a scan of a stranger, and gets a new code', async () => {
    const { page, computer, handset, phonePage } = await meet()
    await open(page)
    await phonePage.goto(await scan(page))
    const cancel = page.locator('[data-when=scanned] [data-cancel]')
    await cancel.waitFor()
    expect(Number(await page.locator('[data-when=scanned] [data-left]').innerText())).toBeGreaterThan(200)
    await cancel.press('Enter')
    await page.locator('[data-reason=cancelled]').waitFor()
    await page.locator('[data-again]').press('Enter')
    expect(await scan(page)).toContain('/q/1.')
    await close(computer, handset)
  })

  it('without a connection the page hides the code, and shows one again after reconnection', async () => {
    const { page, computer, handset } = await meet()
    await open(page)
    expect(await page.locator('[name=password]').isVisible()).toBe(true)
    await server.kill('SIGKILL')
    await page.locator('.qr-veil[data-when=lost]').waitFor()
    expect(await page.locator('.qr-canvas svg').count()).toBe(0)
    await expectAccessible(page)
    await server.restart()
    expect(await scan(page)).toContain('/q/1.')
    await close(computer, handset)
  })

  it('without server-sent events the page polls every second', async () => {
    const { page, computer, handset } = await meet()
    await page.route('**/qr/stream?*', (route) => route.abort())
    await open(page)
    const first = await scan(page)
    await page.waitForTimeout(2500)
    expect(await scan(page)).not.toBe(first)
    await close(computer, handset)
  })
})
