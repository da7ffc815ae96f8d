import { expect, it } from 'vitest'
import { createCheckpoints } from '../../src/audit/checkpoints.ts'
import { verifyAuditLog } from '../../src/audit/verify.ts'
import { createVerifier } from '../../src/keys/document-signatures.ts'
import { inLongRun } from '../setup/long-run.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const people = 8
const signInsOfEach = inLongRun(3, 50)

it(`kill -9 of one of two workers during ${people * signInsOfEach} sign-ins loses no acknowledged one`, async () => {
  const server = await startServer({ YIDENG_WORKERS: '2', YIDENG_ADDRESS_TRIES: '100000' })
  const services = await server.services()
  const { database } = services
  const portal = await registerPortal(services, { consent: 'implicit' })
  const acknowledged = new Map<string, number>()
  const total = () => [...acknowledged.values()].reduce((sum, one) => sum + one, 0)
  let killed: number | undefined

  const crowd = await Promise.all(Array.from({ length: people }, () => openPerson(services)))
  await Promise.all(
    crowd.map(async ({ id, username }) => {
      // a sign-in that the killed worker has begun is begun again
      while ((acknowledged.get(id) ?? 0) < signInsOfEach) {
        const entered = await (async () => {
          const begun = await portal.begin()
          const visitor = new Visitor(server.issuer)
          return begun.finish(await signIn(visitor, await visitor.get(begun.url), username))
        })().catch((error: unknown) => {
          // a request to the killed worker has no answer
          if (killed === undefined) throw error
        })
        if (entered) acknowledged.set(id, (acknowledged.get(id) ?? 0) + 1)
        if (killed === undefined && total() >= (people * signInsOfEach) / 2) {
          killed = workersOf(server)[0]
          if (killed !== undefined) process.kill(killed, 'SIGKILL')
        }
      }
    }),
  )
  expect(killed).toBeTypeOf('number')
  expect(total()).toBe(people * signInsOfEach)

  for (const [id, many] of acknowledged) {
    const entries = await database
      .selectFrom('audit_events')
      .select('sequence')
      .where('event', '=', 'login.succeeded')
      .where('person_id', '=', id)
      .execute()
    expect(entries.length, id).toBeGreaterThanOrEqual(many)
  }

  // their holders seem dead at once; a living one takes another chain
  await database.updateTable('audit_chains').set({ alive_until: 1 }).where('writer', 'is not', null).execute()
  await until(async () => {
    await services.audit.keepChains()
    const closed = await database.selectFrom('audit_chains').select('id').where('closed_at', 'is not', null).execute()
    return closed.length > 0
  })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const [first] = crowd
  await begun.finish(await signIn(visitor, await visitor.get(begun.url), first?.username ?? ''))
  await createCheckpoints({ database, settings: services.settings, clock: Date.now }).make()
  const verify = createVerifier(services.settings, Date.now)
  expect(await verifyAuditLog({ database, verify, elsewhere: [] })).toMatchObject({ whole: true })
})
