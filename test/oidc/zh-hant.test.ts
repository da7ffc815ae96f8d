import { beforeAll, describe, expect, it } from 'vitest'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import type { Services } from '../../src/services.ts'
import { simplifiedIn, withoutSwitch } from '../pages/simplified-only.ts'
import { password, residentId } from '../setup/people.ts'
import { allow, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const key = /[>"\s](account|common|consent|errors|login|notices|problems|refusals|register|ways)\.[a-z]\w+/

function expectTraditional(page: Page, title: string): void {
  const where = `${page.url.pathname} (${page.status})`
  expect(page.html, where).toContain('<html lang="zh-Hant"')
  expect(page.html.match(/<title>([^<]*) — 一登<\/title>/)?.[1], where).toBe(title)
  expect(simplifiedIn(withoutSwitch(page.html)), where).toBe('')
  expect(page.html, where).not.toMatch(key)
}

/** Every page under /account that a page links to, each kind once. */
async function accountPages(visitor: Visitor): Promise<Page[]> {
  const found = new Map<string, Page>()
  const waiting = ['/account']
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const kind = path.replaceAll(/[0-9a-f-]{24,}/g, ':id')
    if (found.has(kind)) continue
    const page = await visitor.get(path)
    found.set(kind, page)
    waiting.push(...[...page.html.matchAll(/<a (?!download)[^>]*href="(\/account[^"?#]*)"/g)].map(([, to = '']) => to))
  }
  return [...found.values()].filter(({ headers }) => headers.get('content-type')?.startsWith('text/html'))
}

describe('a person from Hong Kong', () => {
  const person = { name: '何美心', number: residentId('44030019620417011') }

  const fields = {
    name: person.name,
    document_type: 'resident_id',
    document_number: person.number,
    phone: '13900139011',
    username: 'meisum',
    password,
    password_again: password,
    consent: 'yes',
  }

  it('registers, agrees, signs in and sees the account in Traditional Chinese only', async () => {
    const entry = { documentType: 'resident_id', documentNumber: person.number, nameKey: matchKey(person.name) }
    await services.database.transaction().execute((transaction) => services.register.add(transaction, [entry]))
    const portal = await registerPortal(services, {
      name: '南山站',
      organisation: '南山局',
      region: '440305',
      scope: 'openid profile phone identity',
    })
    const visitor = new Visitor(server.issuer, { 'accept-language': 'zh-HK,zh;q=0.9,en;q=0.8' })

    const begun = await portal.begin()
    const first = await visitor.get(begun.url)
    expectTraditional(first, '登入南山站')
    const form = await visitor.get(`${first.url.pathname}/register`)
    expectTraditional(form, '註冊一登帳戶')
    const wrong = await visitor.submit(form, '/register', { ...fields, document_number: '1', phone: '2', consent: '' })
    expectTraditional(wrong, '請更正：註冊一登帳戶')
    const registered = await visitor.submit(wrong, '/register', fields)
    expectTraditional(registered, '註冊完成')
    const asked = await visitor.submit(registered, '/registered', {})
    expectTraditional(asked, '是否同意南山站使用您的資料')
    expect(asked.html).toContain('南山局，南山區')
    await begun.finish(await allow(visitor, asked))

    const pages = await accountPages(visitor)
    expect(pages.length).toBeGreaterThan(12)
    for (const page of pages)
      expectTraditional(page, page.html.match(/<title>([^<]*) — 一登<\/title>/)?.[1] ?? 'no title')
    const titles = pages.map(({ html }) => html.match(/<title>([^<]*) —/)?.[1])
    expect(titles).toEqual(expect.arrayContaining(['我的一登帳戶', '登入記錄', '安全通知', '通行密鑰', 'QR 碼登入']))

    for (const [path, title] of [
      ['/', '一個帳戶，辦全省的事'],
      ['/privacy', '隱私說明'],
      ['/recover', '忘記密碼'],
      ['/nowhere', '沒有這個頁面'],
      [`/logout?client_id=${portal.clientId}`, '登出'],
    ] as const)
      expectTraditional(await visitor.get(path), title)
  })

  it('reads a refusal and a notice in Traditional Chinese', async () => {
    const visitor = new Visitor(server.issuer, { 'accept-language': 'zh-TW' })
    const refused = await signIn(visitor, await visitor.get('/account'), 'meisum', 'not this one')
    expectTraditional(refused, '請更正：登入我的一登帳戶')
    expect(refused.html).toContain('帳戶或密碼不正確')
    await signIn(visitor, refused, 'meisum')
    const notices = await visitor.get('/account/notices')
    expectTraditional(notices, '安全通知')
    expect(notices.html).toContain('有一部新裝置登入了您的帳戶')
  })
})
