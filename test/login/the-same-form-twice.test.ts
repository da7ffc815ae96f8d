import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { csrfOf } from '../setup/room.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { loginForms, type Asked } from './login-forms.ts'
import { proofForms } from './proof-forms.ts'

let server: RunningServer
let services: Services

let kiosk: TestPortal

beforeAll(async () => {
  const wide = {
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
    YIDENG_QR_ADDRESS_CREATIONS: '100000',
  }
  server = await startServer({ YIDENG_TRUST_PROXY: 'true', ...wide })
  services = await server.services()
  kiosk = await registerPortal(services, { consent: 'implicit' })
  await server.kill('SIGINT')
  server.environment['YIDENG_FACE_KIOSKS'] = kiosk.clientId
  await server.restart()
})

const twins = (visitor: Visitor) => {
  const copy = new Visitor(server.issuer)
  copy.cookies = [...visitor.cookies]
  return copy
}

const send = ({ page, step, fields = {} }: Asked, visitor: Visitor) =>
  visitor.post(`${page.url.pathname}/${step}`, { csrf: csrfOf(page), ...fields })

const untrue = /(?<=<h1>)(?:这次登录已经过期|我们这里出了问题)/

/** The next question, the portal, or a page that says that the step is done. */
function expectGood(page: Page, what: string) {
  expect({ what, status: page.status, said: untrue.exec(page.html)?.[0] }).toMatchObject({
    status: page.leads ? 303 : 200,
    said: undefined,
  })
}

const codeOf = (page: Page) => page.leads?.searchParams.get('code') ?? undefined

describe.each([...loginForms, ...proofForms(() => kiosk)])('$form', ({ ask }) => {
  it.each([0, 10, 80])('twice, %d ms apart, in one browser', async (gapMs) => {
    const asked = await ask({ server, services })
    const first = send(asked, asked.visitor)
    await new Promise((resolve) => setTimeout(resolve, gapMs))
    const pages = await Promise.all([first, send(asked, asked.visitor)])
    for (const [index, page] of pages.entries()) expectGood(page, `answer ${index + 1}`)
    expect(pages.filter((page) => codeOf(page) !== undefined).length).toBeLessThanOrEqual(1)
  })

  it('twice, where the browser never got the first answer', async () => {
    const asked = await ask({ server, services })
    const lost = twins(asked.visitor)
    lost.follows = false
    await send(asked, lost)
    expectGood(await send(asked, asked.visitor), 'second answer')
  })

  it('once more after the first went on, and its page by Back and reload', async () => {
    const asked = await ask({ server, services })
    const first = await send(asked, asked.visitor)
    expectGood(first, 'first answer')
    expectGood(await send(asked, asked.visitor), 'the form once more')
    expectGood(await asked.visitor.get(asked.page.url), 'Back')
    expectGood(await asked.visitor.get(`/authorize/${asked.page.url.pathname.split('/')[2]}`), 'the resume once more')
    const stranger = await new Visitor(server.issuer).get(asked.page.url)
    expect({ status: stranger.status, said: untrue.exec(stranger.html)?.[0] }).toEqual({
      status: 400,
      said: '这次登录已经过期',
    })
  })
})
