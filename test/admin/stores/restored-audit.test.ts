import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkpointFileOf } from '../../../src/audit/checkpoint-file.ts'
import { createCheckpoints } from '../../../src/audit/checkpoints.ts'
import { restoring } from '../../../src/audit/restores.ts'
import { hashOf, type Entry } from '../../../src/audit/chain.ts'
import { openSigningKeys } from '../../../src/keys/signing-keys.ts'
import { readFact, replaceFact } from '../../../src/storage/store-facts.ts'
import { commandLine } from '../../cli/in-process.ts'
import { cannotRun } from '../../setup/parts.ts'
import { makePostgres } from '../../setup/stores.ts'

const noPostgres = cannotRun('PostgreSQL')
const places = {
  embedded: async (): Promise<Record<string, string>> => ({}),
  PostgreSQL: async (): Promise<Record<string, string>> => ({ YIDENG_DATABASE_URL: await makePostgres() }),
}
type Place = keyof typeof places
type Line = ReturnType<typeof commandLine>

interface Check {
  whole: boolean
  kind?: string
  fault?: string
  unsigned?: number
  restored?: { at: number; backupAt: number; checkpoints: number }[]
}

const record = (line: Line, many: number) =>
  line.withServices(async ({ audit }) => {
    for (let at = 0; at < many; at += 1)
      await audit.record({ event: 'login.succeeded', actor: 'person', personId: `p${at}` })
  })

/** Signs, as a server does once a minute. */
const sign = (line: Line) =>
  line.withServices(async (services) => {
    openSigningKeys(services.settings.keysDir, services.clock)
    return createCheckpoints(services).make()
  })

const verify = async (line: Line, ...more: string[]) =>
  JSON.parse((await line.yideng('audit', 'verify', '--json', ...more)).out) as Check

/** A store with signed entries, a receipt and a backup; more entries are signed after the backup. */
async function backedUp(place: Place) {
  const line = commandLine({ environment: await places[place]() })
  await record(line, 3)
  await sign(line)
  const receipt = join(line.directory, 'receipt.json')
  const first = await line.withServices(({ database }) =>
    database.selectFrom('audit_events').select('sequence').orderBy('sequence').executeTakeFirstOrThrow(),
  )
  writeFileSync(receipt, JSON.stringify(await line.json('audit', 'receipt', String(first.sequence))))
  const backup = join(line.directory, 'backup.sqlite')
  const made = await line.yideng('backup', backup)
  expect(made.code).toBe(0)
  await record(line, 4)
  await sign(line)
  return { line, receipt, backup, made, auditor: checkpointFileOf(join(line.directory, 'data')) }
}

/** An empty machine that has nothing but data.json. */
async function emptyMachine(of: Line, place: Place): Promise<Line> {
  const target = commandLine({ environment: await places[place](), empty: true })
  mkdirSync(join(target.directory, 'keys'), { recursive: true })
  copyFileSync(join(of.directory, 'keys', 'data.json'), join(target.directory, 'keys', 'data.json'))
  return target
}

describe.each([
  ['embedded', 'embedded'],
  ['embedded', 'PostgreSQL'],
  ['PostgreSQL', 'embedded'],
  ['PostgreSQL', 'PostgreSQL'],
] as const)('a backup of %s on an empty machine with %s', (from, to) => {
  const skip = noPostgres && (from === 'PostgreSQL' || to === 'PostgreSQL')

  it.skipIf(skip)('has a whole audit log, and its receipts hold, also after the next checkpoint', async () => {
    const { line, receipt, backup, auditor } = await backedUp(from)
    const target = await emptyMachine(line, to)
    expect((await target.yideng('restore', backup)).code).toBe(0)
    expect(existsSync(join(target.directory, 'keys', 'signing.json'))).toBe(false)

    expect(await verify(target)).toMatchObject({ whole: true })
    const explained = { whole: true, restored: [{ checkpoints: 1 }] }
    expect(await verify(target, '--checkpoint', auditor)).toMatchObject(explained)
    expect(await target.json('audit', 'check-receipt', receipt)).toMatchObject({ holds: true })

    await record(target, 2)
    expect(await sign(target)).toBeDefined()
    await record(target, 2)
    await sign(target)
    expect(await verify(target, '--checkpoint', auditor)).toMatchObject(explained)
    expect((await verify(target)).restored).toBeUndefined()
    expect(await target.json('audit', 'check-receipt', receipt)).toMatchObject({ holds: true })
    const keys = join(target.directory, 'jwks.json')
    writeFileSync(keys, (await target.yideng('keys', 'export')).out)
    expect(await target.json('audit', 'check-receipt', receipt, '--keys', keys)).toMatchObject({ holds: true })
  })
})

it('ends a backup with one sentence on what it holds', async () => {
  const { made, backup } = await backedUp('embedded')
  const last = made.out.trimEnd().split('\n').at(-1) ?? made.err
  expect(`${last}${made.err}`).toContain(`${backup} (`)
  expect(`${last}${made.err}`).toContain('no key file')
})

it('signs again on the same machine after a restore, beside the newer checkpoint file', async () => {
  const { line, backup, auditor } = await backedUp('embedded')
  const target = await emptyMachine(line, 'embedded')
  expect((await target.yideng('restore', backup)).code).toBe(0)
  copyFileSync(auditor, checkpointFileOf(join(target.directory, 'data')))
  expect(await verify(target)).toMatchObject({ whole: true, restored: [{ checkpoints: 1 }] })
  await record(target, 1)
  expect(await sign(target)).toBeDefined()
  expect(await verify(target)).toMatchObject({ whole: true, unsigned: 0 })
})

describe('an attacker who can write the database, and has no key', () => {
  /** A store that was never restored, and its checkpoint outside. */
  async function attacked() {
    const { line, auditor, backup } = await backedUp('embedded')
    const kept = join(line.directory, 'kept.jws')
    copyFileSync(auditor, kept)
    return { line, kept, backup }
  }

  /** Removes the entries after the first checkpoint. */
  const truncate = (line: Line) =>
    line.withServices(async ({ database }) => {
      await database.deleteFrom('audit_roots').where('number', '>', 1).execute()
      await database.deleteFrom('audit_runs').where('root_number', '>', 1).execute()
      const { last } = await database
        .selectFrom('audit_runs')
        .select(({ fn }) => fn.max('last_sequence').as('last'))
        .executeTakeFirstOrThrow()
      await database
        .deleteFrom('audit_events')
        .where('sequence', '>', last ?? 0)
        .execute()
      const end = await database
        .selectFrom('audit_events')
        .selectAll()
        .where('sequence', '=', last ?? 0)
        .executeTakeFirstOrThrow()
      await database.updateTable('audit_chains').set({ sequence: end.sequence, hash: end.hash }).execute()
      return end
    })

  /** Appends an entry by the rules of the chain. */
  const append = (line: Line, end: Entry, fields: Partial<Entry>) =>
    line.withServices(async ({ database }) => {
      const entry = { ...end, ...fields, sequence: end.sequence + 1, previous_hash: end.hash }
      const hash = hashOf(entry, 'sha256')
      await database.updateTable('audit_chains').set({ sequence: entry.sequence, hash }).execute()
      await database
        .insertInto('audit_events')
        .values({ ...entry, hash })
        .execute()
    })

  it('cannot call removed entries restored by an entry without a seal', async () => {
    const { line, kept } = await attacked()
    const end = await truncate(line)
    const point = {
      at: Date.now() + 60_000,
      backupAt: end.at,
      lastChain: 0,
      ends: [{ sequence: end.sequence, hash: end.hash }],
    }
    const details = JSON.stringify({ backupAt: end.at })
    await append(line, end, {
      event: restoring,
      details,
      restricted: JSON.stringify({ restore: JSON.stringify(point) }),
    })
    expect(await verify(line, '--checkpoint', kept)).toMatchObject({ whole: false })
  })

  it('cannot use the seal of an earlier restore for entries that came after it', async () => {
    const { line, backup } = await attacked()
    const target = await emptyMachine(line, 'embedded')
    expect((await target.yideng('restore', backup)).code).toBe(0)
    await record(target, 3)
    await sign(target)
    const kept = join(target.directory, 'kept.jws')
    copyFileSync(checkpointFileOf(join(target.directory, 'data')), kept)
    expect(await verify(target, '--checkpoint', kept)).toMatchObject({ whole: true })
    await target.withServices(async ({ database }) => {
      const genuine = await database
        .selectFrom('audit_events')
        .selectAll()
        .where('event', '=', restoring)
        .executeTakeFirstOrThrow()
      await database.deleteFrom('audit_roots').where('number', '>', 1).execute()
      await database.deleteFrom('audit_runs').where('root_number', '>', 1).execute()
      await database.deleteFrom('audit_events').where('sequence', '>', genuine.sequence).execute()
      const { sequence, hash } = genuine
      await database.updateTable('audit_chains').set({ sequence, hash }).execute()
    })
    expect(await verify(target, '--checkpoint', kept)).toMatchObject({ whole: false, kind: 'truncated' })
    expect(await verify(target)).toMatchObject({ whole: false })
    await expect(sign(target)).rejects.toThrow('differs from the one signed')
  })

  it('cannot move the seal of a restore to another entry', async () => {
    const { line, backup, kept } = await attacked()
    const target = await emptyMachine(line, 'embedded')
    expect((await target.yideng('restore', backup)).code).toBe(0)
    const genuine = await target.withServices(({ database }) =>
      database.selectFrom('audit_events').selectAll().where('event', '=', restoring).executeTakeFirstOrThrow(),
    )
    const end = await truncate(line)
    await append(line, end, { event: 'login.succeeded', restricted: null })
    const last = await line.withServices(({ database }) =>
      database.selectFrom('audit_events').selectAll().orderBy('sequence', 'desc').executeTakeFirstOrThrow(),
    )
    const { event, details, restricted } = genuine
    await append(line, last, { event, details, restricted })
    expect(await verify(line, '--checkpoint', kept)).toMatchObject({ whole: false })
  })

  it('cannot plant a signing key: a record without the seal counts as none', async () => {
    const { line, kept } = await attacked()
    const { keys } = JSON.parse((await line.yideng('keys', 'export')).out) as { keys: object[] }
    const target = await emptyMachine(line, 'embedded')
    rmSync(join(line.directory, 'keys', 'signing.json'))
    expect(await verify(line, '--checkpoint', kept)).toMatchObject({ whole: true })
    await line.withServices(({ database }) => replaceFact(database, 'keys:public', JSON.stringify(keys)))
    expect(await verify(line, '--checkpoint', kept)).toMatchObject({ whole: false, kind: 'rewritten' })
    // a genuine seal of another row
    await line.withServices(async ({ database, dataKeys }) => {
      const moved = dataKeys.cipher.seal(JSON.stringify(keys), 'house.value:keys:signing.json')
      await replaceFact(database, 'keys:public', moved)
    })
    expect(await verify(line, '--checkpoint', kept)).toMatchObject({ whole: false, kind: 'rewritten' })
    expect(target.directory).not.toBe(line.directory)
  })
})

it('keeps a key of the record through a rotation and retirement of data keys', async () => {
  const { line } = await backedUp('embedded')
  const sealedBy = () =>
    line.withServices(async ({ database }) => (await readFact(database, 'keys:public'))?.split('.')[0])
  expect(await sealedBy()).toBe('d1')
  await line.json('keys', 'rotate', '--kind', 'data')
  expect(await sealedBy()).toBe('d2')
  rmSync(join(line.directory, 'keys', 'signing.json'))
  expect(await verify(line)).toMatchObject({ whole: true })
  expect(readFileSync(join(line.directory, 'keys', 'data.json'), 'utf8')).toContain('d2')
})
