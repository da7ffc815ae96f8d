import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { hashOf, type Entry } from '../../src/audit/chain.ts'
import { checkpointFileOf } from '../../src/audit/checkpoint-file.ts'
import type { Database } from '../../src/storage/database.ts'
import { auditedStore } from './setup.ts'

type AuditedStore = ReturnType<typeof auditedStore>

/** Ten entries; two checkpoints sign four each, the last two are unsigned. */
async function signedStore() {
  const services = auditedStore()
  const checkpoints: (string | undefined)[] = []
  for (let index = 0; index < 2; index += 1) {
    await services.record(4)
    checkpoints.push(await services.checkpoint())
  }
  await services.record(2)
  return { ...services, checkpoints }
}

/** Lets the chain end at an entry, like an attacker who removes those after it. */
const endsAt = (sequence: number) =>
  `UPDATE audit_chains SET sequence = ${sequence}, hash = (SELECT hash FROM audit_events WHERE sequence = ${sequence})`

/** Removes all checkpoints after the first. */
async function withoutCheckpoints(database: Database) {
  await database.deleteFrom('audit_roots').where('number', '>', 1).execute()
  await database.deleteFrom('audit_runs').where('root_number', '>', 1).execute()
}

const verify = (services: AuditedStore, store: string, ...more: string[]) =>
  services.yideng('audit', 'verify', '--store', store, '--keys', services.publicKeys(), '--json', ...more)

/** Forges a consistent chain: changes an entry and computes all following hashes again. */
function rewriteFrom(file: string, sequence: number) {
  const sqlite = new DatabaseSync(file)
  let previous = '0'.repeat(64)
  for (const row of sqlite.prepare('SELECT * FROM audit_events ORDER BY sequence').all() as unknown as Entry[]) {
    const entry = { ...row }
    if (entry.sequence === sequence) entry.actor = 'nobody'
    if (entry.sequence > sequence) entry.previous_hash = previous
    previous = hashOf(entry, 'sha256')
    sqlite
      .prepare('UPDATE audit_events SET actor = ?, previous_hash = ?, hash = ? WHERE sequence = ?')
      .run(entry.actor, entry.previous_hash, previous, entry.sequence)
  }
  sqlite.close()
}

it('accepts an unchanged log, without data keys or server', async () => {
  const services = await signedStore()
  rmSync(`${services.keysDir}/data.json`)
  const { code, out } = await verify(services, services.copyOf())
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({ whole: true, entries: 10, checkpoints: 2, unsigned: 2 })
})

it('finds each planted fault and its entry', async () => {
  const services = await signedStore()
  const swap = (a: number, b: number) =>
    `UPDATE audit_events SET sequence = -1 WHERE sequence = ${a};
     UPDATE audit_events SET sequence = ${a} WHERE sequence = ${b};
     UPDATE audit_events SET sequence = ${b} WHERE sequence = -1`
  const faults: [string, number, string, ...string[]][] = [
    ['changed', 3, "UPDATE audit_events SET actor = 'nobody' WHERE sequence = 3"],
    ['changed', 4, 'UPDATE audit_events SET restricted = NULL WHERE sequence = 4'],
    ['changed', 10, "UPDATE audit_events SET person_id = 'p2' WHERE sequence = 10"],
    ['missing', 2, 'DELETE FROM audit_events WHERE sequence = 2'],
    ['missing', 1, 'DELETE FROM audit_events WHERE sequence = 1'],
    [
      'missing',
      2,
      'DELETE FROM audit_events WHERE sequence = 2; UPDATE audit_events SET sequence = -sequence WHERE sequence > 2',
      'UPDATE audit_events SET sequence = -sequence - 1 WHERE sequence < 0',
    ],
    ['reordered', 5, swap(5, 6)],
    ['reordered', 3, swap(3, 9)],
    ['truncated', 7, 'DELETE FROM audit_events WHERE sequence > 6'],
    [
      'truncated',
      7,
      'DELETE FROM audit_events WHERE sequence > 6',
      'DELETE FROM audit_roots WHERE number > 1; DELETE FROM audit_runs WHERE root_number > 1',
    ],
    ['truncated', 1, 'DELETE FROM audit_events', 'DELETE FROM audit_roots; DELETE FROM audit_runs'],
    ['rewritten', 4, "UPDATE audit_roots SET signed = 'e30.e30.AAAA' WHERE number = 1"],
    ['rewritten', 8, 'UPDATE audit_roots SET signed = (SELECT signed FROM audit_roots WHERE number = 1)'],
    ['missing', 8, 'DELETE FROM audit_roots WHERE number = 1'],
    ['missing', 8, 'DELETE FROM audit_roots WHERE number = 2'],
    ['rewritten', 8, "UPDATE audit_runs SET root = 'ff' WHERE last_sequence = 8"],
    ['missing', 5, 'UPDATE audit_runs SET first_sequence = 6 WHERE last_sequence = 8'],
    ['rewritten', 0, 'DELETE FROM audit_runs WHERE last_sequence = 8; UPDATE audit_runs SET root_number = 2'],
  ]
  for (const [kind, sequence, ...statements] of faults) {
    const { code, out } = await verify(services, services.copyOf(...statements))
    expect({ code, ...(JSON.parse(out) as object) }, statements.join(';')).toMatchObject({
      code: 1,
      whole: false,
      kind,
      sequence,
    })
  }
})

it('finds a forged history with consistent hashes', async () => {
  const services = await signedStore()
  const copy = services.copyOf()
  rewriteFrom(copy, 6)
  const { code, out } = await verify(services, copy)
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten', sequence: 8 })
})

it('an outside checkpoint shows the removal of the end and of the checkpoint file', async () => {
  const services = await signedStore()
  const kept = `${services.directory}/kept`
  writeFileSync(kept, readFileSync(checkpointFileOf(services.dataDir)))
  const copy = services.copyOf(
    'DELETE FROM audit_events WHERE sequence > 4',
    'DELETE FROM audit_roots WHERE number > 1; DELETE FROM audit_runs WHERE root_number > 1',
    endsAt(4),
  )
  rmSync(checkpointFileOf(dirname(copy)))
  expect((await verify(services, copy)).code).toBe(0)
  const { code, out } = await verify(services, copy, '--checkpoint', kept)
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'truncated', sequence: 5 })
})

it('rejects a checkpoint of another key', async () => {
  const [services, other] = [await signedStore(), await signedStore()]
  const { code, out } = await verify(services, services.copyOf(), '--checkpoint', checkpointFileOf(other.dataDir))
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten' })
})

it('signs nothing over a forged history without checkpoints', async () => {
  const services = await signedStore()
  rewriteFrom(join(services.dataDir, 'yideng.sqlite'), 6)
  await services.withServices(({ database }) => withoutCheckpoints(database))
  await expect(services.checkpoint()).rejects.toThrow('differs from the one signed up to 8')
  const { code, out } = await services.yideng('audit', 'verify', '--json')
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten', sequence: 8 })
  // An older store that was restored on purpose works after the checkpoint file is moved.
  rmSync(checkpointFileOf(services.dataDir))
  await expect(services.checkpoint()).resolves.toBeTruthy()
})

it('signs nothing over a log without its end', async () => {
  const services = await signedStore()
  await services.withServices(async ({ database }) => {
    await database.deleteFrom('audit_events').where('sequence', '>', 4).execute()
    await withoutCheckpoints(database)
    await sql.raw(endsAt(4)).execute(database)
  })
  await services.record(1)
  await expect(services.checkpoint()).rejects.toThrow('differs from the one signed up to 8')
})

it('rejects an archive that the log does not record', async () => {
  const services = await signedStore()
  const copy = services.copyOf(
    `INSERT INTO audit_archives SELECT '2026-11', 1, sequence, hash, 'x', 0, NULL FROM audit_events WHERE sequence = 4`,
    'DELETE FROM audit_events WHERE sequence <= 4',
  )
  const { code, out } = await verify(services, copy)
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'missing', sequence: 4 })
})

it('finds two exchanged entries with consistent hashes', async () => {
  const services = await signedStore()
  const copy = services.copyOf(
    `UPDATE audit_events SET sequence = -1 WHERE sequence = 5;
     UPDATE audit_events SET sequence = 5 WHERE sequence = 6;
     UPDATE audit_events SET sequence = 6 WHERE sequence = -1`,
  )
  rewriteFrom(copy, 0)
  const { code, out } = await verify(services, copy)
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'rewritten', sequence: 8 })
})

it('finds the newest checkpoint replaced by an older one', async () => {
  const services = await signedStore()
  const copy = services.copyOf(
    'DELETE FROM audit_events WHERE sequence > 6',
    'DELETE FROM audit_roots WHERE number > 1; DELETE FROM audit_runs WHERE root_number > 1',
    endsAt(6),
  )
  const kept = checkpointFileOf(services.dataDir)
  const { code, out } = await verify(services, copy, '--checkpoint', kept)
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind: 'truncated', sequence: 7 })
  // If the checkpoint file is older as well, only an outside checkpoint shows it.
  writeFileSync(checkpointFileOf(dirname(copy)), services.checkpoints[0] ?? '')
  expect((await verify(services, copy)).code).toBe(0)
})

it('signs nothing over a gap', async () => {
  const services = await signedStore()
  await services.withServices(({ database }) => database.deleteFrom('audit_events').where('sequence', '=', 9).execute())
  await expect(services.checkpoint()).rejects.toThrow('missing after 8')
})

it('reports the entries and checkpoints it verified, and a missing store', async () => {
  const services = await signedStore()
  expect((await services.yideng('audit', 'verify')).out).toBe(
    'Whole: 10 entries, 2 checkpoints, 2 entries not signed yet.\n',
  )
  expect((await services.yideng('audit', 'verify', '--store', '/nowhere')).code).toBe(2)
})
