import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { migrationNames } from '../../setup/migrations.ts'
import { commandLine } from '../../cli/in-process.ts'

it('migrates once, and lists the migrations', async () => {
  const { json, yideng } = commandLine()
  expect(await json('migrate')).toEqual({ ran: migrationNames })
  expect(await json('migrate')).toEqual({ ran: [] })
  expect((await yideng('migrate')).out).toBe('The store was up to date.\n')
})

it('migrate --check says what a start would do, and changes nothing', async () => {
  const { directory, json, yideng } = commandLine()
  const file = join(directory, 'data', 'yideng.sqlite')
  const fresh = await yideng('migrate', '--check')
  expect(fresh.code).toBe(1)
  expect(fresh.out).toBe(migrationNames.map((name) => `needs ${name}\n`).join(''))
  expect(fresh.err).toContain('must be migrated')
  expect(existsSync(file)).toBe(false)

  await yideng('migrate')
  expect(await json('migrate', '--check')).toEqual({ pending: [], newer: [] })
  expect((await yideng('migrate', '--check')).code).toBe(0)

  // an older store, and one that a newer version has used
  const [last = ''] = migrationNames.slice(-1)
  const before = change(file, `update kysely_migration set name = '9999-newer' where name = '${last}'`)
  const both = await yideng('migrate', '--check', '--json')
  expect(both.code).toBe(1)
  expect(JSON.parse(both.out)).toEqual({ pending: [last], newer: ['9999-newer'] })
  expect(readdirSync(join(directory, 'data')).filter((name) => name.startsWith('yideng.sqlite.'))).toEqual([])
  expect(change(file, 'select 1')).toBe(before)

  expect((await yideng('migrate', '--check', '--from', 'data')).code).toBe(2)
})

/** Runs a statement in a store; returns the names of its migrations. */
function change(file: string, statement: string): string {
  const sqlite = new DatabaseSync(file)
  sqlite.exec(statement)
  const names = sqlite.prepare('select name from kysely_migration order by name').all()
  sqlite.close()
  return JSON.stringify(names)
}

it('lists keys by id, and shows no part of a key', async () => {
  const { directory, yideng, json } = commandLine()
  const listed = await json<{ signing: unknown[]; data: unknown[] }>('keys', 'list')
  expect(listed).toEqual({
    signing: ['ES256', 'RS256', 'SGD_SM3_SM2'].map((alg) => ({
      kid: expect.stringMatching(`^${alg.toLowerCase().replaceAll('_', '-')}-`),
      alg,
      created_at: expect.any(String),
      state: 'signs',
      sign_from: expect.any(String),
    })),
    data: [{ kid: 'd1', current: true, suite: 'international' }],
    index: [{ kid: 'i1', current: true, in_use: true, suite: 'international' }],
    cookie: [{ kid: 'c1', state: 'signs' }],
  })
  const { out } = await yideng('keys', 'list')
  const data = JSON.parse(readFileSync(join(directory, 'keys', 'data.json'), 'utf8')) as {
    keys: { d1: string }
    index: string
    lookup: { i1: string }
  }
  const cookies = JSON.parse(readFileSync(join(directory, 'keys', 'cookies.json'), 'utf8')) as { keys: string[] }
  for (const secret of [data.keys.d1, data.index, data.lookup.i1, ...cookies.keys])
    expect(out + JSON.stringify(listed)).not.toContain(secret)
  expect(out).not.toMatch(/"d"|"k"/)
})
