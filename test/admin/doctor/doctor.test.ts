import { migrationNames } from '../../setup/migrations.ts'
import { chmodSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkpointFileOf, createCheckpoints } from '../../../src/audit/checkpoints.ts'
import { createSigner, createVerifier } from '../../../src/keys/signatures.ts'
import { openCookieKeys } from '../../../src/keys/cookie-keys.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { commandLine } from '../../cli/in-process.ts'

type Report = { well: boolean; checks: { state: string; what: string; finding: string; todo?: string }[] }
type Line = ReturnType<typeof commandLine>

const now = Date.UTC(2026, 10, 23)
const day = 86_400_000
let moment = now
beforeEach(() => {
  moment = now
})
const create = ['client', 'create', '--name', 'a', '--redirect-uri', 'https://a.example/']

async function examine({ yideng }: Line) {
  const { code, out } = await yideng('doctor', '--json')
  const { well, checks } = JSON.parse(out) as Report
  const of = (state: string) => checks.filter((check) => check.state === state)
  return { code, well, checks, warnings: of('warn'), faults: of('fail') }
}

/** As after a first start and a first portal. */
async function started(line: Line = commandLine({ clock: () => moment })) {
  await line.json(...create)
  await line.json('keys', 'list')
  openCookieKeys(join(line.directory, 'keys'))
  await openSqliteArtifacts(join(line.directory, 'data', 'artifacts.sqlite'), () => moment).close()
  return line
}

const file = (line: Line, ...path: string[]) => join(line.directory, ...path)

function alter(line: Line, statement: string) {
  const sqlite = new DatabaseSync(file(line, 'data', 'yideng.sqlite'))
  sqlite.exec(statement)
  sqlite.close()
}

/** As a server does once a minute. */
const sign = (line: Line) =>
  line.withHouse(({ database, settings }) =>
    createCheckpoints({
      database,
      issuer: settings.issuer,
      sign: createSigner(settings.keysDir, () => moment),
      verify: createVerifier(settings.keysDir, () => moment),
      clock: () => moment,
      file: checkpointFileOf(settings.dataDir),
    }).make(),
  )

describe('doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const { code, well, warnings, faults, checks } = await examine(await started())
    expect({ code, well, warnings, faults }).toEqual({ code: 0, well: true, warnings: [], faults: [] })
    expect(new Set(checks.map(({ what }) => what))).toEqual(
      new Set([
        'Node.js',
        'settings',
        'issuer',
        'resources',
        'keys',
        'signing keys',
        'store',
        'data keys',
        'index keys',
        'pairwise key',
        'cookie keys',
        'portals',
        'audit trail',
        'clock',
        'logout notices',
        'artifacts',
      ]),
    )
  })

  it('makes nothing on a machine where nothing is yet', async () => {
    const line = commandLine({ empty: true })
    const { code, warnings } = await examine(line)
    expect(code).toBe(0)
    expect(warnings.map(({ what }) => what)).toEqual(['keys', 'store', 'artifacts'])
    expect(readdirSync(line.directory)).toEqual([])
  })

  it('goes no further than a wrong setting', async () => {
    const { code, faults } = await examine(commandLine({ environment: { PORT: 'x' } }))
    expect(code).toBe(1)
    expect(faults).toEqual([
      expect.objectContaining({ what: 'settings', finding: 'The setting PORT="x" must be a whole number.' }),
    ])
  })

  it('prints what to do under what it found, and the count on standard error', async () => {
    const line = await started(
      commandLine({ clock: () => moment, environment: { YIDENG_ISSUER: 'http://login.example' } }),
    )
    const { code, out, err } = await line.yideng('doctor')
    expect(code).toBe(1)
    expect(out).toContain(
      'fail  issuer: http://login.example is not encrypted\n      → set YIDENG_ISSUER to an https:// address\n',
    )
    expect(err).toBe('One check failed.\n')
  })

  it.each<[string, string, string, (line: Line) => void | Promise<void>]>([
    [
      'keys that others may read',
      'keys',
      'others may open',
      (line) => chmodSync(file(line, 'keys', 'data.json'), 0o644),
    ],
    ['a directory of keys that others may list', 'keys', 'mode 755', (line) => chmodSync(file(line, 'keys'), 0o755)],
    ['lost data keys', 'keys', 'is not there, but the store is', (line) => rmSync(file(line, 'keys', 'data.json'))],
    [
      'the data keys of another store',
      'data keys',
      'do not belong to this store',
      async (line) => {
        const other = await started()
        writeFileSync(file(line, 'keys', 'data.json'), readFileSync(file(other, 'keys', 'data.json')))
      },
    ],
    [
      'a store that others may read',
      'store',
      'others may open',
      (line) => chmodSync(file(line, 'data', 'yideng.sqlite'), 0o640),
    ],
    [
      'a store that is no database',
      'store',
      'is damaged or cannot be opened',
      (line) => {
        for (const suffix of ['-wal', '-shm']) rmSync(file(line, 'data', `yideng.sqlite${suffix}`), { force: true })
        writeFileSync(file(line, 'data', 'yideng.sqlite'), 'nothing like it'.repeat(1000))
      },
    ],
    [
      'a damaged registration',
      'portals',
      'cannot be read',
      (line) => alter(line, "INSERT INTO clients VALUES ('broken', '{', NULL, 'active', 1, 1)"),
    ],
    [
      'a changed audit entry',
      'audit trail',
      'broken (changed) at entry 1',
      (line) => alter(line, "UPDATE audit_events SET actor = 'nobody'"),
    ],
    [
      'an audit trail whose end was cut off',
      'audit trail',
      'broken (truncated) at entry 1',
      async (line) => {
        await sign(line)
        alter(line, 'DELETE FROM audit_events; DELETE FROM audit_checkpoints')
      },
    ],
    [
      'a file of signing keys that holds none',
      'keys',
      'signing.json holds no keys',
      (line) => writeFileSync(file(line, 'keys', 'signing.json'), '{"keys":[]}', { mode: 0o600 }),
    ],
    [
      'a file of data keys that holds none',
      'keys',
      'data.json holds no keys',
      (line) => writeFileSync(file(line, 'keys', 'data.json'), '', { mode: 0o600 }),
    ],
    [
      'APIs that cannot be read',
      'resources',
      'cannot be used',
      (line) => {
        line.environment['YIDENG_RESOURCES'] = file(line, 'none.json')
      },
    ],
    [
      'a proxy whose address everybody has',
      'proxy',
      'a few wrong tries lock everybody out',
      (line) =>
        void Object.assign(line.environment, { NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.invalid' }),
    ],
    [
      'a clock that went back',
      'clock',
      'is before the newest audit entry',
      (line) => alter(line, `UPDATE audit_events SET at = ${now + 60_000}`),
    ],
  ])('finds %s', async (_what, what, finding, harm) => {
    const line = await started()
    await harm(line)
    const { code, well, faults } = await examine(line)
    expect({ code, well }).toEqual({ code: 1, well: false })
    expect(faults).toContainEqual({
      state: 'fail',
      what,
      finding: expect.stringContaining(finding),
      todo: expect.any(String),
    })
  })

  it.each<[string, string, unknown, string | ((line: Line) => void | Promise<void>)]>([
    [
      'a migration that did not run',
      'store',
      `${migrationNames.join(', ')} did not run yet`,
      'DELETE FROM kysely_migration',
    ],
    ['logout notices given up', 'logout notices', '0 to be delivered, 1 given up', notice('abandoned', now)],
    [
      'signing keys of more than a year',
      'signing keys',
      expect.stringContaining('sign for more than a year'),
      () => void (moment += 400 * day),
    ],
    [
      'a key that is published and no more needed',
      'signing keys',
      expect.stringContaining('published but no more needed'),
      async (line: Line) => {
        await line.json('keys', 'rotate', '--now')
        moment += 2 * day
      },
    ],
    [
      'an audit trail that nobody signs',
      'audit trail',
      'nobody signs its newest entries',
      () => void (moment += 2 * 3_600_000),
    ],
    [
      'a checkpoint that is not beside the store',
      'audit trail',
      expect.stringContaining('not beside the store'),
      async (line: Line) => {
        await sign(line)
        rmSync(checkpointFileOf(file(line, 'data')))
      },
    ],
    [
      'audit entries that belong in the archive',
      'audit trail',
      'the store holds entries of more than 12 months',
      async (line: Line) => {
        moment += 400 * day
        await line.json('keys', 'rotate')
        await sign(line)
      },
    ],
    [
      'logout notices nobody delivers',
      'logout notices',
      '1 to be delivered, 0 given up',
      notice('pending', now - 86_400_000),
    ],
  ])('warns of %s', async (_what, what, finding, harm) => {
    const line = await started()
    if (typeof harm === 'string') alter(line, harm)
    else await harm(line)
    const { code, warnings } = await examine(line)
    expect(code).toBe(0)
    expect(warnings).toContainEqual({ state: 'warn', what, finding, todo: expect.any(String) })
  })
})

function notice(state: string, at: number) {
  return `INSERT INTO logout_deliveries (client_id, person_id, session_id, state, attempts, next_attempt_at, created_at)
    VALUES ('c', 'p', 's', '${state}', 1, ${at}, ${at})`
}
