import { readSettings } from '../../src/config/settings.ts'
import { loadAssets } from '../../src/pages/assets.ts'
import type { Language } from '../../src/pages/languages.ts'
import { createPages } from '../../src/pages/render.ts'
import { viewFiles } from '../../src/pages/view-files.ts'
import type { Page } from 'playwright-core'

const origin = 'http://pages.test'

/** An operator who has set everything; the numbers are made up. */
export const { operator } = readSettings({
  YIDENG_OPERATOR_NAME: '广东省政务服务和数据管理局',
  YIDENG_SERVICE_NAME: '广东省统一身份认证',
  YIDENG_ICP_NUMBER: '粤ICP备00000000号',
  YIDENG_POLICE_NUMBER: '粤公网安备00000000000000号',
  YIDENG_OFFICIAL_DOMAIN: 'login.gd.gov.cn',
  YIDENG_PRIVACY_CONTACT: 'privacy@gd.gov.cn',
})

const assets = loadAssets()
const views = new Map([...viewFiles(), ['design/components', new URL('components.eta', import.meta.url).pathname]])
const pages = createPages({ assets, operator, views })

/** One page of the server, without the server. */
export interface Look {
  readonly view: string
  readonly data: object
  readonly language?: Language
  readonly elder?: boolean
  /** What a request of the page's scripts gets as JSON, by the end of its path. */
  readonly answers?: Readonly<Record<string, object>>
}

/** Opens a view in a browser with the styles, scripts and pictures that the server sends. */
export async function look(
  page: Page,
  { view, data, language = 'zh-CN', elder = false, answers = {} }: Look,
): Promise<void> {
  const html = pages.render(view, language, data, { nonce: 'n', path: '/', elder })
  const address = `${origin}/views/${view}`
  await page.unrouteAll()
  // a page that leads on by itself stays: 204 leads nowhere, and the scripts that send a form at once are left out
  await page.route('**/*', (route) => {
    const request = route.request()
    if (request.url() === address && request.method() === 'GET')
      return route.fulfill({ contentType: 'text/html; charset=utf-8', body: html })
    const { pathname } = new URL(request.url())
    const [, json] = Object.entries(answers).find(([end]) => pathname.endsWith(end)) ?? []
    if (json) return route.fulfill({ json })
    const asset = assets.assetFor(pathname)
    return asset && !/-(?:qr-look|onward)\.js$/u.test(pathname)
      ? route.fulfill({ contentType: asset.type, body: asset.body })
      : route.fulfill({ status: 204 })
  })
  await page.goto(address)
}

/** Milliseconds in which scripts draw codes and times. */
const settleMs = 200

/** A picture of the whole page. A code is drawn when its place has been seen. */
export async function pictureOf(page: Page): Promise<Buffer> {
  await page.evaluate("document.querySelector('[data-qr]')?.scrollIntoView()")
  await page.waitForTimeout(settleMs)
  await page.evaluate('scrollTo(0, 0)')
  return page.screenshot({ fullPage: true, animations: 'disabled' })
}
