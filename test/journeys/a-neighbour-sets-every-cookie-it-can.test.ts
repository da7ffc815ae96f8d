import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openContext, signInOn } from '../setup/browser.ts'
import { makeCertificate, noOpenssl } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { authenticatorOf } from '../setup/virtual-authenticator.ts'

// without the cookie of the resume: with it the victim would use the result first, and the attacker would get nothing
const names = 'login browser session visitor qr device recovery registration language'.split(' ')
const foreignNames = [...names.map((name) => `yideng_${name}`), '_interaction', '_session']

/** Cookies of the neighbour: all that might count. It then redirects to the login. */
function planted(query: URLSearchParams): string[] {
  const id = query.get('id') ?? ''
  const values = { session: query.get('session') ?? id, browser: query.get('browser') ?? id }
  return foreignNames.flatMap((name) =>
    ['', '__Secure-', '__Host-'].flatMap((prefix) =>
      ['/', `/login/${id}`, `/authorize/${id}`].flatMap((path) => {
        const value = name === 'yideng_browser' ? values.browser : name === 'yideng_session' ? values.session : id
        const pair = `${prefix}${name}=${value}; Path=${path}; Secure; HttpOnly`
        return [`${pair}; Domain=yideng.test`, `${pair}; Domain=login.yideng.test`, pair]
      }),
    ),
  )
}

const bomb = Array.from(
  { length: 5 },
  (_, index) => `bomb${index}=${'x'.repeat(3900)}; Domain=yideng.test; Path=/; Secure`,
)

describe.skipIf(cannotRun('browser') || noOpenssl)('a neighbour of the login, over https', () => {
  let server: RunningServer
  let browser: Browser
  let login: string
  let evil: string

  beforeAll(async () => {
    const port = await freePort()
    login = `https://login.yideng.test:${port}`
    evil = `https://evil.yideng.test:${port}`
    server = await startServer({ YIDENG_ISSUER: login })
    const { key, cert } = makeCertificate()
    // a proxy for the server, and the neighbour on the same port
    const tls = { key: readFileSync(key), cert: readFileSync(cert), maxHeaderSize: 64 * 1024 }
    const front = createServer(tls, (asked, answer) => {
      const url = new URL(asked.url ?? '/', `https://${asked.headers.host}`)
      if (url.hostname === 'evil.yideng.test') {
        const cookies = url.pathname === '/bomb' ? bomb : planted(url.searchParams)
        const to = url.searchParams.get('to') ?? `/login/${url.searchParams.get('id')}`
        answer.writeHead(302, { 'set-cookie': cookies, location: `${login}${to}` }).end()
        return
      }
      const { method = 'GET', url: path, headers } = asked
      const passed = request({ port: server.environment['PORT'], method, path, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
      })
      passed.on('error', () => answer.destroy())
      asked.pipe(passed)
    })
    await new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve))
    browser = await launchBrowser(['--ignore-certificate-errors', '--host-resolver-rules=MAP *.yideng.test 127.0.0.1'])
    return () => void front.close()
  })
  afterAll(() => browser.close())

  /** The attacker's client: calls the server as the proxy does, and keeps its cookies. */
  function attacker() {
    const cookies = new Map<string, string>()
    const ask = (path: string) =>
      new Promise<{ status: number; location: string; text: string }>((resolve, reject) => {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const headers = { host: new URL(login).host, accept: 'text/html', cookie }
        request({ port: server.environment['PORT'], path, headers }, (answer) => {
          for (const line of answer.headers['set-cookie'] ?? []) {
            const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
            cookies.set(name, value)
          }
          let text = ''
          answer.setEncoding('utf8').on('data', (part: string) => (text += part))
          const location = answer.headers.location ?? ''
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, location, text }))
        })
          .on('error', reject)
          .end()
      })
    return { cookies, ask }
  }

  /** The address of a login that the attacker began. */
  async function begun() {
    const { cookies, ask } = attacker()
    const authorize = await ask('/account')
    const { location } = await ask(authorize.location.replace(login, ''))
    const id = location.split('/').at(-1) ?? ''
    expect(id).toMatch(/^[\w-]{20,}$/)
    return { cookies, ask, id }
  }

  /** Whether the attacker gets a session by this login or by any cookie. */
  async function comesIn({ ask, id }: Awaited<ReturnType<typeof begun>>): Promise<boolean> {
    for (let path = `/authorize/${id}`, steps = 0; path && steps < 5; steps += 1) {
      const { location } = await ask(path)
      path = location.replace(login, '')
    }
    return (await ask('/account')).status === 200
  }

  it.each(['password', 'passkey'])(
    'gains nothing when a person signs in by %s; the person sees a message and can continue',
    async (way) => {
      const person = await openPerson(await server.services())
      const { context, complaints } = await openContext(browser)
      const page = await context.newPage()
      await authenticatorOf(page)
      if (way === 'passkey') {
        await page.goto(`${login}/account`)
        await signInOn(page, person)
        await page.goto(`${login}/account/passkey/add`)
        await page.locator('[data-passkey=create] button').click()
        await page.waitForURL(/done=added/)
        await context.clearCookies()
      }
      /** Signs in if the page asks. With conditional UI the authenticator may have answered already. */
      const proves = async () => {
        if (way === 'password') await signInOn(page, person)
        else
          await page
            .locator('[data-passkey=get] button')
            .click({ timeout: 5000 })
            .catch(() => undefined)
        await page.waitForLoadState()
      }

      const theirs = await begun()
      const query = new URLSearchParams({
        id: theirs.id,
        browser: theirs.cookies.get('__Host-yideng_browser') ?? '',
      })
      await page.goto(`${evil}/plant?${query.toString()}`)
      expect(page.url()).toContain(`/login/${theirs.id}`)
      // the trap: a person who signs in on this page signs the attacker in
      if (await page.locator('[name=password]').count()) {
        await proves()
        await page.waitForTimeout(1000)
      }
      expect(await comesIn(theirs)).toBe(false)
      await page.goto(`${login}/login/${theirs.id}`)
      expect(await page.locator('h1').innerText()).toBe('这次登录已经过期')

      await page.getByRole('link', { name: '选一个门户，重新登录' }).click()
      await page.goto(`${login}/account`)
      await page.waitForURL(/\/login\//)
      await proves()
      await page.waitForURL(`${login}/account`)
      expect(await comesIn(theirs)).toBe(false)
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  it('fills the browser with cookies: a page explains it, and its button clears them', async () => {
    const { context, complaints } = await openContext(browser)
    const page = await context.newPage()
    const answer = await page.goto(`${evil}/bomb?to=/account`)
    expect(answer?.status()).toBe(431)
    expect(await page.locator('h1').innerText()).toBe('这个浏览器里的网站记录太多了')
    await page.getByRole('button', { name: '清除记录' }).click()
    await page.getByRole('heading', { name: '记录已经清除' }).waitFor()
    expect((await context.cookies()).filter(({ name }) => name.startsWith('bomb'))).toEqual([])
    await page.getByRole('link', { name: '到一登首页' }).click()
    await page.waitForURL(`${login}/`)
    expect(complaints).toEqual([])
    await context.close()
  })
})
