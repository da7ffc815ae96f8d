import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { look } from '../design/site.ts'
import { chromiumPath } from '../setup/chromium.ts'

let browser: Browser
let page: Page
let posted: URLSearchParams[]

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
})
afterAll(() => browser.close())

beforeEach(async () => {
  posted = []
  page = await browser.newPage()
  page.on('request', (request) => {
    if (request.method() === 'POST') posted.push(new URLSearchParams(request.postData() ?? ''))
  })
})

/** Opens the form inside an app with this bridge, and sends it. */
async function send(bridge: string, oneTap = true) {
  await page.addInitScript(bridge)
  const data = { oneTap, documents: [{ type: 'resident_id', hint: '', example: '' }], phoneCodes: ['86'], problems: {} }
  const values = { name: '', document_type: 'resident_id', document_number: '', phone: '13800138000', phone_code: '86' }
  const step = {
    ...data,
    values,
    action: '/register',
    csrf: 'c',
    late: false,
    seconds: 3600,
    until: Date.UTC(2027, 0, 1),
  }
  await look(page, { view: 'register/who', data: step })
  await page.getByRole('button', { name: '下一步' }).click()
  await expect.poll(() => posted.length).toBe(1)
  return posted[0]
}

it('fills in the token of the app around the page, once', async () => {
  const form = await send('window.yidengOneTap = { kind: "app", token: async () => "T-1" }')
  expect([form?.get('carrier_token'), form?.get('carrier_kind'), form?.get('phone')]).toEqual([
    'T-1',
    'app',
    '13800138000',
  ])
})

it.each([
  ['without an app', ''],
  [
    'where the app has no mobile network',
    'window.yidengOneTap = { token: () => Promise.reject(new Error("no network")) }',
  ],
  ['where the app throws', 'window.yidengOneTap = { token() { throw new Error("no SDK") } }'],
  ['where the app has no token', 'window.yidengOneTap = { token: async () => undefined }'],
])('sends the form all the same %s', async (_what, bridge) => {
  expect((await send(bridge))?.get('carrier_token')).toBe('')
})
