import { chmodSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkpointFileOf } from '../../../src/audit/checkpoint-file.ts'
import { signAuditLog } from '../../audit/setup.ts'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'
import { migrationNames } from '../../setup/migrations.ts'
import { alter, answeredBy, examine, file, now, passkey, signedIn, startOf, type Line } from './examined.ts'

const day = 86_400_000
let moment = now
beforeEach(() => {
  moment = now
})

const started = (environment: Record<string, string> = {}) =>
  startOf(commandLine({ clock: () => moment, environment: { ...unansweredIssuer, ...environment } }))

describe('doctor', () => {
  it('reports no fault on a good set-up', async () => {
    const { code, well, warnings, faults, checks } = await examine(await started())
    expect({ code, well, warnings, faults }).toEqual({ code: 0, well: true, warnings: [], faults: [] })
    expect(new Set(checks.map(({ what }) => what))).toEqual(
      new Set([
        'Node.js',
        'seals of portals, administrators, mandates, links',
        'settings',
        'issuer',
        'resources',
        'disk',
        'keys',
        'signing keys',
        'store',
        'data keys',
        'index keys',
        'seals of authenticators',
        'pairwise key',
        'cookie keys',
        'portals',
        'audit log',
        'clock',
        'logout notices',
        'artifacts',
      ]),
    )
  })

  it('creates no file on an empty machine', async () => {
    const line = commandLine({ empty: true })
    const { code, warnings, faults } = await examine(line)
    expect(code).toBe(1)
    expect(faults.map(({ what }) => what)).toEqual(['store'])
    expect(warnings.map(({ what }) => what)).toEqual(['keys', 'artifacts'])
    expect(readdirSync(line.directory)).toEqual([])
  })

  it('stops at a wrong setting', async () => {
    const { code, faults } = await examine(commandLine({ environment: { PORT: 'x' } }))
    expect(code).toBe(1)
    expect(faults).toEqual([
      expect.objectContaining({ what: 'settings', finding: 'The setting PORT="x" must be a whole number.' }),
    ])
  })

  it('prints the advice under each finding, and the count on standard error', async () => {
    const line = await started({ YIDENG_ISSUER: 'http://login.example' })
    const { code, out, err } = await line.yideng('doctor')
    expect(code).toBe(1)
    expect(out).toContain(
      'fail  issuer: http://login.example is not encrypted\n      → set YIDENG_ISSUER to an https:// address\n',
    )
    expect(err).toBe('One check failed.\n')
  })

  it.each<[string, string, string, (line: Line) => void | Promise<void>]>([
    [
      'keys that other users can read',
      'keys',
      'other users can open',
      (line) => chmodSync(file(line, 'keys', 'data.json'), 0o644),
    ],
    [
      'a directory of keys that other users can list',
      'keys',
      'mode 755',
      (line) => chmodSync(file(line, 'keys'), 0o755),
    ],
    ['lost data keys', 'keys', 'does not exist, but the store does', (line) => rmSync(file(line, 'keys', 'data.json'))],
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
      'a store that other users can read',
      'store',
      'other users can open',
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
      (line) =>
        alter(
          line,
          "INSERT INTO clients (id, metadata, secret_hash, status, created_at, updated_at) VALUES ('broken', '{', NULL, 'active', 1, 1)",
        ),
    ],
    [
      'a changed audit entry',
      'audit log',
      'broken (changed) at entry 1',
      (line) => alter(line, "UPDATE audit_events SET actor = 'another'"),
    ],
    [
      'an audit log with a removed end',
      'audit log',
      'broken (truncated) at entry 1',
      async (line) => {
        await signAuditLog(line)
        alter(line, 'DELETE FROM audit_events; DELETE FROM audit_checkpoints')
      },
    ],
    [
      'a file of signing keys without keys',
      'keys',
      'signing.json has no keys',
      (line) => writeFileSync(file(line, 'keys', 'signing.json'), '{"keys":[]}', { mode: 0o600 }),
    ],
    [
      'a file of data keys without keys',
      'keys',
      'data.json has no keys',
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
      'a proxy whose address all people have',
      'proxy',
      'a few wrong tries lock all of them out',
      (line) =>
        void Object.assign(line.environment, { NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.invalid' }),
    ],
    [
      'a clock that was set back',
      'clock',
      'is before the newest audit entry',
      (line) => alter(line, `UPDATE audit_events SET at = ${now + 60_000}`),
    ],
    [
      'passkeys of another host name',
      'passkeys',
      'made for localhost and do not work at login.invalid; 1 are stored',
      async (line) => {
        alter(line, passkey)
        await signAuditLog(line)
        line.environment['YIDENG_ISSUER'] = 'https://login.invalid'
      },
    ],
    [
      'something else at the public address',
      'public address',
      'is not from a Yideng (status 502)',
      (line) => answeredBy(line, 502, 'Bad Gateway'),
    ],
    [
      'another Yideng at the public address',
      'public address',
      'other signing keys than those in',
      (line) => answeredBy(line, 200, '{"keys":[{"kid":"of another"}]}'),
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
      expect.stringContaining('have signed for more than a year'),
      () => void (moment += 400 * day),
    ],
    [
      'an RSA key that is shorter than the setting',
      'signing keys',
      expect.stringMatching(/^rs256-\w+ has 2048 bits; YIDENG_RSA_BITS asks for 3072$/),
      (line: Line) => void (line.environment['YIDENG_RSA_BITS'] = '3072'),
    ],
    [
      'a published key that is no longer needed',
      'signing keys',
      expect.stringContaining('published but no longer needed'),
      async (line: Line) => {
        await line.json('keys', 'rotate', '--now')
        moment += 2 * day
      },
    ],
    ['an unsigned audit log', 'audit log', 'its newest entries are not signed', () => void (moment += 2 * 3_600_000)],
    [
      'a missing checkpoint file',
      'audit log',
      expect.stringContaining('the file of the newest checkpoint is missing'),
      async (line: Line) => {
        await signAuditLog(line)
        rmSync(checkpointFileOf(file(line, 'data')))
      },
    ],
    [
      'audit entries that belong in the archive',
      'audit log',
      'the store holds entries of more than 12 months',
      async (line: Line) => {
        moment += 400 * day
        await line.json('keys', 'rotate')
        await signAuditLog(line)
      },
    ],
    [
      'a proxy whose address many people have',
      'addresses',
      'the last 20 sign-ins, of 20 people, all came from one address: limits would apply to all of them together',
      (line: Line) => signedIn(line, () => '127.0.0.1'),
    ],
    [
      'undelivered logout notices',
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

it('accepts people from several addresses, and passkeys of this host name', async () => {
  const line = await started()
  alter(line, passkey)
  await line.json('keys', 'seal')
  await signedIn(line, (turn) => (turn === 7 ? '203.0.113.7' : '127.0.0.1'))
  await signAuditLog(line)
  const { well, checks } = await examine(line)
  expect(well).toBe(true)
  expect(checks.filter(({ what }) => ['addresses', 'passkeys'].includes(what))).toEqual([
    { state: 'ok', what: 'passkeys', finding: 'made for localhost' },
    { state: 'ok', what: 'addresses', finding: 'people come from several' },
  ])
})
