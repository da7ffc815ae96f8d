import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { openContext, useBrowser } from '../../setup/browser.ts'
import { cannotRun } from '../../setup/parts.ts'

describe.skipIf(cannotRun('browser'))('the page of the report', () => {
  const browser = useBrowser()

  it.each(['zh-CN', 'en'])('cuts no text off at 320 pixels, in %s', async (language) => {
    const line = commandLine()
    await line.json('keys', 'list')
    const file = join(line.directory, 'report.html')
    expect((await line.yideng('mipin', 'report', '--html', file, '--language', language)).code).toBe(0)
    const { context } = await openContext(browser(), { viewport: { width: 320, height: 740 } })
    const page = await context.newPage()
    await page.goto(`file://${file}`)
    // a sheet hides what is wider than itself
    const cut = await page
      .locator('body, body *')
      .evaluateAll((all) =>
        all.filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0).map((one) => one.textContent),
      )
    expect(cut).toEqual([])
    await context.close()
  })
})
