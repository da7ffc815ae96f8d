import { beforeAll, expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer

beforeAll(async () => {
  // each process knows a state of its own for a moment
  server = await startServer({ YIDENG_WORKERS: '2' })
})

it('asks for a sign-in right after the sign-ins were ended elsewhere, and does not lead in a circle', async () => {
  const services = await server.services()
  for (let round = 0; round < 3; round += 1) {
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    await signIn(visitor, await visitor.get('/account'), person.username)
    // every process has read the person
    const pages = await Promise.all(Array.from({ length: 8 }, () => visitor.get('/account')))
    expect(pages.map(({ url }) => url.pathname)).toEqual(pages.map(() => '/account'))
    // as the command line of another machine does it: no event arrives
    await services.database.transaction().execute((within) => services.endSignIns(within, person.id, { but: [] }))
    const asked = await visitor.get('/account')
    expect(asked.url.pathname).toMatch(/^\/login\//)
    await signIn(visitor, asked, person.username)
    expect((await visitor.get('/account')).url.pathname).toBe('/account')
  }
})
