import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lanOf, ownAddresses } from '../../examples/demo/lan/lan.ts'
import { startDemo, type Demo } from '../../examples/demo/start-demo.ts'
import { freePort } from '../setup/free-port.ts'
import { allow, signIn } from '../setup/person.ts'
import { until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const demoFile = new URL('../../bin/demo.mjs', import.meta.url).pathname
const run = (args: string[], environment: Record<string, string>) =>
  spawnSync(process.execPath, [demoFile, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
  })

describe.skipIf(ownAddresses().length === 0)('npm run demo -- --lan', () => {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-lan-'))
  let demo: Demo

  beforeAll(async () => {
    const portBase = 20_000 + Math.floor((await freePort()) / 4)
    demo = await startDemo({ port: await freePort(), portBase, dataDir: directory, lan: await lanOf('') })
  }, 120_000)
  afterAll(async () => {
    await demo.close()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Whether a client that trusts these authorities accepts the address. */
  const accepts = (address: string, ca: readonly string[]) =>
    new Promise<boolean>((resolve) => {
      const { hostname: host, port } = new URL(address)
      const socket = connect({ host, port: Number(port), ca: [...ca] }, () => {
        resolve(socket.authorized)
        socket.destroy()
      })
      socket.on('error', () => resolve(false))
    })

  it('gives a phone its certificate on a page with the fingerprint of the terminal', async () => {
    const { trustPage = '', fingerprint = '' } = demo.lan ?? {}
    const html = await (await fetch(trustPage)).text()
    expect(html).toContain(fingerprint)
    for (const { url } of demo.portals) expect(html).toContain(`href="${url}"`)
    const answer = await fetch(new URL('/yideng-demo-ca.crt', trustPage))
    expect(answer.headers.get('content-type')).toBe('application/x-x509-ca-cert')
    const authority = new X509Certificate(Buffer.from(await answer.arrayBuffer()))
    expect(authority.fingerprint256).toBe(fingerprint)
    for (const address of [demo.issuer, demo.resource, ...demo.portals.map(({ url }) => url)]) {
      expect(await accepts(address, [authority.toString()]), address).toBe(true)
      expect(await accepts(address, rootCertificates), `${address} without the certificate`).toBe(false)
    }
  })

  it('signs a person in at two portals, and out at both', async () => {
    const [province, city] = demo.portals
    const [person] = demo.people
    if (!province || !city || !person) throw new Error('the demo is not complete')
    const browser = new Visitor(demo.issuer)
    const enter = async (url: string, first: boolean) => {
      const portal = new Visitor(url)
      let page = await browser.get((await portal.get('/login')).leads ?? '')
      if (first) {
        expect(page.headers.get('strict-transport-security')).not.toBeNull()
        page = await signIn(browser, page, person.username, person.password)
        if (!page.leads) page = await allow(browser, page)
      }
      const home = await portal.get(page.leads ?? '')
      expect(home.html).toContain(person.name)
      return portal
    }
    const atProvince = await enter(province.url, true)
    const atCity = await enter(city.url, false)
    const leaving = await atProvince.post('/logout', {}, { origin: province.url })
    await browser.submit(await browser.get(leaving.leads ?? ''), '/logout/confirm', { logout: 'yes' })
    await until(async () => !(await atCity.get('/')).html.includes(person.name))
  })
})

it.each([
  [['--lan'], { NODE_ENV: 'production' }, 'NODE_ENV=production refuses --lan'],
  [['--lan=203.0.113.99'], {}, 'is no address of this machine'],
  [['--wide'], {}, 'The demo knows --lan'],
])('npm run demo refuses %j with %j before it makes anything', (args, environment, words) => {
  const { status, stderr, stdout } = run(args, { YIDENG_DATA_DIR: '/nowhere/demo', ...environment })
  expect([status, stderr]).toEqual([1, expect.stringContaining(words)])
  expect(stdout).toBe('')
})
