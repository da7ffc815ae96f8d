import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase, type DatabaseTransaction } from '../../src/storage/database.ts'
import { inOwnTurn } from '../../src/storage/turns.ts'
import { auditedStore } from '../audit/setup.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'

type Work = (transaction: DatabaseTransaction) => Promise<void>

/** Long enough for an act that does not wait to come in beside another. */
const whileMs = 300

const everyone = (database: ReturnType<typeof openDatabase>, work: Work) => database.transaction().execute(work)

describe.skipIf(cannotRun('PostgreSQL'))('an act in its own turn, on PostgreSQL', () => {
  async function twoProcesses() {
    const url = await makePostgres()
    const both = [openDatabase(url), openDatabase(url)] as const
    onTestFinished(async () => void (await Promise.all(both.map((one) => one.destroy()))))
    return both
  }

  /** Whether the second act comes in before the first one has left. */
  async function areBeside(first: (work: Work) => Promise<void>, second: (work: Work) => Promise<void>) {
    let inside = false
    let beside = false
    const entered = Promise.withResolvers<void>()
    const one = first(async () => {
      inside = true
      entered.resolve()
      await new Promise((resolve) => setTimeout(resolve, whileMs))
      inside = false
    })
    await entered.promise
    await second(async () => {
      beside = inside
    })
    await one
    return beside
  }

  it('waits for a same key and for acts of everyone, and for nothing else', async () => {
    const [one, other] = await twoProcesses()
    const own =
      (database: typeof one, ...keys: [string, ...string[]]) =>
      (work: Work) =>
        inOwnTurn(database, keys, work)
    const beside = {
      otherPerson: await areBeside(own(one, 'ann'), own(other, 'bea')),
      otherPersonOfThisProcess: await areBeside(own(one, 'ann'), own(one, 'bea')),
      samePerson: await areBeside(own(one, 'ann'), own(other, 'ann')),
      samePersonOfThisProcess: await areBeside(own(one, 'ann'), own(one, 'ann')),
      sharedNumber: await areBeside(own(one, 'ann', 'number'), own(other, 'bea', 'number')),
      afterEveryone: await areBeside((work) => everyone(one, work), own(other, 'ann')),
      beforeEveryone: await areBeside(own(one, 'ann'), (work) => everyone(other, work)),
    }
    expect(beside).toEqual({
      otherPerson: true,
      otherPersonOfThisProcess: true,
      samePerson: false,
      samePersonOfThisProcess: false,
      sharedNumber: false,
      afterEveryone: false,
      beforeEveryone: false,
    })
  })

  it('never waits in a circle, in any order of its keys', async () => {
    const [one, other] = await twoProcesses()
    const rounds = Array.from({ length: 40 }, (_, index) =>
      inOwnTurn(index % 2 ? one : other, index % 4 < 2 ? ['ann', 'number'] : ['number', 'ann'], async () => undefined),
    )
    expect((await Promise.allSettled(rounds)).filter(({ status }) => status === 'rejected')).toEqual([])
  })
})

describe.each([
  { kind: 'SQLite', missing: false, where: async () => ({}) },
  {
    kind: 'PostgreSQL',
    missing: cannotRun('PostgreSQL'),
    where: async () => ({ YIDENG_DATABASE_URL: await makePostgres() }),
  },
])('acts of many persons at once on $kind', ({ kind, missing, where }) => {
  it.skipIf(missing)('are all in the audit log, which verifies', async () => {
    const store = auditedStore(undefined, { environment: await where() })
    await store.withServices((one) =>
      store.withServices(async (another) => {
        // SQLite waits for its writer with the whole process, so its two processes cannot be one
        const other = kind === 'SQLite' ? one : another
        const acts = Array.from({ length: 60 }, (_, index) => {
          const { database, audit } = index % 2 ? one : other
          const event = { event: 'consent.given', actor: 'person', personId: `p${index}`, clientId: 'portal' } as const
          return index % 10
            ? inOwnTurn(database, [`p${index}`], (transaction) => audit.append(transaction, event))
            : everyone(database, (transaction) => audit.append(transaction, event))
        })
        await Promise.all(acts)
        await one.audit.keepChains()
      }),
    )
    expect(await store.json('audit', 'verify')).toMatchObject({ whole: true, entries: 60 })
    const closed = await store.withServices(({ database }) =>
      database.selectFrom('audit_events').select('sequence').where('event', '=', 'audit.chain-closed').execute(),
    )
    expect(closed).toEqual([])
  })
})
