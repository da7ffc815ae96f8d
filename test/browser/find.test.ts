import { expect, it, describe } from 'vitest'
import { look } from '../design/site.ts'
import { samples } from '../pages/samples.ts'
import { openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'

describe.skipIf(cannotRun('browser'))('the list of cities', () => {
  const browser = useBrowser()

  it('shows what is typed, in each way of writing, and nothing leaves the browser', async () => {
    const { context } = await openContext(browser(), phone)
    const page = await context.newPage()
    const sample = samples.find(({ view, name }) => view === 'login/one-way' && name === 'cities')
    if (!sample) throw new Error('no such sample')
    await look(page, sample)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const field = page.locator('[data-finds]')
    const shown = () => page.locator('[data-find]:visible').allInnerTexts()
    const titles = () => page.locator('[data-place] h3:visible').allInnerTexts()
    const all = (await shown()).length
    expect(all).toBeGreaterThan(20)

    for (const typed of ['深圳', ' 深 圳 ', 'Shen Zhen', 'SHENZHEN', 'ｓｈｅｎ'])
      await field.fill(typed).then(async () => expect(await shown(), typed).toEqual([expect.stringContaining('深圳')]))
    expect(await titles()).toEqual(['其他城市'])
    await field.fill('税务')
    expect(await titles()).toEqual(['省级部门'])
    expect(await page.locator('[data-none]').isVisible()).toBe(false)
    await field.fill('.*亚特兰蒂斯')
    expect([await shown(), await page.locator('[data-none]').isVisible()]).toEqual([[], true])
    await field.press('Enter')
    await field.fill('')
    expect((await shown()).length).toBe(all)
    expect(asked).toEqual([])
    await context.close()
  })

  it('is whole without scripts, and has no field there', async () => {
    const { context } = await openContext(browser(), { ...phone, javaScriptEnabled: false })
    const page = await context.newPage()
    const sample = samples.find(({ view, name }) => view === 'login/one-way' && name === 'cities')
    if (!sample) throw new Error('no such sample')
    await look(page, sample)
    expect(await page.locator('[data-find]:visible').count()).toBeGreaterThan(20)
    expect(await page.locator('[data-finds]').isVisible()).toBe(false)
    await context.close()
  })
})
