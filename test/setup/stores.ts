import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll } from 'vitest'
import { openDatabase, type Database } from '../../src/storage/database.ts'
import { cannotRun } from './parts.ts'
import { startRedis } from './redis.ts'
import { temporaryDirectory } from './temporary.ts'
import { join } from 'node:path'

const server = 'postgres://postgres@127.0.0.1:5432'
const made: string[] = []

async function tell(command: string): Promise<void> {
  const client = new pg.Client(`${server}/postgres`)
  await client.connect()
  await client.query(command)
  await client.end()
}

afterAll(async () => {
  for (const name of made) await tell(`drop database ${name} with (force)`)
})

/** A database of this file's own on the PostgreSQL of this machine; dropped after its tests. */
export async function makePostgres(): Promise<string> {
  const name = `yideng_test_${randomBytes(6).toString('hex')}`
  await tell(`create database ${name} template template0`)
  made.push(name)
  return `${server}/${name}`
}

/** Settings for the stores of a Yideng that many machines share. */
export async function scaleOut(): Promise<Record<string, string>> {
  return { YIDENG_DATABASE_URL: await makePostgres(), YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}` }
}

/** Both durable stores, for `describe.each`: a fresh one each time `address` is asked. */
export const durableStores = [
  { store: 'SQLite', missing: false, address: async () => join(temporaryDirectory(), 'yideng.sqlite') },
  { store: 'PostgreSQL', missing: cannotRun('PostgreSQL'), address: makePostgres },
]

export async function withDatabase<T>(address: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(address)
  try {
    return await use(database)
  } finally {
    await database.destroy()
  }
}
