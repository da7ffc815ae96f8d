import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import type { Page, Visitor } from '../setup/visitor.ts'
import { roomForms } from './room-forms.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_ORGANISATION_LEVEL: '3',
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_QR_ADDRESS_CREATIONS: '100000',
  })
  services = await server.services()
})

const at = ({ url }: Page) => url.pathname + url.search

/** The page with the form: a page links to the question before something is taken away. */
async function withForm(visitor: Visitor, page: Page, action: string): Promise<Page> {
  const target = RegExp.escape(action)
  if (new RegExp(`<form[^>]*action="[^"]*${target}"`).test(page.html)) return page
  const link = new RegExp(`href="([^"]*${target})"`).exec(page.html)?.[1]
  return link === undefined ? page : visitor.get(link)
}

describe.each(roomForms)('$route', ({ fill, leads }) => {
  it.each([0, 40])('twice, %d ms apart, and once more later', async (gapMs) => {
    const { visitor, page: begun, action, fields = {} } = await fill({ server, services })
    const page = await withForm(visitor, begun, action)
    const first = visitor.submit(page, action, fields)
    await new Promise((resolve) => setTimeout(resolve, gapMs))
    const pages = await Promise.all([first, visitor.submit(page, action, fields)])
    pages.push(await visitor.submit(page, action, fields))
    const [target = ''] = pages.map(at)
    // the page after a sign-out has an address for each way to it
    const same = target.startsWith('/logout/') ? leads : new RegExp(`^${RegExp.escape(target)}$`)
    for (const one of pages) {
      expect(one.status, at(one)).toBe(200)
      expect(at(one)).toMatch(leads)
      expect(at(one)).toMatch(same)
    }
  })
})
