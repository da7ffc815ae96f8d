import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../src/admin/check/browser.ts'
import type { Client } from '../../src/clients/clients.ts'
import type { Services } from '../../src/services.ts'
import { afterFile } from '../setup/after-file.ts'
import { makeCertificate, noOpenssl } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { build, builtFirst } from './build.ts'
import { oldExamples, type OldExample } from './old-examples.ts'
import { startProgram } from './program.ts'
import { leave, letters } from './running.ts'
import { yideng } from './yideng.ts'

let server: RunningServer
let services: Services
/** Settings of a portal that validates over TLS alone: a front with a certificate of its own. */
let tls: Record<string, string>
beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  tls = noOpenssl ? {} : await startTls(server.issuer)
})

async function startTls(issuer: string): Promise<Record<string, string>> {
  const { key, cert } = makeCertificate()
  chmodSync(dirname(cert), 0o755)
  const front = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (asked, answer) => {
    const { host } = new URL(issuer)
    const inner = request(new URL(asked.url ?? '/', issuer), { headers: { ...asked.headers, host } }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers)
      found.pipe(answer)
    })
    inner.on('error', () => answer.destroy()).end()
  })
  const port = await freePort()
  await new Promise<void>((resolve) => front.listen(port, 'localhost', resolve))
  afterFile(() => void front.close())
  return { CA: cert, VALIDATE: `https://localhost:${port}/cas/p3/serviceValidate` }
}

interface Portal {
  example: OldExample
  url: string
  client: Client
  stop(): Promise<void>
}

/** Registers an old portal by command, and starts it. */
async function start(example: OldExample, directory: string): Promise<Portal> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const lastDay = new Date(Date.now() + 86_400_000 * 30).toISOString().slice(0, 10)
  const named = ['--json', '--name', `老门户${letters()}`, '--scope', 'openid profile']
  const words = [...named, '--legacy', 'cas', '--legacy-until', lastDay]
  const created = yideng(
    server,
    'client',
    'create',
    ...words,
    ...example.services.flatMap((path) => ['--redirect-uri', url + path]),
    ...(example.signedOut ?? []).flatMap((path) => ['--post-logout-redirect-uri', url + path]),
  )
  const client = await services.clients.find((JSON.parse(created) as { client_id: string }).client_id)
  if (!client) throw new Error(`no portal was made: ${created}`)
  const program = await startProgram(example.start(directory), {
    url: url + example.home,
    directory,
    settings: {
      CAS: `${server.issuer}/cas`,
      PORT: String(port),
      ...(example.onlyTls ? tls : {}),
      ...example.settings?.(directory),
    },
  })
  return { example, url, client, stop: program.stop }
}

function readable({ asOther }: OldExample, directory: string): string {
  if (!asOther) return directory
  const copy = mkdtempSync(join(tmpdir(), 'yideng-portal-'))
  afterFile(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(directory, copy, { recursive: true })
  chmodSync(copy, 0o755)
  return copy
}

/** Begins at the portal, signs in at Yideng, and returns. */
async function signInAt({ example, url }: Portal, decision = 'allow') {
  const person = await openPerson(services, { name: '张三' })
  const browser = new Browser(Date.now)
  const led = await leave(browser, server, url + String(example.services[0]))
  const visitor = new Visitor(server.issuer)
  let page = await signIn(visitor, await visitor.get(led), person.username)
  if (!page.leads) page = await visitor.submit(page, '/consent', { decision })
  return { browser, visitor, page: page.leads && (await browser.open(page.leads.href)), last: page }
}

const greets = async (browser: Browser, { url, example }: Portal) => {
  const { text, status } = await browser.open(url + example.home, (address) => !address.startsWith(url))
  return status === 200 && text.includes('您好，张三')
}

describe.each(builtFirst(oldExamples))('$name', (example) => {
  let portal: Portal | undefined
  let why = ''
  beforeAll(async () => {
    const built = await build(example)
    why = 'notRun' in built ? built.notRun : example.onlyTls && noOpenssl ? 'this machine has no openssl' : ''
    if ('directory' in built && why === '') portal = await start(example, readable(example, built.directory))
  }, 1_200_000)
  afterAll(() => portal?.stop())

  const testOf = (title: string, act: (there: Portal) => Promise<void>) =>
    it(title, (context) => (portal ? act(portal) : context.skip(why)))

  testOf('signs a person in and shows the name, an attribute', async (there) => {
    const { browser, page } = await signInAt(there)
    expect(await greets(browser, there), `${page?.url} (${page?.status}) ${page?.text}`).toBe(true)
    expect(page?.url).not.toContain('ticket=')
    expect(await greets(new Browser(Date.now), there)).toBe(false)
  })

  testOf('signs nobody in who said No', async (there) => {
    const { browser } = await signInAt(there, 'deny')
    expect(await greets(browser, there)).toBe(false)
  })

  testOf('ends its session when the person signs out at Yideng', async (there) => {
    const { browser, visitor } = await signInAt(there)
    expect(await greets(browser, there)).toBe(true)
    await visitor.submit(await visitor.get('/logout'), '/logout/confirm', { logout: 'yes' })
    await until(async () => !(await greets(browser, there)))
  })

  const { signOut } = example
  if (signOut !== undefined)
    testOf('signs out at Yideng too, and gets the person back', async (there) => {
      const { browser, visitor } = await signInAt(there)
      let page = await visitor.get(await leave(browser, server, there.url + signOut))
      if (!page.leads) page = await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
      expect(page.leads?.href).toBe(there.url + String((example.signedOut ?? example.services)[0]))
      expect(await greets(browser, there)).toBe(false)
      const again = await visitor.get(await leave(browser, server, there.url + String(example.services[0])))
      expect(again.html).toContain('name="identifier"')
    })

  testOf('signs nobody in while it is suspended', async (there) => {
    await services.clients.setStatus(there.client.id, 'suspended', 'administrator:test')
    const led = await leave(new Browser(Date.now), server, there.url + String(example.services[0]))
    // the server sees a change of another process within two seconds
    const isPaused = async () => (await new Visitor(server.issuer).get(led)).status >= 400
    await until(isPaused)
    await services.clients.setStatus(there.client.id, 'active', 'administrator:test')
    await until(async () => !(await isPaused()))
    expect(await greets((await signInAt(there)).browser, there)).toBe(true)
  })
})
