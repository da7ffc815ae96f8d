import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { migrate, migrationsLeft, openDatabase } from '../../src/storage/database.ts'
import { afterFile } from '../setup/after-file.ts'
import { cannotRun } from '../setup/parts.ts'
import { signInByPasskey } from '../setup/passkey.ts'
import { password } from '../setup/people.ts'
import { signIn } from '../setup/person.ts'
import { recoverBy, newPassword } from '../setup/recovery.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

/** Stores that version 0.1.0 made, and their data keys; fixtures/README.md describes how. */
type Store = '0.1.0' | '0.1.0-passkeys'
const fixture = (name: string, store: Store = '0.1.0') => new URL(`fixtures/${store}/${name}`, import.meta.url).pathname
const read = (name: string, store?: Store) => readFileSync(fixture(name, store), 'utf8')
const people = z
  .array(z.object({ username: z.string(), number: z.string(), codes: z.array(z.string()) }))
  .parse(JSON.parse(read('people.json')))
const withPasskeys = z
  .array(
    z.object({
      username: z.string(),
      synced: z.boolean(),
      credential: z.object({
        id: z.string(),
        publicKey: z.string(),
        userHandle: z.string(),
        counter: z.number(),
        privateKey: z.record(z.string(), z.string()),
      }),
    }),
  )
  .parse(JSON.parse(read('people.json', '0.1.0-passkeys')))

/** Directories with the data key of the fixture. */
function directories(store?: Store) {
  const at = temporaryDirectory()
  const [data, keys] = [join(at, 'data'), join(at, 'keys')]
  for (const directory of [data, keys]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  copyFileSync(fixture('data.json', store), join(keys, 'data.json'))
  return { data, settings: { YIDENG_DATA_DIR: data, YIDENG_KEYS_DIR: keys } }
}

async function embedded(store?: Store): Promise<Record<string, string>> {
  const { data, settings } = directories(store)
  const sqlite = new DatabaseSync(join(data, 'yideng.sqlite'))
  sqlite.exec(`pragma foreign_keys = off; begin; ${read('sqlite.sql', store)} commit`)
  sqlite.close()
  return { ...settings, YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' }
}

async function postgres(store?: Store): Promise<Record<string, string>> {
  const address = await makePostgres()
  const client = new pg.Client(address)
  await client.connect()
  await client.query(read('postgres.sql', store))
  await client.end()
  return { ...directories(store).settings, YIDENG_DATABASE_URL: address }
}

describe.each([
  ['SQLite', embedded, false],
  ['PostgreSQL', postgres, cannotRun('PostgreSQL')],
] as const)('a store of 0.1.0 on %s', (_kind, lay, missing) => {
  it.skipIf(missing)('starts and migrates; everybody signs in by password and by recovery code', async () => {
    const server = await startServer(await lay())
    const services = await server.services()
    expect(await migrationsLeft(services.database)).toEqual({ pending: [], newer: [] })
    const portal = await registerPortal(services, { consent: 'implicit' })

    for (const { username, number, codes } of people) {
      const subjects: (string | undefined)[] = []
      const enter = async (secret: string) => {
        const visitor = new Visitor(server.issuer)
        const begun = await portal.begin()
        const page = await signIn(visitor, await visitor.get(begun.url), username, secret)
        subjects.push((await begun.finish(page)).claims()?.sub)
      }
      await enter(password)
      const code = codes[0] ?? ''
      await recoverBy(services, { identifier: username, knowledge: number, code })
      await enter(newPassword)
      expect(new Set(subjects).size).toBe(1)
    }
  })

  it.skipIf(missing)('signs in by a passkey that 0.1.0 enrolled, and counts on', async () => {
    const server = await startServer(await lay('0.1.0-passkeys'))
    const services = await server.services()
    const portal = await registerPortal(services, { consent: 'implicit' })
    for (const { username, synced, credential } of withPasskeys) {
      const authenticator = new SoftwareAuthenticator(server.issuer, { synced })
      const privateKey = createPrivateKey({ key: credential.privateKey, format: 'jwk' })
      authenticator.credentials.push({ ...credential, privateKey })
      const subjectBy = async (enter: (visitor: Visitor, page: Page) => Promise<Page>) => {
        const [visitor, begun] = [new Visitor(server.issuer), await portal.begin()]
        return (await begun.finish(await enter(visitor, await visitor.get(begun.url)))).claims()?.sub
      }
      const byPassword = await subjectBy((visitor, page) => signIn(visitor, page, username, password))
      expect(await subjectBy((visitor, page) => signInByPasskey(visitor, page, authenticator))).toBe(byPassword)
      expect(await subjectBy((visitor, page) => signInByPasskey(visitor, page, authenticator))).toBe(byPassword)
    }
  })
})

it('a version finds what a newer one has added, and starts beside it', async () => {
  const settings = await embedded()
  const file = join(settings['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite')
  // a newer version has run the migrations of this one too
  const newer = openDatabase(file)
  await migrate(newer)
  await sql`insert into kysely_migration values ('9999-newer', '2099-01-01T00:00:00.000Z')`.execute(newer)
  await newer.destroy()
  const server = await startServer(settings)
  expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
  const database = openDatabase(file)
  expect((await migrationsLeft(database)).newer).toEqual(['9999-newer'])
  await database.destroy()
})

/** A store of a version that does not exist yet: a table, a column and a migration that this version does not know. */
async function fromTheFuture(
  settings: Record<string, string>,
  oldest: object | undefined,
): Promise<() => Promise<object>> {
  const database = openDatabase(
    settings['YIDENG_DATABASE_URL'] || join(settings['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite'),
  )
  afterFile(() => database.destroy())
  await migrate(database)
  await sql`create table things_of_2099 (id text primary key)`.execute(database)
  await sql`alter table natural_persons add column of_2099 text`.execute(database)
  await sql`insert into kysely_migration values ('9999-newer', '2099-01-01T00:00:00.000Z')`.execute(database)
  if (oldest)
    await database
      .insertInto('house')
      .values({ key: 'oldest-writer', value: JSON.stringify(oldest) })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: JSON.stringify(oldest) }))
      .execute()
  const content = async () => {
    const facts = await database.selectFrom('house').selectAll().orderBy('key').execute()
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(database)
    const audit = await database
      .selectFrom('audit_events')
      .select(({ fn }) => fn.countAll().as('count'))
      .execute()
    return { facts, rows, audit }
  }
  return content
}

const run = (program: string, argv: string[], settings: Record<string, string>) => {
  const bin = new URL(`../../bin/${program}`, import.meta.url).pathname
  return spawnSync(process.execPath, [bin, ...argv], {
    env: { PORT: '1', COLUMNS: '1000', ...settings },
    encoding: 'utf8',
    timeout: 30_000,
  })
}

describe.each([
  ['SQLite', embedded, false],
  ['PostgreSQL', postgres, cannotRun('PostgreSQL')],
] as const)('a store of a newer version on %s', (_kind, lay, missing) => {
  it.skipIf(missing)(
    'that names a newer version is refused in one sentence, by the server and each command',
    async () => {
      const settings = await lay()
      const content = await fromTheFuture(settings, { migration: '9999-newer', version: '9.1.0' })
      const before = await content()
      const sentence =
        'The store was changed by Yideng 9.1.0, and an older version may not use it any longer: ' +
        'start version 9.1.0 or a newer one, or restore the backup that was made before.'
      for (const [program, argv] of [
        ['server.mjs', []],
        ['yideng.mjs', ['client', 'list']],
        ['yideng.mjs', ['migrate']],
        ['yideng.mjs', ['migrate', '--check']],
      ] as const) {
        const { status, stderr } = run(program, [...argv], settings)
        expect({ argv, status, stderr: stderr.trim() }).toEqual({ argv, status: 1, stderr: sentence })
      }
      expect(await content()).toEqual(before)
    },
  )

  it.skipIf(missing)('that names this version or none is used', async () => {
    for (const oldest of [undefined, { migration: '0001-first', version: '0.1.0' }]) {
      const settings = await lay()
      await fromTheFuture(settings, oldest)
      const server = await startServer(settings)
      const services = await server.services()
      expect((await migrationsLeft(services.database)).newer).toEqual(['9999-newer'])
      const [one] = people
      const portal = await registerPortal(services, { consent: 'implicit' })
      const begun = await portal.begin()
      const visitor = new Visitor(server.issuer)
      const page = await signIn(visitor, await visitor.get(begun.url), one?.username ?? '', password)
      expect((await begun.finish(page)).claims()?.sub).toBeTypeOf('string')
    }
  })
})
