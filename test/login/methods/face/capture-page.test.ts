import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { expectAccessible, launchBrowser, openContext, phone, signInOn } from '../../../setup/browser.ts'
import { photographedPerson } from '../../../setup/face.ts'
import {
  anna,
  atTheEdge,
  darkness,
  drawn,
  farAway,
  forged,
  portrait,
  still,
  twoPeople,
  wall,
} from '../../../setup/faces.ts'
import { cannotRun } from '../../../setup/parts.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'

describe.skipIf(cannotRun('browser'))('the capture page, with a film for a camera', () => {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-face-'))
  const film = join(directory, 'camera.mjpeg')
  let server: RunningServer
  let services: Services
  let browser: Browser

  beforeAll(async () => {
    server = await startServer()
    services = await server.services()
    browser = await launchBrowser([
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ])
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(directory, { recursive: true })
  })

  /** A signed-in person before the button that opens the camera. */
  async function ready(options: Parameters<typeof openContext>[1] = phone, running = browser) {
    const person = await photographedPerson(services)
    const { context, complaints } = await openContext(running, options)
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(`${server.issuer}/account/face`)
    await signInOn(page, person)
    await page.locator('form[action$="/face/start"] button').click()
    await page.locator('[name=agree]').click()
    await page.locator('[data-begin]').waitFor()
    return { page, complaints }
  }

  const again = async (page: Page) => {
    await page.goto(`${server.issuer}/account/face`)
    await page.locator('form[action$="/face/start"] button').click()
  }
  const seen = (page: Page) => page.locator('[data-seen] p:visible')

  it('says in words what is missing, and does not begin without it', async () => {
    const { page, complaints } = await ready()
    for (const [picture, words] of [
      [wall, '没有看到脸，把脸移进来'],
      [darkness, '太暗了，请到亮一点的地方'],
      [farAway, '靠近一点'],
      [() => forged('nearer'), '离远一点'],
      [atTheEdge, '把脸移到圆圈中间'],
      [twoPeople, '不止一张脸，请一个人对镜头'],
    ] as const) {
      writeFileSync(film, still(await picture()))
      await page.locator('[data-begin]').click()
      await expect.poll(() => seen(page).allInnerTexts(), { timeout: 60_000 }).toEqual([words])
      // three more looks, and it still waits
      await page.waitForTimeout(3000)
      expect(await page.locator('[data-face]').getAttribute('data-state'), words).toBe('looking')
      expect(await page.locator('[data-step][aria-current]').count()).toBe(0)
      await again(page)
    }
    expect(complaints).toEqual([])
  })

  it('goes from step to step with a face in place: number, arrow, ring, and cancel always in reach', async () => {
    writeFileSync(film, still(await portrait(anna)))
    const { page, complaints } = await ready()
    const asked = (await page.locator('[data-actions]').getAttribute('data-actions'))?.split(' ') ?? []
    await page.locator('[data-begin]').click()
    const steps = ['straight', ...asked]
    for (const [index, step] of steps.entries()) {
      await page.locator(`[data-step=${step}][aria-current=step]`).waitFor({ timeout: 60_000 })
      const now = page.locator('[data-now]')
      expect(await now.innerText()).toContain(`第 ${index + 1} 步，共 ${steps.length} 步`)
      expect(await now.getAttribute('aria-live')).toBe('assertive')
      expect(await page.locator('[data-icon]:visible').getAttribute('data-icon')).toBe(step)
      expect(await page.locator('[data-step][data-finished]').count()).toBe(index)
      // the arc of this step fills, the later ones are empty
      await expect.poll(() => page.locator('[data-arc]:not([hidden])').count()).toBe(index + 1)
      const cancel = await page.getByText('取消，换一种方式').boundingBox()
      expect((cancel?.y ?? 9999) + (cancel?.height ?? 0)).toBeLessThan(740)
      expect(cancel?.height).toBeGreaterThanOrEqual(48)
      if (index === 1) await expectAccessible(page)
    }
    expect(await seen(page).allInnerTexts()).toEqual(['看得清，请继续'])
    // a still picture does not pass, and the page says why
    await page.locator('[data-when=told]').waitFor({ timeout: 60_000 })
    expect(await page.locator('[data-when=told]').innerText()).toMatch(/没有看到您/)
    expect(complaints).toEqual([])
  })

  it('waits with the next step while no face is in sight', async () => {
    writeFileSync(film, still(await portrait(anna)))
    const { page } = await ready()
    await page.locator('[data-begin]').click()
    await page.locator('[data-step=straight][aria-current=step]').waitFor({ timeout: 60_000 })
    await page.route('**/face/look?*', (route) => route.fulfill({ json: { seen: 'none' } }))
    await expect.poll(() => seen(page).allInnerTexts(), { timeout: 20_000 }).toEqual(['没有看到脸，把脸移进来'])
    await page.locator('[data-step=straight][data-finished]').waitFor({ timeout: 60_000 })
    await page.waitForTimeout(2500)
    expect(await page.locator('[data-arc]:not([hidden])').count()).toBe(1)
    await page.unroute('**/face/look?*')
    await expect.poll(() => page.locator('[data-arc]:not([hidden])').count(), { timeout: 20_000 }).toBe(2)
  })

  it('never says more than it saw: without a look it is silent, and the person decides', async () => {
    writeFileSync(film, still(await drawn()))
    const { page } = await ready()
    await page.route('**/face/look?*', (route) => route.fulfill({ json: { seen: 'unknown' } }))
    await page.locator('[data-begin]').click()
    const anyway = page.locator('[data-anyway]')
    await anyway.waitFor({ timeout: 60_000 })
    expect(await seen(page).count()).toBe(0)
    await anyway.click()
    await page.locator('[data-step=straight][aria-current=step]').waitFor()
    expect([await seen(page).count(), await anyway.isVisible()]).toEqual([0, false])
  })

  it('cancel ends the camera and leads to the page with the other ways', async () => {
    writeFileSync(film, still(await wall()))
    const { page } = await ready()
    await page.locator('[data-begin]').click()
    await page.getByText('取消，换一种方式').click()
    await page.waitForURL((url) => url.pathname !== '/account/face/consent')
    expect(await page.locator('main').innerText()).toContain('窗口')
  })

  it('is accessible at both widths, in 关怀版, in the dark and without motion', async () => {
    writeFileSync(film, still(await wall()))
    for (const options of [
      phone,
      { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', reducedMotion: 'reduce' },
    ] as const) {
      const { page } = await ready(options)
      if (options === phone) {
        await page.context().addCookies([{ name: 'yideng_elder', value: '1', url: server.issuer }])
        await again(page)
        expect(await page.locator('[data-elder]').count()).toBe(1)
      }
      await page.locator('[data-begin]').click()
      await seen(page).waitFor({ timeout: 60_000 })
      await expectAccessible(page)
      const box = await page.locator('.camera').boundingBox()
      expect(box?.width).toBeCloseTo(box?.height ?? 0, 0)
      // the guide is taller than wide, as a face is, and lies inside the ring
      const oval = await page.locator('.face-oval').boundingBox()
      expect((oval?.height ?? 0) / (oval?.width ?? 1)).toBeGreaterThan(1.2)
      expect((oval?.height ?? 0) / (oval?.width ?? 1)).toBeLessThan(1.45)
    }
  })

  it.each([
    [
      ['--deny-permission-prompts', '--use-fake-device-for-media-stream'],
      'Chrome/131.0.0.0',
      '浏览器没有让这一页使用摄像头',
      '打开“摄像头”',
    ],
    [
      ['--deny-permission-prompts', '--use-fake-device-for-media-stream'],
      'MicroMessenger/8.0',
      '浏览器没有让这一页使用摄像头',
      '请点右上角，用浏览器打开',
    ],
    [[], 'Chrome/131.0.0.0', '没有找到摄像头', ''],
    [[], 'MicroMessenger/8.0', '没有找到摄像头', '请点右上角，用浏览器打开'],
  ])('camera not open (%s, %s): help for this browser, then the other ways', async (flags, userAgent, fault, help) => {
    const other = await launchBrowser(flags)
    onTestFinished(() => other.close())
    const { page, complaints } = await ready({ ...phone, userAgent: `Mozilla/5.0 (X11; Linux) ${userAgent}` }, other)
    await page.locator('[data-begin]').click()
    const note = page.locator('[data-fault]:visible')
    await note.waitFor()
    const told = await note.innerText()
    expect(told).toContain(fault)
    expect(told).toContain(help)
    expect(help === '' && /允许|右上角/.test(told)).toBe(false)
    expect(await page.evaluate('document.activeElement?.hasAttribute("data-fault")')).toBe(true)
    expect(await page.locator('#no-face').isVisible()).toBe(true)
    await expectAccessible(page)
    expect(complaints).toEqual([])
  })
})
