import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterFile } from './after-file.ts'
import { postgresServer } from './parts.ts'
import { startRedis } from './redis.ts'

async function execute(command: string): Promise<void> {
  const client = new pg.Client(postgresServer)
  await client.connect()
  await client.query(command)
  await client.end()
}

/** Creates a database on the PostgreSQL of this machine, for this test file. It is dropped after the tests. */
export async function makePostgres(): Promise<string> {
  const name = `yideng_test_${randomBytes(6).toString('hex')}`
  await execute(`create database ${name} template template0`)
  afterFile(() => execute(`drop database ${name} with (force)`))
  return postgresServer.replace(/postgres$/, name)
}

/** Settings of stores that several machines share. */
export async function scaleOut(): Promise<Record<string, string>> {
  return { YIDENG_DATABASE_URL: await makePostgres(), YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}` }
}

/** With YIDENG_TEST_STORES=scale-out the tests of servers and services run on PostgreSQL and Redis. */
const wanted = process.env['YIDENG_TEST_STORES'] === 'scale-out'
export const serverStores = async () => (wanted ? scaleOut() : {})
export const durableStore = async () => (wanted ? { YIDENG_DATABASE_URL: await makePostgres() } : {})
