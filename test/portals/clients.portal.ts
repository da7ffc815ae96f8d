import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Browser } from '../../src/admin/check/browser.ts'
import { Visitor } from '../setup/visitor.ts'
import { build, builtFirst } from './build.ts'
import { examples } from './examples.ts'
import { greets, leave, signOutEverywhere, start, takenFaults, signInAt, type Portal } from './running.ts'
import { yideng } from './yideng.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
})

describe.each(builtFirst(examples))('$name', (example) => {
  let place: Parameters<typeof start>[0] | undefined
  let portal: Portal | undefined
  let why = ''

  beforeAll(async () => {
    const built = await build(example)
    if ('notRun' in built) {
      why = built.notRun
      return
    }
    place = { example, directory: built.directory, server, services }
    portal = await start(place)
  }, 1_200_000)
  afterAll(() => portal?.stop())

  /** A test of the running portal; skipped with the reason where it does not run. */
  const testOf = (title: string, act: (here: NonNullable<typeof place>, there: Portal) => Promise<void>) =>
    it(title, async (context) => {
      if (!place || !portal) return context.skip(why)
      return act(place, portal)
    })

  testOf('signs a person in and shows the name', async (here, there) => {
    const { browser, page } = await signInAt(here, there)
    expect(await greets(browser, there, example), `${page.url} (${page.status}) ${page.text}`).toBe(true)
    expect(await greets(new Browser(Date.now), there, example)).toBe(false)
  })

  testOf('signs nobody in who said No', async (here, there) => {
    const { browser, page } = await signInAt(here, there, 'deny')
    expect(page.way[0]).toContain('error=access_denied')
    expect(page.url.startsWith(there.url), page.url).toBe(true)
    expect(await greets(browser, there, example)).toBe(false)
  })

  const { refresh, signOut, backchannel } = example
  if (refresh)
    testOf('gets new tokens by the refresh token, each once', async (here, there) => {
      const { browser } = await signInAt(here, there)
      expect(await browser.open(there.url + refresh)).toMatchObject({ status: 200, text: 'refreshed' })
      expect(await browser.open(there.url + refresh)).toMatchObject({ status: 200, text: 'refreshed' })
    })

  if (signOut)
    testOf('signs out at Yideng too', async (here, there) => {
      const { browser, visitor } = await signInAt(here, there)
      const { path } = signOut
      const { issuer } = server
      const begins = typeof path === 'string' ? path : path({ url: there.url, issuer, clientId: there.client.id })
      let page = await visitor.get(await leave(browser, server, there.url + begins))
      if (!page.leads) page = await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
      expect(page.leads?.href).toMatch(new RegExp(`^${there.url}${signOut.signedOut}`))
      expect(await greets(browser, there, example)).toBe(false)
      const again = await visitor.get(await leave(browser, server, there.url + example.login))
      expect(again.html).toContain('name="identifier"')
    })

  if (backchannel)
    testOf('ends its session when the person signs out at Yideng', async (here, there) => {
      const seen = await signInAt(here, there)
      expect(await greets(seen.browser, there, example)).toBe(true)
      await signOutEverywhere(seen)
      await until(async () => !(await greets(seen.browser, there, example)))
    })

  testOf('signs people in after the signing keys changed at once', async (here, there) => {
    if (example.keysSeconds !== undefined) await sleep(example.keysSeconds * 1000)
    yideng(server, 'keys', 'rotate', '--now')
    const { browser } = await signInAt(here, there)
    expect(await greets(browser, there, example)).toBe(true)
  })

  testOf('signs nobody in while it is suspended', async (here, there) => {
    const before = await signInAt(here, there)
    await services.clients.setStatus(there.client.id, 'suspended', 'administrator:test')
    if (refresh) expect((await before.browser.open(there.url + refresh)).text).not.toContain('refreshed')
    const visitor = new Visitor(server.issuer)
    const refused = await visitor.get(await leave(new Browser(Date.now), server, there.url + example.login))
    expect(refused.status).toBe(400)
    await services.clients.setStatus(there.client.id, 'active', 'administrator:test')
    const { browser } = await signInAt(here, there)
    expect(await greets(browser, there, example)).toBe(true)
  })

  testOf('refuses faulty answers', async (here) => {
    expect(await takenFaults(here)).toEqual(example.takes ?? [])
  })
})
