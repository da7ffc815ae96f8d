import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { groupDocument } from '../../src/accounts/identifiers/grouping.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let artifacts: Artifacts

beforeAll(async () => {
  server = await startServer({ YIDENG_FRESH_SIGN_IN_SECONDS: '30' })
  services = await server.services()
  artifacts = openSqliteArtifacts(join(server.dataDir, 'artifacts.sqlite'), Date.now)
})
afterAll(() => artifacts.close())

/** Portals and our own sensitive pages ask for a recent sign-in in the same way. */
describe.each([
  ['max_age=0', { max_age: '0' }],
  ['prompt=login', { prompt: 'login' }],
  ['max_age=30', { max_age: '30' }],
])('%s', (_what, parameters) => {
  it('asks the signed-in person again, and auth_time moves', async () => {
    const { person, portal, visitor, tokens } = await signedIn(services, { consent: 'implicit' })
    const before = Number(tokens.claims()?.auth_time) - 31
    await age(person)
    const begun = await portal.begin(parameters)
    const asked = await visitor.get(begun.url)
    expect(asked.html).toContain('name="password"')
    // neither a wrong password nor the same address again gets around it
    const wrong = await signIn(visitor, asked, person.username, 'not-the-password-1')
    expect(wrong.status).toBe(400)
    expect((await visitor.get((await portal.begin(parameters)).url)).html).toContain('name="password"')
    const again = await begun.finish(await signIn(visitor, wrong, person.username))
    expect(Number(again.claims()?.auth_time)).toBeGreaterThan(before)
    expect(again.claims()?.['sid']).toBe(tokens.claims()?.['sid'])
  })

  it('with prompt=none is refused without a page', async () => {
    const { person, portal, visitor } = await signedIn(services, { consent: 'implicit' })
    if ('prompt' in parameters) return
    await age(person)
    const begun = await portal.begin({ ...parameters, prompt: 'none' })
    expect((await visitor.get(begun.url)).leads?.searchParams.get('error')).toMatch(/login_required|invalid_request/)
  })

  it('does not accept the sign-in of another person', async () => {
    const { person, portal, visitor, tokens } = await signedIn(services, { consent: 'implicit' })
    const stranger = await openPerson(services)
    await age(person)
    // a portal that names the person by id_token_hint: the other person is asked again
    const hinted = await portal.begin({ ...parameters, id_token_hint: tokens.id_token ?? '' })
    const refused = await signIn(visitor, await visitor.get(hinted.url), stranger.username)
    expect(refused.leads).toBeUndefined()
    expect(refused.html).toContain('name="password"')
    const right = await hinted.finish(await signIn(visitor, refused, person.username))
    expect(right.claims()?.sub).toBe(tokens.claims()?.sub)
    await age(person)
    // a portal without a hint gets the other person with their own subject, and the earlier session ends
    const begun = await portal.begin(parameters)
    const switched = await begun.finish(await signIn(visitor, await visitor.get(begun.url), stranger.username))
    expect(switched.claims()?.sub).not.toBe(tokens.claims()?.sub)
    expect(await sessionsOf(person)).toBe(0)
    expect(await sessionsOf(stranger)).toBe(1)
  })
})

const sessionsOf = async ({ id }: { id: string }) => (await artifacts.listGroup('Session', id)).length

describe('sensitive pages of the account centre', () => {
  const sensitive = ['/account/whole', '/account/data', '/account/closing']

  it.each(sensitive)('%s asks again, and continues as the person who signed in', async (path) => {
    const [person, stranger] = [await openPerson(services), await openPerson(services)]
    const visitor = new Visitor(server.issuer)
    await signIn(visitor, await visitor.get('/account'), person.username)
    await age(person)
    const asked = await visitor.get(path)
    expect(asked.html).toContain('name="password"')
    expect(asked.html).not.toContain(person.number)
    const page = await signIn(visitor, asked, stranger.username)
    expect(page.url.pathname).toBe(path)
    expect(page.html).not.toContain(person.number)
    if (path === '/account/whole') expect(page.html).toContain(groupDocument(stranger.number))
  })

  it.each(['/account/data', '/account/closing', '/account/ways/qr/on', '/account/ways/password/off'])(
    'a form to %s does nothing by an old sign-in, nor by the sign-in of another',
    async (path) => {
      const [person, stranger] = [await openPerson(services), await openPerson(services)]
      await services.methodLocks.lock(person.id, 'qr', 'switched-off', { actor: 'person' })
      const visitor = new Visitor(server.issuer)
      const home = await signIn(visitor, await visitor.get('/account/ways'), person.username)
      const csrf = /name="csrf" value="([^"]+)"/.exec(home.html)?.[1] ?? ''
      await age(person)
      const asked = await visitor.post(path, { csrf, confirm: '注销我的账户' })
      expect(asked.html).toContain('name="password"')
      const back = await signIn(visitor, asked, stranger.username)
      expect(back.status).toBe(200)
      for (const { id } of [person, stranger]) expect((await services.persons.find(id))?.closesAt).toBeNull()
      expect(await services.methodLocks.locked(person.id, 'qr')).toBe(true)
      expect(back.headers.get('content-disposition')).toBeNull()
    },
  )
})

/** Makes the sign-ins of a person too old to count as fresh. */
async function age(person: { id: string }) {
  const sessions = await artifacts.listGroup('Session', person.id)
  expect(sessions).toHaveLength(1)
  for (const { id, value } of sessions) {
    const session = JSON.parse(value) as { loginTs: number }
    const older = JSON.stringify({ ...session, loginTs: session.loginTs - 31 })
    expect(await artifacts.compareAndSet('Session', id, value, older)).toBe(true)
  }
  // the server sees another process's write from its next turn of the event loop (src/storage/artifact-cache.ts)
  await new Promise((resolve) => setTimeout(resolve, 20))
}
