import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { Visitor } from '../setup/visitor.ts'
import { ailments, enter, gather, manyFromHere, signInMany } from './people.ts'
import { sealedAsGenuine } from '../setup/sealed.ts'

describe.each([
  { stores: 'embedded', missing: false, settings: async () => ({}) },
  { stores: 'PostgreSQL and Redis', missing: cannotRun('PostgreSQL') || cannotRun('Redis'), settings: scaleOut },
])('rows nobody of us wrote: $stores', ({ missing, settings }) => {
  it.skipIf(missing)('affect their own accounts only', async () => {
    const server = await startServer({ ...manyFromHere, ...(await settings()) })
    const crowd = await gather(server)
    const { database } = crowd.services
    const [poisoned = '', ...others] = crowd.usernames
    const visitor = await enter(crowd, poisoned)
    const person = await database
      .selectFrom('natural_persons')
      .selectAll()
      .orderBy('created_at')
      .executeTakeFirstOrThrow()
    await database.updateTable('natural_persons').set({ name: 'd1.nonsense' }).where('id', '=', person.id).execute()
    const broken = await registerPortal(crowd.services, { name: '坏的', consent: 'implicit' })
    await database.updateTable('clients').set({ metadata: '{' }).where('id', '=', broken.clientId).execute()
    await sealedAsGenuine(crowd.services)
    const now = Date.now()
    const notice = { state: 'pending' as const, attempts: 0, next_attempt_at: now, last_result: null, created_at: now }
    await database
      .insertInto('logout_deliveries')
      .values(
        ['nobody', broken.clientId, crowd.portal.clientId].map((client_id) => ({
          client_id,
          person_id: person.id,
          session_id: 'x',
          ...notice,
        })),
      )
      .execute()
    await database.insertInto('representation_endings').values({ principal_id: 'nobody', due_at: now }).execute()
    await new Promise((resolve) => setTimeout(resolve, 1500))

    // the account itself gets an error page with a reference number
    const page = await visitor.get('/account')
    expect([page.status, /data-reference|class="reference"|编号/.test(page.html)]).toEqual([500, true])
    const asked = new Visitor(server.issuer)
    const refused = await asked.get((await broken.begin()).url)
    expect(refused.status).toBeGreaterThanOrEqual(400)

    const crowdOfOthers = { ...crowd, usernames: others }
    expect((await signInMany(crowdOfOthers, 30)).failures).toEqual([])
    await signIn(asked, await asked.get('/account'), others[0] ?? '')
    await until(async () => {
      const rows = await database.selectFrom('logout_deliveries').select('state').execute()
      return rows.filter(({ state }) => state === 'delivered').length >= 1
    })
    await until(async () => (await database.selectFrom('representation_endings').select('id').execute()).length === 0)
    expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
    expect((await new Visitor(server.issuer).get('/')).status).toBe(200)
    expect((await ailments(server)).map(({ what }) => what)).toEqual(['portals'])
    expect(await server.kill('SIGINT')).toBe(0)
    await server.restart()
  })
})
