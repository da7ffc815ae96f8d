import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { migrationsLeft, openDatabase } from '../../src/storage/database.ts'
import { cannotRun } from '../setup/parts.ts'
import { password } from '../setup/people.ts'
import { signIn } from '../setup/person.ts'
import { recoverBy, newPassword } from '../setup/recovery.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'

/** A store that version 0.1.0 made, and its data key; fixtures/README.md describes how. */
const fixture = (name: string) => new URL(`fixtures/0.1.0/${name}`, import.meta.url).pathname
const people = z
  .array(z.object({ username: z.string(), number: z.string(), codes: z.array(z.string()) }))
  .parse(JSON.parse(readFileSync(fixture('people.json'), 'utf8')))

/** Directories with the data key of the fixture. */
function directories() {
  const at = temporaryDirectory()
  const [data, keys] = [join(at, 'data'), join(at, 'keys')]
  for (const directory of [data, keys]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  copyFileSync(fixture('data.json'), join(keys, 'data.json'))
  return { data, settings: { YIDENG_DATA_DIR: data, YIDENG_KEYS_DIR: keys } }
}

async function embedded(): Promise<Record<string, string>> {
  const { data, settings } = directories()
  const sqlite = new DatabaseSync(join(data, 'yideng.sqlite'))
  sqlite.exec(`pragma foreign_keys = off; begin; ${readFileSync(fixture('sqlite.sql'), 'utf8')} commit`)
  sqlite.close()
  return { ...settings, YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' }
}

async function postgres(): Promise<Record<string, string>> {
  const address = await makePostgres()
  const client = new pg.Client(address)
  await client.connect()
  await client.query(readFileSync(fixture('postgres.sql'), 'utf8'))
  await client.end()
  return { ...directories().settings, YIDENG_DATABASE_URL: address }
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
})

it('a version finds what a newer one has added, and starts beside it', async () => {
  const settings = await embedded()
  const file = join(settings['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite')
  const sqlite = new DatabaseSync(file)
  sqlite.exec("insert into kysely_migration values ('9999-newer', '2099-01-01T00:00:00.000Z')")
  sqlite.close()
  const server = await startServer(settings)
  expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
  const database = openDatabase(file)
  expect((await migrationsLeft(database)).newer).toEqual(['9999-newer'])
  await database.destroy()
})
