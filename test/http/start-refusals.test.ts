import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { afterFile } from '../setup/after-file.ts'
import { freePort } from '../setup/free-port.ts'
import { makeStore } from '../setup/make-store.ts'
import { addresses, type Case, type Environment } from './refused-addresses.ts'

const local = 'postgres://postgres@127.0.0.1'
const bin = (name: string) => new URL(`../../bin/${name}`, import.meta.url).pathname

/** The user of a service (`nobody`), where the tests run as root and can start a process of another user. */
const service = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

/** Runs a program that cannot start, as the given user. */
function run(program: string, argv: string[], env: Environment, user = {}) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [bin(program), ...argv], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
    ...user,
  })
  return { status, stderr: stderr.trim(), stdout }
}

let directory: string
let port: string

/** A new directory, open to the user of the service. */
function place(): string {
  const made = mkdtempSync(join(directory, 'case-'))
  chmodSync(made, 0o755)
  if (service) chownSync(made, service.uid, service.gid)
  return made
}

function fileIn(at: string, name: string, text = 'something'): string {
  const file = join(at, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'yideng-refusals-'))
  chmodSync(directory, 0o755)
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  port = String(await freePort())
})

const cases: Case[] = [
  {
    what: 'a data directory that is a file',
    set: (at) => ({ YIDENG_DATA_DIR: fileIn(at, 'data') }),
    says: ['YIDENG_DATA_DIR', /another kind/],
  },
  {
    what: 'a data directory below a file',
    set: (at) => ({ YIDENG_DATA_DIR: join(fileIn(at, 'data'), 'deeper') }),
    says: ['YIDENG_DATA_DIR', /another kind|below a file/],
  },
  {
    what: 'a data directory where the system allows none',
    set: () => ({ YIDENG_DATA_DIR: '/proc/yideng/data' }),
    says: ['YIDENG_DATA_DIR', /does not exist|may not/],
  },
  {
    what: 'a data directory that is a link to itself',
    set(at) {
      symlinkSync(join(at, 'loop'), join(at, 'loop'))
      return { YIDENG_DATA_DIR: join(at, 'loop') }
    },
    says: ['YIDENG_DATA_DIR', /link/],
  },
  {
    what: 'a data directory with too long a name',
    set: (at) => ({ YIDENG_DATA_DIR: join(at, 'x'.repeat(300)) }),
    says: ['YIDENG_DATA_DIR', /too long/],
  },
  {
    what: 'a data directory of another user',
    set(at) {
      mkdirSync(join(at, 'data'), { mode: 0o700 })
      return { YIDENG_DATA_DIR: join(at, 'data') }
    },
    says: ['YIDENG_DATA_DIR', /may not be used by the user/],
    asService: true,
  },
  {
    what: 'a store of another user in the own data directory',
    set(at) {
      const file = fileIn(at, 'data/yideng.sqlite', '')
      chmodSync(file, 0o600)
      if (service) chownSync(join(at, 'data'), service.uid, service.gid)
      return { YIDENG_DATA_DIR: join(at, 'data') }
    },
    says: ['YIDENG_DATA_DIR', /yideng\.sqlite may not be/],
    asService: true,
  },
  {
    what: 'a store that is another file',
    set: (at) => ({ YIDENG_DATA_DIR: join(fileIn(at, 'data/yideng.sqlite', 'a letter to the editor'), '..') }),
    says: ['YIDENG_DATA_DIR', /yideng\.sqlite is no store/],
  },
  {
    what: 'a store that is damaged',
    set: (at) => ({
      YIDENG_DATA_DIR: join(fileIn(at, 'data/yideng.sqlite', `SQLite format 3\0${'x'.repeat(5000)}`), '..'),
    }),
    says: ['YIDENG_DATA_DIR', /yideng\.sqlite cannot be opened/],
  },
  {
    what: 'a keys directory that is a file',
    set: (at) => ({ YIDENG_KEYS_DIR: fileIn(at, 'keys') }),
    says: ['YIDENG_KEYS_DIR', /another kind|below a file/],
  },
  {
    what: 'a keys directory inside the data directory that is a file',
    set: (at) => ({ YIDENG_DATA_DIR: join(at, 'data'), YIDENG_KEYS_DIR: fileIn(at, 'data/keys') }),
    says: ['YIDENG_KEYS_DIR', /another kind|below a file/],
  },
  {
    what: 'a keys directory of another user',
    set(at) {
      mkdirSync(join(at, 'keys'), { mode: 0o700 })
      return { YIDENG_KEYS_DIR: join(at, 'keys') }
    },
    says: ['YIDENG_KEYS_DIR', /may not be used by the user/],
    asService: true,
  },
  ...[
    ['cut off', '{"current":"d1","ke'],
    ['empty', ''],
    ['of another form', '{"current":1}'],
    ['without the keys', '{"current":"d1","keys":{"d1":"c2hvcnQ="},"index":"","pairwise":""}'],
  ].map(([how, text]) => ({
    what: `a data.json that is ${how}`,
    set: (at: string) => ({ YIDENG_KEYS_DIR: join(fileIn(at, 'keys/data.json', text), '..') }),
    says: ['YIDENG_KEYS_DIR', /data\.json is (not JSON|wrong)/] satisfies Case['says'],
  })),
  {
    what: 'a signing.json that is damaged',
    set: (at) => ({ YIDENG_KEYS_DIR: join(fileIn(at, 'keys/signing.json', '{'), '..') }),
    says: ['YIDENG_KEYS_DIR', /signing\.json is not JSON/],
  },
  {
    what: 'a cookies.json that is damaged',
    set: (at) => ({ YIDENG_KEYS_DIR: join(fileIn(at, 'keys/cookies.json', '[]'), '..') }),
    says: ['YIDENG_KEYS_DIR', /cookies\.json is wrong/],
  },
  ...addresses,
  {
    what: 'a certificate of PostgreSQL that is none',
    set: (at) => ({
      YIDENG_DATABASE_URL: `${local}/x?sslmode=verify-full&sslrootcert=${fileIn(at, 'ca')}`,
    }),
    says: ['YIDENG_DATABASE_URL', /refuses this server|does not answer/],
  },
  {
    what: 'a PostgreSQL with a certificate that no authority signed',
    set: () => ({ YIDENG_DATABASE_URL: `${local}/x?sslmode=verify-full` }),
    says: ['YIDENG_DATABASE_URL', /refuses this server|does not answer/],
  },
  {
    what: 'a PostgreSQL without this database',
    set: () => ({ YIDENG_DATABASE_URL: `${local}/no_such_database` }),
    says: ['YIDENG_DATABASE_URL', /refuses this server|does not answer/],
  },
  {
    what: 'a PostgreSQL that only reads, as a standby does',
    set: () => ({ YIDENG_DATABASE_URL: `${local},127.0.0.2/postgres?options=-c%20default_transaction_read_only%3Don` }),
    says: ['YIDENG_DATABASE_URL', /refuses this server: .*(only reads|standby)|does not answer/],
  },
  {
    what: 'a port that is a word',
    set: () => ({ PORT: 'http' }),
    says: ['PORT', /whole number/],
  },
  {
    what: 'an issuer in letters that are not ASCII',
    set: () => ({ YIDENG_ISSUER: 'https://一登.example' }),
    says: ['YIDENG_ISSUER', /as https:\/\/xn--4gqu00h\.example\.$/],
  },
  {
    what: 'a data directory that allows no new file',
    set(at) {
      mkdirSync(join(at, 'data'), { mode: 0o555 })
      return { YIDENG_DATA_DIR: join(at, 'data') }
    },
    says: ['YIDENG_DATA_DIR', /may not/],
    asService: true,
  },
  {
    what: 'a signing.json that is a directory',
    set(at) {
      mkdirSync(join(at, 'keys/signing.json'), { recursive: true })
      return { YIDENG_KEYS_DIR: join(at, 'keys') }
    },
    says: ['YIDENG_KEYS_DIR', /signing\.json is a directory/],
  },
  {
    what: 'a file of APIs that is a directory',
    set: (at) => ({ YIDENG_RESOURCES: join(fileIn(at, 'apis/one.json'), '..') }),
    says: ['YIDENG_RESOURCES', /is a directory/],
  },
  {
    what: 'a file of APIs that does not exist',
    set: (at) => ({ YIDENG_RESOURCES: join(at, 'resources.json') }),
    says: ['YIDENG_RESOURCES', /resources\.json does not exist/],
  },
  {
    what: 'a file of APIs that is damaged',
    set: (at) => ({ YIDENG_RESOURCES: fileIn(at, 'resources.json', '{"https://api.example":') }),
    says: ['YIDENG_RESOURCES', /resources\.json is not JSON/],
  },
  ...['YIDENG_FACE_VENDORS', 'YIDENG_BREACHED_PASSWORDS', 'YIDENG_PASSKEY_ROOTS'].map((name) => ({
    what: `a file of ${name} that does not exist`,
    set: (at: string) => ({ [name]: join(at, 'nothing') }),
    says: [name, /cannot be used|without certificates/] satisfies Case['says'],
  })),
]

describe('a start that is refused prints one sentence, which names the setting', () => {
  it.each(cases.filter(({ asService }) => !asService || service))('$what', ({ set, says, asService }) => {
    const at = place()
    const environment = { PORT: port, YIDENG_DATA_DIR: join(at, 'data'), YIDENG_KEYS_DIR: join(at, 'keys'), ...set(at) }
    const { status, stderr, stdout } = run('server.mjs', [], environment, asService ? service : {})
    expect(stderr.split('\n')).toHaveLength(1)
    const [setting, reason] = says
    expect(stderr).toContain(setting)
    expect(stderr).toMatch(reason)
    expect(stderr).not.toMatch(/^\s*at |Error:|node:/)
    expect(status).toBe(1)
    // the events of a directory warn in the log, with the error of each try
    expect(stdout).not.toContain('"stack"')
  })
})

it.each([
  ['80', 'http://localhost'],
  ['3000', 'http://localhost:3000'],
  ['443', 'http://localhost:443'],
])('the usual issuer on port %s is %s', (on, issuer) => {
  expect(readSettings({ PORT: on }).issuer).toBe(issuer)
})

describe('a command that cannot use a file prints one sentence', () => {
  const commands: { what: string; argv: (at: string) => string[]; says: RegExp }[] = [
    {
      what: 'a backup into a directory that does not exist',
      argv: () => ['backup', '/nowhere/x.sqlite'],
      says: /the directory \/nowhere does not exist/,
    },
    {
      what: 'a backup below a file',
      argv: (at) => ['backup', join(fileIn(at, 'file'), 'x.sqlite')],
      says: /file/,
    },
    {
      what: 'a backup with too long a name',
      argv: (at) => ['backup', join(at, 'x'.repeat(300))],
      says: /too long/,
    },
    {
      what: 'an export of the audit log into a directory that does not exist',
      argv: () => ['audit', 'export', '--to', '/nowhere/log.jsonl'],
      says: /\/nowhere\/log\.jsonl does not exist/,
    },
    {
      what: 'a register that does not exist',
      argv: () => ['register', 'import', '/nowhere/people.csv', '--kind', 'people'],
      says: /\/nowhere\/people\.csv/,
    },
  ]
  it.each(commands)('$what', async ({ argv, says }) => {
    const at = place()
    const environment = { COLUMNS: '1000', YIDENG_DATA_DIR: join(at, 'data'), YIDENG_KEYS_DIR: join(at, 'keys') }
    await makeStore(environment)
    const { status, stderr } = run('yideng.mjs', argv(at), environment)
    expect(status).not.toBe(0)
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^\s*at |errno|\.partial/m)
  })

  it('a data directory that is a file, as the server does', () => {
    const at = place()
    const { status, stderr } = run('yideng.mjs', ['client', 'list'], {
      COLUMNS: '1000',
      YIDENG_DATA_DIR: fileIn(at, 'data'),
      YIDENG_KEYS_DIR: join(at, 'keys'),
    })
    expect(status).toBe(1)
    expect(stderr.split('\n')).toHaveLength(1)
    expect(stderr).toContain('YIDENG_DATA_DIR')
  })
})
