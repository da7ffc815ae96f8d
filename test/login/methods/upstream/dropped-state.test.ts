import { beforeAll, expect, it } from 'vitest'
import { openPerson, typePassword } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { anna, bert } from '../../../setup/upstreams/kinds.ts'
import { upstreamsFile } from '../../../setup/upstreams/open.ts'
import { startTif, tifRow, type FakePerson } from '../../../setup/upstreams/tif.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let portal: TestPortal
let tif: Awaited<ReturnType<typeof startTif>>

beforeAll(async () => {
  tif = await startTif()
  const row = tifRow(tif)
  const dropped = { ...row, options: { ...row.options, state: 'dropped' } }
  server = await startServer({
    YIDENG_UPSTREAMS: upstreamsFile([dropped], { 'tif-secret': 'tif-secret' }),
    YIDENG_ADDRESS_TRIES: '100000',
  })
  portal = await registerPortal(await server.services(), { consent: 'implicit', subject_type: 'public' })
})

/** Begins at the system. @returns where the system sends this browser */
async function back(visitor: Visitor, who: FakePerson) {
  tif.visitedBy(who)
  const begun = await portal.begin()
  const page = await visitor.get(begun.url)
  const { leads } = await visitor.submit(page, '/upstream/tif/start', {})
  const answer = await fetch(leads ?? 'none:', { redirect: 'manual' })
  return { path: page.url.pathname, code: answer.headers.get('location') ?? '' }
}

const numberLess = { ...bert, subject: 'nobody-else', level: 'L2', number: '' }

it.each([
  ['with a number that it has not proven', { ...anna, subject: 'one', level: 'L1' }, false],
  ['with the number of another person', { ...anna, subject: 'two', level: 'L2' }, false],
  ['without a number', numberLess, false],
  ['with the number of the person', { ...anna, subject: 'three', level: 'L2' }, true],
] as const)(
  'an answer that a stranger may have put into a browser is linked by its number alone: %s',
  async (_what, stranger, linked) => {
    const services = await server.services()
    const number = linked ? stranger.number : undefined
    const person = await openPerson(services, { level: 2, ...(number === undefined ? {} : { number }) })
    const [victim, thief] = [new Visitor(server.issuer), new Visitor(server.issuer)]
    const { path } = await back(victim, anna)
    // the code of the thief's own walk, in the browser of the victim
    const { code } = await back(thief, stranger)
    expect((await victim.get(code)).url.pathname).toMatch(/\/upstream\/new$/)
    const next = await typePassword(victim, await victim.get(`${path}?way=password`), person.username)
    expect(next.html.includes('/upstream/answer')).toBe(linked)
  },
)
