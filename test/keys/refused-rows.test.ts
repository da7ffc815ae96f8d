import { expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const event = 'store.row-refused'

it('a portal that another program changed lets no person in, alarms once, and works again as it was', async () => {
  const server = await usualServer()
  const services = await server.services()
  const { database } = services
  const portal = await registerPortal(services, { name: '改过的门户', consent: 'implicit' })
  const honest = await registerPortal(services, { name: '没改的门户', consent: 'implicit' })
  const person = await openPerson(services)
  const counted = async () =>
    Number(
      /yideng_audit_events_total\{event="store\.row-refused"\} (\d+)/.exec(
        (await new Visitor(server.issuer).get('/metrics')).html,
      )?.[1],
    )
  expect(await counted(), 'the series is there before the first event').toBe(0)

  const row = await database
    .selectFrom('clients')
    .selectAll()
    .where('id', '=', portal.clientId)
    .executeTakeFirstOrThrow()
  const metadata = row.metadata.replace(portal.redirectUri, 'http://localhost:1/stolen')
  expect(metadata).not.toBe(row.metadata)
  await database.updateTable('clients').set({ metadata }).where('id', '=', portal.clientId).execute()
  for (let time = 0; time < 3; time += 1) {
    const { url } = await portal.begin()
    url.searchParams.set('redirect_uri', 'http://localhost:1/stolen')
    const page = await new Visitor(server.issuer).get(url)
    expect([page.status, page.url.origin]).toEqual([400, new URL(server.issuer).origin])
  }
  await expect.poll(counted, { timeout: 20_000 }).toBe(1)
  const entries = await database.selectFrom('audit_events').selectAll().where('event', '=', event).execute()
  expect(entries.map(({ actor, client_id: id, details }) => [actor, id, JSON.parse(details) as unknown])).toEqual([
    ['system', portal.clientId, { table: 'clients', id: portal.clientId }],
  ])
  expect(server.output().match(/a row was changed in the store and is not used/g)).toHaveLength(1)

  const visitor = new Visitor(server.issuer)
  const begun = await honest.begin()
  expect(
    (await signIn(visitor, await visitor.get(begun.url), person.username)).leads?.searchParams.get('code'),
  ).toBeTruthy()

  await database.updateTable('clients').set({ metadata: row.metadata }).where('id', '=', portal.clientId).execute()
  // any published change of the portal: the server reads it again
  await services.clients.update(portal.clientId, { purpose: '办事' }, 'administrator:test')
  const again = await portal.begin()
  await expect
    .poll(async () => (await visitor.get(again.url)).leads?.searchParams.get('code'), { timeout: 20_000 })
    .toBeTruthy()
})
