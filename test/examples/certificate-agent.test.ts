import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { password, residentId } from '../setup/people.ts'
import { afterFile } from '../setup/after-file.ts'
import { openContext, signInOn, useBrowser } from '../setup/browser.ts'
import { textOn } from '../setup/certificate-login.ts'
import { noOpenssl } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const root = new URL('../../', import.meta.url)
const number = residentId('44030019560312099')

describe.skipIf(noOpenssl)('the example of a program that signs', () => {
  let server: RunningServer
  let portal: TestPortal
  let agent: string
  let running: ChildProcess

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'yideng-agent-'))
    afterFile(() => rmSync(directory, { recursive: true, force: true }))
    execFileSync('sh', ['examples/certificate-agent/make-certificates.sh', directory, '陈大文', number], {
      cwd: root,
      stdio: 'pipe',
    })
    const port = await freePort()
    agent = `http://127.0.0.1:${port}`
    const file = join(directory, 'cas.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('http://127.0.0.1:18900', agent))
    server = await startServer({ YIDENG_CERT_CAS: file })
    const argv = [server.issuer, join(directory, 'person.pem'), join(directory, 'person.key'), String(port), '--yes']
    running = spawn(process.execPath, ['examples/certificate-agent/agent.mjs', ...argv], { cwd: root })
    afterFile(() => running.kill())
    await new Promise<void>((resolve, reject) => {
      running.stdout?.once('data', () => resolve())
      running.once('exit', () => reject(new Error('the program ended')))
    })
    const services = await server.services()
    portal = await registerPortal(services, { consent: 'implicit' })
    await openPerson(services, { number, username: 'agentuser' })
  })

  const ask = (origin: string, body: string, method = 'POST') =>
    fetch(`${agent}/yideng/sign`, { method, headers: { origin }, ...(method === 'POST' ? { body } : {}) })

  it('signs with SM2 for the page that the text names, and for no other', async () => {
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const { pathname } = (await visitor.get(begun.url)).url
    const page = await visitor.get(`${pathname}?way=certificate`)
    const text = textOn(page)
    for (const [origin, given, status] of [
      ['https://evil.example', text, 403],
      [server.issuer, text.replace(server.issuer, 'https://other.example'), 400],
      [server.issuer, 'any text', 400],
      [server.issuer, `${text}\nmore`, 400],
    ] as const)
      expect((await ask(origin, JSON.stringify({ text: given }))).status).toBe(status)
    expect((await ask('https://evil.example', '', 'OPTIONS')).headers.get('access-control-allow-origin')).toBeNull()
    const answer = await ask(server.issuer, JSON.stringify({ text }))
    expect(answer.status).toBe(200)
    const note = await visitor.submit(page, '/certificate', { answer: await answer.text() })
    expect(note.html).toContain('证书已经验证')
  })

  describe.skipIf(cannotRun('browser'))('in a browser', () => {
    const browser = useBrowser()

    it('binds by one press and one more sign-in, then signs in by one press', async () => {
      const { context, complaints } = await openContext(browser())
      const page = await context.newPage()
      const atCertificate = async () => {
        await page.goto((await portal.begin()).url.href)
        await page.locator('a[href$="way=certificate"]').click()
      }
      await page.route(`${portal.redirectUri}**`, (route) => route.fulfill({ body: 'portal' }))
      await atCertificate()
      await page.locator('[data-certificate] button').click()
      await page.getByText('证书已经验证').waitFor()
      await signInOn(page, { username: 'agentuser', password: password })
      await page.locator('button[value=bind]').click()
      await page.getByText('portal').waitFor()
      await context.clearCookies()
      await atCertificate()
      await page.locator('[data-certificate] button').click()
      await page.getByText('portal').waitFor()
      expect(page.url()).toContain('code=')
      expect(complaints).toEqual([])
      // without the program the page shows a sentence, and its form stays
      running.kill()
      await context.clearCookies()
      await atCertificate()
      await page.locator('[data-certificate] button').click()
      await page.locator('[data-told=none]:not([hidden])').waitFor()
      await page.locator('summary', { hasText: '自己签名' }).click()
      expect(await page.locator('textarea[name=answer]').isVisible()).toBe(true)
      await context.close()
    })
  })
})
