import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkpointFileOf } from '../../src/audit/checkpoint-file.ts'
import { merkleRoot } from '../../src/audit/merkle.ts'
import type { Receipt } from '../../src/audit/receipts.ts'
import { beginOf, monthAfter, monthOf } from '../../src/config/months.ts'
import { createSigner } from '../../src/keys/document-signatures.ts'
import { auditedStore } from './setup.ts'

/** Signs the newest entries as a version with one chain did, also in the file beside the store. */
async function signAsBefore(store: ReturnType<typeof auditedStore>, first: number, last: number): Promise<void> {
  await store.withServices(async ({ database, settings, clock }) => {
    const entries = await database
      .selectFrom('audit_events')
      .select('hash')
      .where('sequence', '>=', first)
      .where('sequence', '<=', last)
      .orderBy('sequence')
      .execute()
    const hashes = entries.map(({ hash }) => hash)
    const at = clock()
    const document = {
      iss: settings.issuer,
      iat: Math.floor(at / 1000),
      first,
      last,
      head: hashes.at(-1),
      root: merkleRoot(hashes, 'sha256'),
    }
    const signed = await createSigner(settings.keysDir, clock)('yideng-audit-checkpoint+jwt', document)
    await database
      .insertInto('audit_checkpoints')
      .values({ last_sequence: last, first_sequence: first, at, signed })
      .execute()
    writeFileSync(checkpointFileOf(store.dataDir), `${signed}\n`)
  })
}

/** Five entries with two checkpoints of one chain, then three with a checkpoint over all chains. */
async function upgradedStore() {
  const store = auditedStore()
  await store.record(3)
  await signAsBefore(store, 1, 3)
  await store.record(2)
  await signAsBefore(store, 4, 5)
  await store.record(3)
  await store.checkpoint()
  return store
}

it('the chain of older versions goes on as chain 0; old receipts hold', async () => {
  const store = await upgradedStore()
  expect(await store.json('audit', 'verify')).toEqual({ whole: true, entries: 8, checkpoints: 3, unsigned: 0 })
  const file = join(store.directory, 'receipt.json')
  for (const number of [2, 5, 6, 8]) {
    const receipt = await store.json<Receipt>('audit', 'receipt', String(number))
    expect('tip' in receipt, String(number)).toBe(number > 5)
    writeFileSync(file, JSON.stringify(receipt))
    expect((await store.yideng('audit', 'check-receipt', file, '--keys', store.publicKeys())).code).toBe(0)
    writeFileSync(file, JSON.stringify({ ...receipt, entry: { ...receipt.entry, actor: 'x' } }))
    expect((await store.yideng('audit', 'check-receipt', file, '--keys', store.publicKeys())).code).toBe(1)
  }
})

it('faults before and after the upgrade are found', async () => {
  const store = await upgradedStore()
  const faults: [string, number, string][] = [
    ['changed', 2, "UPDATE audit_events SET actor = 'x' WHERE sequence = 2"],
    ['rewritten', 3, "UPDATE audit_checkpoints SET signed = 'e30.e30.AAAA' WHERE last_sequence = 3"],
    ['truncated', 5, 'DELETE FROM audit_events WHERE sequence > 4'],
    ['truncated', 8, 'DELETE FROM audit_events WHERE sequence > 7'],
    ['missing', 4, 'DELETE FROM audit_checkpoints WHERE last_sequence > 3'],
  ]
  for (const [kind, sequence, statement] of faults) {
    const copy = store.copyOf(statement)
    const { code, out } = await store.yideng('audit', 'verify', '--store', copy, '--json')
    expect({ code, ...(JSON.parse(out) as object) }, statement).toMatchObject({ code: 1, kind, sequence })
  }
})

it('nothing is signed after another history than the one of the old checkpoint file', async () => {
  const store = auditedStore()
  await store.record(3)
  await signAsBefore(store, 1, 3)
  await store.withServices(({ database }) =>
    database
      .updateTable('audit_events')
      .set({ hash: 'f'.repeat(64) })
      .where('sequence', '=', 3)
      .execute(),
  )
  await expect(store.checkpoint()).rejects.toThrow('differs from the one signed up to 3')
})

it('a month of both kinds of checkpoints is archived and verified; the log goes on after it', async () => {
  const store = await upgradedStore()
  const next = beginOf(monthAfter(monthOf(store.clock())))
  store.forward(next + 60_000 - store.clock())
  await store.record(2)
  await store.checkpoint()
  const { moved } = await store.archive(monthOf(next))
  expect(moved.map(({ entries }) => entries)).toEqual([8])
  const [{ file } = { file: '' }] = moved
  expect(await store.json('audit', 'verify', '--archive', file)).toMatchObject({ whole: true, checkpoints: 3 })
  expect(await store.json('audit', 'verify')).toMatchObject({ whole: true, entries: 3 })
  store.forward(60_000)
  await store.record(1)
  await store.checkpoint()
  expect(await store.json('audit', 'verify')).toMatchObject({ whole: true, entries: 4, unsigned: 0 })
})
