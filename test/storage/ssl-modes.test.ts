import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { makeCertificate, noOpenssl } from '../setup/certificate.ts'
import { cannotRun } from '../setup/parts.ts'
import { postgresDoor } from '../setup/postgres-over-tls.ts'

describe.skipIf(cannotRun('PostgreSQL') || noOpenssl)('sslmode of YIDENG_DATABASE_URL', () => {
  let own: string
  let foreign: string
  let doors: Record<'tls' | 'plain', Awaited<ReturnType<typeof postgresDoor>>>
  beforeAll(async () => {
    const certificate = makeCertificate()
    own = certificate.cert
    foreign = makeCertificate().cert
    doors = { tls: await postgresDoor(certificate), plain: await postgresDoor() }
  })

  /** How a query came in, or why it did not. */
  async function ask(door: keyof typeof doors, host: string, query: string): Promise<string> {
    const { port, came } = doors[door]
    came.length = 0
    const url = `postgres://postgres@${host}:${port}/postgres?${query.replace('OWN', own).replace('FOREIGN', foreign)}`
    expect(readSettings({ YIDENG_DATABASE_URL: url }).databaseUrl).toBe(url)
    const database = openDatabase(url)
    onTestFinished(() => database.destroy())
    try {
      await sql`select 1`.execute(database)
      return came.join()
    } catch (error) {
      const { cause, message } = error as Error
      return `${message} ${cause instanceof Error ? cause.message : ''}`
    }
  }

  // the certificate is for localhost and 127.0.0.1
  it.each<[string, string, string, string | RegExp]>([
    ['tls', 'localhost', '', 'plain'],
    ['tls', 'localhost', 'application_name=x', 'plain'],
    ['tls', 'localhost', 'sslmode=disable', 'plain'],
    ['tls', 'localhost', 'sslmode=require', 'TLS'],
    ['tls', '127.0.0.2', 'sslmode=require', 'TLS'],
    ['tls', 'localhost', 'sslmode=require&uselibpqcompat=false', 'TLS'],
    ['tls', 'localhost', 'sslmode=require&sslrootcert=OWN', 'TLS'],
    ['tls', '127.0.0.2', 'sslmode=require&sslrootcert=OWN', 'TLS'],
    ['tls', 'localhost', 'sslmode=require&sslrootcert=FOREIGN', /self-signed certificate/],
    ['tls', 'localhost', 'sslmode=verify-ca&sslrootcert=OWN', 'TLS'],
    ['tls', '127.0.0.2', 'sslmode=verify-ca&sslrootcert=OWN', 'TLS'],
    ['tls', 'localhost', 'sslmode=verify-ca&sslrootcert=FOREIGN', /self-signed certificate/],
    ['tls', 'localhost', 'sslmode=verify-full&sslrootcert=OWN', 'TLS'],
    ['tls', '127.0.0.2', 'sslmode=verify-full&sslrootcert=OWN', /altnames/],
    ['tls', 'localhost', 'sslmode=verify-full&sslrootcert=FOREIGN', /self-signed certificate/],
    ['tls', 'localhost', 'sslmode=verify-full', /self-signed certificate/],
    ['tls', 'localhost', 'sslrootcert=OWN', 'TLS'],
    ['tls', '127.0.0.2', 'sslrootcert=OWN', /altnames/],
    ['plain', 'localhost', 'sslmode=disable', 'plain'],
    ['plain', 'localhost', 'sslmode=require', /does not support SSL/],
    ['plain', 'localhost', 'sslmode=require&sslrootcert=OWN', /does not support SSL/],
    ['plain', 'localhost', 'sslmode=verify-ca&sslrootcert=OWN', /does not support SSL/],
    ['plain', 'localhost', 'sslmode=verify-full', /does not support SSL/],
  ])('a server with %s at %s: ?%s', async (door, host, query, answer) => {
    const got = await ask(door as keyof typeof doors, host, query)
    if (typeof answer === 'string') expect(got).toBe(answer)
    else expect(got).toMatch(answer)
    // a refusal never went on without TLS
    if (answer !== 'plain') expect(doors[door as keyof typeof doors].came).not.toContain('plain')
  })

  it.each(['disable', 'require', 'verify-ca', 'verify-full'])('%s prints nothing of pg', async (mode) => {
    const url = `postgres://postgres@localhost:${doors.tls.port}/postgres?sslmode=${mode}&sslrootcert=${own}`
    const { href } = new URL('../../src/storage/database.ts', import.meta.url)
    const program = `import { openDatabase } from '${href}'
      const database = openDatabase(${JSON.stringify(url)})
      await database.selectFrom('pg_settings').selectAll().execute()
      await database.destroy()`
    const argv = ['--input-type=module', '-e', program]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

it.each([
  ['allow', 'sslmode=allow', 'must have one sslmode of'],
  ['prefer', 'sslmode=prefer', 'must have one sslmode of'],
  ['a word of pg', 'sslmode=no-verify', 'must have one sslmode of'],
  ['a word of nobody', 'sslmode=on', 'must have one sslmode of'],
  ['capitals', 'sslmode=Require', 'must have one sslmode of'],
  ['nothing', 'sslmode=', 'must have one sslmode of'],
  ['two', 'sslmode=verify-full&sslmode=disable', 'must have one sslmode of'],
  ['verify-ca without a root', 'sslmode=verify-ca', 'must have sslrootcert'],
  ['verify-ca with an empty root', 'sslmode=verify-ca&sslrootcert=', 'must have sslrootcert'],
])('a start is refused with an sslmode of %s', (_what, query, says) => {
  const url = `postgres://yideng:hunter2@db/yideng?${query}`
  const refused = expect(() => readSettings({ YIDENG_DATABASE_URL: url }))
  refused.toThrow(`The setting YIDENG_DATABASE_URL ${says}`)
  expect(() => readSettings({ YIDENG_DATABASE_URL: url })).not.toThrow('hunter2')
})
