import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { migrationNames } from '../setup/migrations.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

it('marks each column of the migrated schema as sensitive or open, and no other', async () => {
  const file = join(temporaryDirectory(), 'yideng.sqlite')
  const database = openDatabase(file)
  await migrate(database)
  await database.destroy()
  const sqlite = new DatabaseSync(file)
  const columns = sqlite
    .prepare(
      `SELECT t.name || '.' || c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c
       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'kysely_%'`,
    )
    .all()
    .map((row) => String(row['name']))
  sqlite.close()
  const marked = Object.entries(columnMarks).flatMap(([table, marks]) =>
    Object.keys(marks).map((one) => `${table}.${one}`),
  )
  expect(columns.sort()).toEqual(marked.sort())
})

it('migrates once, also when two processes start together', async () => {
  const file = join(temporaryDirectory(), 'yideng.sqlite')
  const program = `
    import { migrate, openDatabase } from ${JSON.stringify(new URL('../../src/storage/database.ts', import.meta.url).href)}
    const database = openDatabase(${JSON.stringify(file)})
    console.log((await migrate(database)).join())
    await database.destroy()`
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  const runs = await Promise.all([run(), run(), run()])
  expect(runs.map(({ stdout }) => stdout.trim()).sort()).toEqual(['', '', migrationNames.join()])
})

it('runs on the store of a newer version, also when it is started again', async () => {
  const database = openDatabase(join(temporaryDirectory(), 'yideng.sqlite'))
  await migrate(database)
  const row = { name: '9999-later', timestamp: new Date(Date.now() + 1000).toISOString() }
  await database
    .insertInto('kysely_migration' as never)
    .values(row)
    .execute()
  expect(await migrate(database)).toEqual([])
  await database.destroy()
})

it.each(migrationNames)('%s removes nothing that an older version beside it uses', (name) => {
  const text = readFileSync(new URL(`../../src/storage/migrations/${name}.ts`, import.meta.url), 'utf8')
  expect(text).not.toMatch(
    /\.(drop\w*|rename\w*|setNotNull|modifyColumn|alterColumn|setDataType)\(|\b(drop|rename|truncate)\b/i,
  )
  for (const [statement] of text.matchAll(/alterTable\([^]*?\.execute\(\)/g)) {
    // an older version omits a new column
    if (statement.includes('notNull')) expect(statement).toContain('defaultTo')
  }
})
