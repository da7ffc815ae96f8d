import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { desktop, openContext, signInOn, useBrowser } from '../setup/browser.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'

const listeners: Server[] = []
afterAll(() => listeners.forEach((listener) => listener.close()))

/** A portal that sends each answer on to an application on another origin, as a gateway does. */
async function gateway() {
  const [port, elsewhere] = [await freePort(), await freePort()]
  for (const [at, answer] of [
    [port, true],
    [elsewhere, false],
  ] as const) {
    const listener = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? '', 'http://localhost')
      response.setHeader('content-type', 'text/html')
      if (answer && pathname !== '/')
        response.writeHead(302, { location: `http://127.0.0.1:${elsewhere}/app${search}` })
      response.end('<h1>portal</h1>')
    })
    listeners.push(listener)
    await new Promise<void>((resolve) => listener.listen(at, () => resolve()))
  }
  return { origin: `http://localhost:${port}`, app: `http://127.0.0.1:${elsewhere}/app` }
}

describe.skipIf(cannotRun('browser'))('in Chromium, an answer', () => {
  const browser = useBrowser()
  let server: RunningServer
  let services: Services

  beforeAll(async () => {
    server = await usualServer()
    services = await server.services()
  })

  async function arrive(settings: object = {}) {
    const person = await openPerson(services)
    const { origin, app } = await gateway()
    const portal = await registerPortal(services, {
      consent: 'implicit',
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [`${origin}/bye`],
    })
    const { context, complaints } = await openContext(browser(), { ...desktop, ...settings })
    const addressOf = async () => {
      const { url } = await portal.begin()
      url.searchParams.set('redirect_uri', `${origin}/callback`)
      return url.href
    }
    return { person, portal, origin, app, context, complaints, addressOf }
  }

  it.each([true, false])(
    'of a form reaches a portal that redirects to another origin, at sign-in and sign-out (scripts: %s)',
    async (javaScriptEnabled) => {
      const { person, portal, app, origin, context, complaints, addressOf } = await arrive({ javaScriptEnabled })
      const page = await context.newPage()
      await page.goto(await addressOf())
      await signInOn(page, person)
      await page.waitForURL(`${app}?*`)
      expect(new URL(page.url()).searchParams.get('code')).toBeTypeOf('string')
      await page.goto(
        `${server.issuer}/logout?client_id=${portal.clientId}&post_logout_redirect_uri=${origin}/bye&state=s`,
      )
      await page.locator('button[name=logout]').click()
      await page.waitForURL(`${app}?state=s`)
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  it('reaches the page that opened the popup: its opener stays, with a form and without', async () => {
    const { person, origin, app, context, addressOf } = await arrive()
    const page = await context.newPage()
    for (const hasSession of [false, true]) {
      await page.goto(`${origin}/`)
      const opened = page.waitForEvent('popup')
      await page.evaluate(`void (window.opened = window.open(${JSON.stringify(await addressOf())}))`)
      const popup = await opened
      if (!hasSession) await signInOn(popup, person)
      await popup.waitForURL(`${app}?*`)
      expect(await popup.evaluate('window.opener !== null')).toBe(true)
      expect(await page.evaluate('window.opened.closed')).toBe(false)
      await popup.close()
    }
    await context.close()
  })

  it('by POST from another site finds the session of the browser', async () => {
    const { person, app, origin, context, addressOf } = await arrive()
    const page = await context.newPage()
    await page.goto(await addressOf())
    await signInOn(page, person)
    await page.waitForURL(`${app}?*`)
    // 127.0.0.1 and localhost are different sites
    await page.goto(app)
    const fields = [...new URL(await addressOf()).searchParams]
    await page.evaluate(`(() => {
      const form = document.body.appendChild(document.createElement('form'))
      Object.assign(form, { method: 'post', action: ${JSON.stringify(`${server.issuer}/authorize`)} })
      for (const [name, value] of ${JSON.stringify(fields)})
        form.append(Object.assign(document.createElement('input'), { name, value }))
      form.submit()
    })()`)
    await page.waitForURL(`${app}?*code=*`)
    expect(origin).toContain('localhost')
    await context.close()
  })
})
