import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { startOf, hashOf, type Entry } from '../../src/audit/chain.ts'
import { checkpointFileOf } from '../../src/audit/checkpoint-file.ts'
import { createCheckpoints } from '../../src/audit/checkpoints.ts'
import type { Receipt } from '../../src/audit/receipts.ts'
import type { Services } from '../../src/services.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { auditedStore } from './setup.ts'

type Store = ReturnType<typeof auditedStore>

const event = { event: 'login.succeeded', actor: 'person' } as const

/** The number of an entry by its chain and position. */
const at = (chain: number, position: number) => startOf(chain).sequence + position

/** Two processes of a store; both live until the end of `work`. */
const twoWriters = (store: Store, work: (one: Services, other: Services) => Promise<void>) =>
  store.withServices((one) => store.withServices((other) => work(one, other)))

const record = async ({ audit }: Services, many: number) => {
  for (let index = 0; index < many; index += 1) await audit.record({ ...event, personId: `p${index}` })
}

const sign = ({ database, settings, clock }: Services) => createCheckpoints({ database, settings, clock }).make()

/** The holder of a chain seems dead from now on, by the clock of the store. */
const forget = ({ database }: Services, chain: number) =>
  database.updateTable('audit_chains').set({ alive_until: 1 }).where('id', '=', chain).execute()

/** Chain 0 has 5 signed entries, chain 1 has 4 and its end, chain 2 has 2 unsigned ones. */
async function threeChains(options: Parameters<typeof auditedStore>[1] = {}): Promise<Store> {
  const store = auditedStore(undefined, options)
  await twoWriters(store, async (one, other) => {
    await record(one, 3)
    await record(other, 3)
    await sign(one)
    await record(one, 2)
    await record(other, 1)
    await forget(one, 1)
    await one.audit.keepChains()
    await sign(one)
    await record(other, 2)
  })
  return store
}

const rows = (file: string) => {
  const sqlite = new DatabaseSync(file, { readOnly: true })
  const all = sqlite.prepare('select * from audit_events order by sequence').all() as unknown as Entry[]
  sqlite.close()
  return all
}

describe.each([
  { kind: 'SQLite', missing: false, where: async () => ({}) },
  {
    kind: 'PostgreSQL',
    missing: cannotRun('PostgreSQL'),
    where: async () => ({ YIDENG_DATABASE_URL: await makePostgres() }),
  },
])('chains of the audit log on $kind', ({ missing, where }) => {
  it.skipIf(missing)('each process has its own, and a free one goes to the next', async () => {
    const store = auditedStore(undefined, { environment: await where() })
    await twoWriters(store, async (one, other) => {
      for (let index = 0; index < 3; index += 1) {
        store.forward(1000)
        await record(one, 1)
        store.forward(1000)
        await record(other, 1)
      }
    })
    store.forward(1000)
    await store.record(2)
    const listed = await store.json<{ sequence: number }[]>('audit', 'list')
    const both = [1, 2, 3].flatMap((position) => [at(0, position), at(1, position)])
    expect(listed.map(({ sequence }) => sequence).toReversed()).toEqual([...both, at(0, 4), at(0, 5)])
    expect(await store.json('audit', 'verify')).toEqual({ whole: true, entries: 8, checkpoints: 0, unsigned: 8 })
  })

  it.skipIf(missing)('a dead process’s chain is closed once, and its holder goes on with another', async () => {
    const store = auditedStore(undefined, { environment: await where() })
    await twoWriters(store, async (one, other) => {
      await record(one, 1)
      await record(other, 2)
      await other.audit.keepChains()
      const chain = await other.database
        .selectFrom('audit_chains')
        .selectAll()
        .where('id', '=', 1)
        .executeTakeFirstOrThrow()
      expect([chain.closed_at, chain.sequence]).toEqual([null, at(1, 2)])
      await forget(one, 1)
      // it is found twice at once
      await Promise.all([one.audit.keepChains(), one.audit.keepChains()])
      await record(other, 1)
      await other.database
        .transaction()
        .execute((transaction) =>
          other.audit.append(transaction, { event: 'client.created', actor: 'administrator:t' }),
        )
    })
    const events = await store.withServices(({ database }) =>
      database.selectFrom('audit_events').select(['sequence', 'event', 'details']).orderBy('sequence').execute(),
    )
    const [closing, ...others] = events.filter((one) => one.event === 'audit.chain-closed')
    expect(others).toEqual([])
    expect([closing?.sequence, JSON.parse(closing?.details ?? '')]).toEqual([
      at(1, 3),
      { chain: 1, writer: expect.any(String) },
    ])
    expect(events.filter(({ sequence }) => sequence > at(2, 0))).toHaveLength(2)
    expect(await store.json('audit', 'verify')).toMatchObject({ whole: true, entries: 6 })
  })

  it.skipIf(missing)('receipts of every chain hold, and nowhere else', async () => {
    const store = await threeChains({ environment: await where() })
    expect(await store.json('audit', 'verify')).toEqual({ whole: true, entries: 12, checkpoints: 2, unsigned: 2 })
    const file = join(store.directory, 'receipt.json')
    const check = async (receipt: object) => {
      writeFileSync(file, JSON.stringify(receipt))
      return (await store.yideng('audit', 'check-receipt', file, '--keys', store.publicKeys(), '--json')).code
    }
    const [first, last] = await Promise.all(
      [at(0, 2), at(1, 5)].map((number) => store.json<Receipt & { tip: object }>('audit', 'receipt', String(number))),
    )
    for (const receipt of [first, last]) expect(await check(receipt ?? {})).toBe(0)
    for (const forged of [
      { ...first, tip: last?.tip },
      { ...first, checkpoint: last?.checkpoint },
      { ...last, place: 0 },
      { ...last, tip: { ...last?.tip, final: false } },
      { ...last, tip: { ...last?.tip, chain: 0 } },
      { ...last, entry: { ...last?.entry, sequence: at(0, 5) } },
    ])
      expect(await check(forged), JSON.stringify(forged)).toBe(1)
    expect((await store.yideng('audit', 'receipt', String(at(2, 1)))).code).toBe(3)
  })
})

/** Forges consistent hashes of a chain, from its first entry on. */
function rehash(file: string, chain: number) {
  const sqlite = new DatabaseSync(file)
  let previous = startOf(chain).hash
  for (const row of rows(file).filter(({ sequence }) => sequence > at(chain, 0) && sequence < at(chain + 1, 0))) {
    const entry = { ...row, previous_hash: previous }
    previous = hashOf(entry, 'sha256')
    sqlite
      .prepare('update audit_events set previous_hash = ?, hash = ? where sequence = ?')
      .run(entry.previous_hash, previous, entry.sequence)
  }
  sqlite.prepare('update audit_chains set hash = ? where id = ?').run(previous, chain)
  sqlite.close()
}

const gone = 'DELETE FROM audit_events WHERE sequence BETWEEN'
const noGuard = 'DROP TRIGGER audit_events_append'

const verify = (store: Store, file: string, ...more: string[]) =>
  store.yideng('audit', 'verify', '--store', file, '--keys', store.publicKeys(), '--json', ...more)

/** The change, kind and entry of the fault, and the statements. */
const faults: [string, string, number, string][] = [
  [
    'a changed entry of a closed chain',
    'changed',
    at(1, 2),
    `UPDATE audit_events SET actor = 'x' WHERE sequence = ${at(1, 2)}`,
  ],
  ['a changed unsigned entry', 'changed', at(2, 1), `UPDATE audit_events SET actor = 'x' WHERE sequence = ${at(2, 1)}`],
  ['a removed entry', 'missing', at(1, 2), `${gone} ${at(1, 2)} AND ${at(1, 2)}`],
  ['a whole chain removed', 'truncated', at(1, 1), `${gone} ${at(1, 1)} AND ${at(1, 5)}`],
  [
    'a whole chain removed with its row',
    'truncated',
    at(1, 1),
    `${gone} ${at(1, 1)} AND ${at(1, 5)}; DELETE FROM audit_chains WHERE id = 1`,
  ],
  [
    'a whole chain removed with its row and its tips',
    'rewritten',
    3,
    `${gone} ${at(1, 1)} AND ${at(1, 5)}; DELETE FROM audit_chains WHERE id = 1;
       DELETE FROM audit_runs WHERE last_sequence > ${at(1, 0)}`,
  ],
  ['a closed chain without its end', 'truncated', at(1, 5), `${gone} ${at(1, 5)} AND ${at(1, 5)}`],
  ['the unsigned end of a chain removed', 'truncated', at(2, 2), `${gone} ${at(2, 2)} AND ${at(2, 2)}`],
  [
    'entries of a chain in another',
    'changed',
    at(2, 1),
    `${noGuard}; ${gone} ${at(2, 1)} AND ${at(2, 2)};
       UPDATE audit_events SET sequence = sequence + ${at(1, 0)} WHERE sequence > ${at(1, 0)} AND sequence < ${at(2, 0)}`,
  ],
  [
    'an entry after the end of a closed chain',
    'rewritten',
    at(1, 6),
    `${noGuard}; INSERT INTO audit_events SELECT ${at(1, 6)}, at, event, actor, person_id, client_id, details, restricted,
         (SELECT hash FROM audit_events WHERE sequence = ${at(1, 5)}), hash FROM audit_events WHERE sequence = 1`,
  ],
  ['a chain that is said to be closed', 'changed', at(2, 2), 'UPDATE audit_chains SET closed_at = 1 WHERE id = 2'],
  [
    'a tip said to be the last',
    'rewritten',
    at(1, 3),
    `UPDATE audit_runs SET is_final = 1 WHERE last_sequence = ${at(1, 3)}`,
  ],
]

describe('verifying finds, from a copy alone', () => {
  it('each planted fault and its entry', async () => {
    const store = await threeChains()
    for (const [what, kind, sequence, statements] of faults) {
      const { code, out } = await verify(store, store.copyOf(statements))
      expect({ code, ...(JSON.parse(out) as object) }, what).toMatchObject({ code: 1, whole: false, kind, sequence })
    }
  })

  it('two swapped entries with consistent hashes, in each chain', async () => {
    const store = await threeChains()
    for (const chain of [0, 1]) {
      const [one, other] = [at(chain, 1), at(chain, 2)]
      const copy = store.copyOf(
        `${noGuard}; UPDATE audit_events SET sequence = -1 WHERE sequence = ${one};
         UPDATE audit_events SET sequence = ${one} WHERE sequence = ${other};
         UPDATE audit_events SET sequence = ${other} WHERE sequence = -1`,
      )
      rehash(copy, chain)
      const { code, out } = await verify(store, copy)
      expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({
        code: 1,
        kind: 'rewritten',
        sequence: at(chain, 3),
      })
    }
  })

  it('a forged end in place of signed entries', async () => {
    const store = await threeChains()
    const copy = store.copyOf(
      `${gone} ${at(1, 3)} AND ${at(1, 4)}; ${noGuard}`,
      `UPDATE audit_events SET sequence = ${at(1, 3)} WHERE sequence = ${at(1, 5)}`,
      `UPDATE audit_chains SET sequence = ${at(1, 3)} WHERE id = 1`,
    )
    rehash(copy, 1)
    const { code, out } = await verify(store, copy)
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten', sequence: at(1, 3) })
  })

  it('the newest checkpoints removed with a chain, by the file beside the store', async () => {
    const store = await threeChains()
    const copy = store.copyOf(
      `${gone} ${at(1, 1)} AND ${at(3, 0)}; DELETE FROM audit_roots; DELETE FROM audit_runs; DELETE FROM audit_chains WHERE id > 0`,
    )
    const { code, out } = await verify(store, copy)
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'truncated', sequence: at(1, 1) })
  })

  it('a checkpoint beside it whose tips were changed', async () => {
    const store = await threeChains()
    const [signed = '', tips = ''] = readFileSync(checkpointFileOf(store.dataDir), 'utf8').split('~')
    const changed = Buffer.from(Buffer.from(tips, 'base64url').toString().replace('"first":4', '"first":3'))
    const file = join(store.directory, 'changed')
    writeFileSync(file, `${signed}~${changed.toString('base64url')}\n`)
    const { code, out } = await verify(store, store.copyOf(), '--checkpoint', file)
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten' })
  })
})

it('a closed chain leaves the tips after the checkpoint over its end', async () => {
  const store = await threeChains()
  const chains = () =>
    store.withServices(async ({ database }) => {
      const { signed } = await database
        .selectFrom('audit_roots')
        .select('signed')
        .orderBy('number', 'desc')
        .executeTakeFirstOrThrow()
      return (JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()) as { chains: number }).chains
    })
  expect(await chains()).toBe(2)
  await store.checkpoint() // chains 0 and 2
  expect(await chains()).toBe(2)
  await store.record(1)
  await store.checkpoint()
  expect(await chains()).toBe(2)
  expect(await store.json('audit', 'verify')).toMatchObject({ whole: true, unsigned: 0 })
})
