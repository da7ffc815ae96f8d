import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify, SignJWT, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDemo } from '../../examples/demo/demo.ts'
import { desktop, expectAccessible, openContext, phone, signInOn, useBrowser } from '../setup/browser.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { until } from '../setup/server.ts'

describe.skipIf(cannotRun('browser'))('the demo', () => {
  const browser = useBrowser()
  const directory = mkdtempSync(join(tmpdir(), 'yideng-demo-'))
  let demo: Awaited<ReturnType<typeof startDemo>>

  beforeAll(async () => {
    const portBase = 20_000 + Math.floor((await freePort()) / 4)
    const env = { PATH: process.env['PATH'] ?? '' }
    demo = await startDemo({ port: await freePort(), portBase, dataDir: join(directory, 'demo'), env })
  })
  afterAll(async () => {
    await demo.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it.each([
    ['a phone', phone],
    ['a desktop', desktop],
  ])('on %s: one sign-in, three portals, an API, one sign-out', async (_where, options) => {
    const [province, city, county] = demo.portals
    const [person] = demo.people
    if (!province || !city || !county || !person) throw new Error('the demo is not complete')
    const { context, complaints } = await openContext(browser(), options)
    const page = await context.newPage()

    await page.goto(province.url)
    await page.getByRole('link', { name: '使用一登登录' }).click()
    await signInOn(page, person)
    const allow = page.locator('button[name=decision][value=allow]')
    if (await allow.isVisible()) {
      await expectAccessible(page)
      await allow.click()
    }
    await page.waitForURL(`${province.url}/**`)
    expect(await page.textContent('body')).toContain(person.name)
    await expectAccessible(page)

    for (const next of [city, county]) {
      await page.goto(`${next.url}/login`)
      expect(new URL(page.url()).origin, 'no form of ours in between').toBe(new URL(next.url).origin)
      expect(await page.textContent('body')).toContain(person.name)
    }

    await page.goto(province.url)
    await page.getByRole('link', { name: '我的电子证照' }).click()
    expect(await page.textContent('body')).toContain('证')
    await page.goto(province.url)
    await page.getByRole('button', { name: '退出登录' }).click()
    await page.locator('button[name=logout]').click()
    await page.waitForURL(`${province.url}/**`)
    for (const left of [province, city, county]) {
      await until(async () => {
        await page.goto(left.url)
        return page.getByRole('link', { name: '使用一登登录' }).isVisible()
      })
    }
    await page.goto(`${city.url}/login`)
    expect(await page.locator('[name=password]').count()).toBe(1)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('the old portals share the sign-in, and the sign-out reaches the one of CAS', async () => {
    const [, city] = demo.portals
    const [cas, tif] = demo.oldPortals
    const [person] = demo.people
    if (!city || !cas || !tif || !person) throw new Error('the demo is not complete')
    const { context, complaints } = await openContext(browser(), desktop)
    const page = await context.newPage()
    const greets = async ({ url }: { url: string }) => {
      await page.goto(url)
      return (await page.textContent('body'))?.includes(`您好，${person.name}`) ?? false
    }
    await page.goto(`${city.url}/login`)
    await signInOn(page, person)
    await page.waitForURL(`${city.url}/**`)
    for (const old of [cas, tif]) {
      await page.goto(`${old.url}/login`)
      expect(page.url(), 'no form of ours in between').toBe(`${old.url}/`)
      expect(await greets(old)).toBe(true)
    }
    await page.goto(`${cas.url}/logout`)
    await page.locator('button[name=logout]').click()
    await page.waitForURL(`${cas.url}/`)
    await page.goto(`${city.url}/login`)
    expect(await page.locator('[name=password]').count()).toBe(1)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('in the made-up WeChat: a password and a binding once, then one tap, and only for this user of WeChat', async () => {
    const [, person] = demo.people
    if (!demo.wechat || !person) throw new Error('the demo is not complete')
    const { wechat } = demo
    const { context, complaints } = await openContext(browser(), phone)
    const page = await context.newPage()
    const enter = async () => {
      await page.goto(wechat)
      await expectAccessible(page)
      await page.getByRole('link', { name: '打开小程序' }).click()
      await page.getByRole('link', { name: '使用一登登录' }).click()
      await page.getByRole('button', { name: '用粤省事登录' }).click()
      await page.waitForURL(`${wechat}/pages/yideng/index?**`)
      await page.waitForURL((url) => url.origin !== wechat)
    }
    const isIn = () => page.getByRole('button', { name: '退出登录' }).isVisible()
    const signOut = async () => {
      await page.getByRole('button', { name: '退出登录' }).click()
      await page.locator('button[name=logout]').click()
      await page.getByRole('link', { name: '使用一登登录' }).waitFor()
    }

    await enter()
    await signInOn(page, person)
    await page.locator('button[name=decision][value=bind]').click()
    await page.locator('button[name=decision][value=allow]').click()
    await until(isIn)
    await signOut()

    await enter()
    await until(isIn)
    expect(await page.textContent('body')).toContain(person.name)
    await signOut()

    await page.goto(wechat)
    await page.getByRole('button', { name: '换成微信用户乙' }).click()
    await enter()
    await page.locator('[name=password]').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  it('by 佛山市: a person of both comes into her account, and one of 佛山市 alone opens one', async () => {
    const [province] = demo.portals
    if (!demo.city || !province) throw new Error('the demo is not complete')
    for (const [index, person] of demo.city.people.entries()) {
      const { context, complaints } = await openContext(browser(), phone)
      const page = await context.newPage()
      await page.goto(`${province.url}/login`)
      await page.getByRole('button', { name: '用佛山市账号登录' }).click()
      // a page of ours goes on by itself
      await page.waitForURL(`${demo.city.url}/**`)
      await signInOn(page, person)
      await page.waitForURL((url) => url.origin !== demo.city?.url)
      // case 3 of the rules needs no page; case 5 asks whether to open an account
      if (index > 0) {
        await expectAccessible(page)
        await page.locator('[name=consent]').check()
        await page.locator('button[name=decision][value=open]').click()
      }
      const allow = page.locator('button[name=decision][value=allow]')
      await page.waitForLoadState()
      if (await allow.isVisible()) await allow.click()
      await page.waitForURL(`${province.url}/**`)
      expect(await page.textContent('body')).toContain(person.name)
      await page.goto(`${demo.issuer}/account`)
      await expectAccessible(page)
      expect(complaints).toEqual([])
      await context.close()
    }
  })

  it("refuses at the API what is not the provider's token for it", async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const forged = await new SignJWT({ scope: 'licence:read', client_id: 'x' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuer(demo.issuer)
      .setAudience(demo.resource)
      .setSubject('somebody')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    const jwks = createRemoteJWKSet(new URL(`${demo.issuer}/jwks`))
    await expect(jwtVerify(forged, jwks)).rejects.toBeDefined()
    for (const token of [forged, 'nonsense', '']) {
      const answer = await fetch(new URL('/licences', demo.resource), { headers: { authorization: `Bearer ${token}` } })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  })
})
