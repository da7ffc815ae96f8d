import { describe, expect, it } from 'vitest'
import { look } from '../design/site.ts'
import { samples } from '../pages/samples.ts'
import { openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'

const mobile = 'Mozilla/5.0 (Linux; Android 14; V2307A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126 Mobile'
const inApps: [string, string, string][] = [
  ['WeChat', `${mobile} MicroMessenger/8.0.60`, '在微信里'],
  ['a mini program', `${mobile} MicroMessenger/8.0.60 miniProgram/wx1234`, '在小程序里'],
  ['Alipay', `${mobile} AliApp(AP/10.6.80) AlipayClient/10.6.80`, '在支付宝里'],
  ['QQ', `${mobile} V1_AND_SQ_9.0.8 QQ/9.0.8`, '在QQ里'],
  ['UC', `${mobile} UCBrowser/16.4.8`, '在UC 浏览器里'],
]

describe.skipIf(cannotRun('browser'))('a sign-in on a phone', () => {
  const browser = useBrowser()

  async function begun(userAgent: string) {
    const services = await (await usualServer()).services()
    const portal = await registerPortal(services, { consent: 'implicit' })
    const { context, complaints } = await openContext(browser(), { ...phone, userAgent, isMobile: true })
    const page = await context.newPage()
    const scripts: string[] = []
    page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url()))
    await page.goto((await portal.begin()).url.href)
    return { services, context, complaints, page, scripts }
  }

  it.each(inApps)('in %s a passkey is a row, is explained, and every step leads back', async (_, userAgent, said) => {
    const { context, complaints, page, scripts } = await begun(userAgent)
    const start = page.url()
    expect(await page.locator('[data-passkey]').count()).toBe(0)
    expect(await page.locator('[name=identifier]').isVisible()).toBe(true)
    // the script of passkeys would ask for them in the field of the name
    expect(scripts.filter((script) => script.includes('passkey'))).toEqual([])
    // a web view has no address bar that a person could look at; UC has one
    expect((await page.locator('main').innerText()).includes('地址栏')).toBe(said.includes('UC'))
    const row = page.locator('a[href$="way=passkey"]')
    expect(await row.evaluate((one) => one.closest('li')?.nextElementSibling)).toBe(null)
    await row.click()
    await page.waitForURL(/way=passkey/)
    expect(await page.locator('main').innerText()).toContain(said)
    await page.locator('a.back').click()
    await page.waitForURL(start)
    await page.goBack()
    await page.waitForURL(/way=passkey/)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('in a usual browser a passkey has its button', async () => {
    const { context, page } = await begun(mobile)
    expect(await page.locator('[data-passkey]').count()).toBe(1)
    expect(await page.locator('a[href$="way=passkey"]').count()).toBe(0)
    await context.close()
  })

  it('the back button of an app leads from a refused form to the form', async () => {
    const { services, context, page } = await begun(inApps[0]?.[1] ?? '')
    const person = await openPerson(services)
    await page.locator('[name=identifier]').fill(person.username)
    await page.locator('[name=password]').fill('wrong one')
    await page.locator('form[action$="/password"] button[type=submit]').click()
    await page.locator('[role=alert], .summary').first().waitFor()
    await page.goBack()
    expect(await page.locator('[name=password]').isVisible()).toBe(true)
    await context.close()
  })

  it('no word lies under a rounded corner or a camera, upright or on its side', async () => {
    const { context } = await openContext(browser(), phone)
    const page = await context.newPage()
    const protocol = await context.newCDPSession(page)
    const sample = samples.find(({ view, name }) => view === 'login/sign-in' && name === 'in an app')
    if (!sample) throw new Error('no sample')
    for (const [width, height, insets] of [
      [360, 740, { top: 44, bottom: 34, left: 0, right: 0 }],
      [740, 360, { top: 0, bottom: 21, left: 44, right: 44 }],
    ] as const) {
      await page.setViewportSize({ width, height })
      await protocol.send('Emulation.setSafeAreaInsetsOverride', { insets })
      await look(page, sample)
      const edges = await page.evaluate(`(() => {
        const boxes = [...document.querySelectorAll('.bar a, .bar summary, main *, .foot a')].map((one) => one.getBoundingClientRect())
        const seen = boxes.filter(({ width }) => width > 0)
        const end = document.documentElement.scrollHeight - scrollY
        return { top: Math.min(...seen.map(({ top }) => top)), left: Math.min(...seen.map(({ left }) => left)),
          right: innerWidth - Math.max(...seen.map(({ right }) => right)), bottom: end - Math.max(...seen.map(({ bottom }) => bottom)) }
      })()`)
      for (const [side, least] of Object.entries(insets))
        expect((edges as Record<string, number>)[side], `${side} at ${width}`).toBeGreaterThanOrEqual(least)
    }
    await context.close()
  })
})
