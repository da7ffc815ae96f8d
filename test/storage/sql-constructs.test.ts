import { readFileSync } from 'node:fs'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { copyStore } from '../../src/storage/copy.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { cannotRun, postgresServer } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { builderMethods, onBuilders, sqlOf, sqlOfSources, wordsOf, type SqlUse } from './sql-of-sources.ts'

const list = z.array(z.string()).default([])
const { constructs, names } = z
  .object({
    constructs: z.array(
      z.object({ id: z.string(), methods: list, operators: list, types: list, words: list, parameters: list }),
    ),
    names: z.array(z.string()),
  })
  .parse(JSON.parse(readFileSync(new URL('../../docs/sql.json', import.meta.url), 'utf8')))

const listed = (kind: 'methods' | 'operators' | 'types' | 'words' | 'parameters') =>
  new Set(constructs.flatMap((one) => one[kind]))
const known = {
  method: listed('methods'),
  operator: listed('operators'),
  type: listed('types'),
  word: listed('words'),
}

/** Methods that write no SQL of their own, or only together with a listed one. */
const silent = new Set(
  (
    '$if at compile connection destroy end execute executeQuery executeTakeFirst executeTakeFirstOrThrow getExecutor ' +
    'id join key lit raw ref table then val schema introspection'
  ).split(' '),
)

/** Tables, columns, and names that statements give to their own parts although PostgreSQL has a word of that name. */
const ownNames = new Set([
  ...Object.entries(columnMarks).flatMap(([table, columns]) => [table, ...Object.keys(columns)]),
  ...names,
])

/** Keywords, functions, types, catalogues and settings of PostgreSQL: another word of a statement is a name of ours. */
let vocabulary: ReadonlySet<string>

const isName = (word: string) => /^\w/.test(word) && (ownNames.has(word) || !vocabulary.has(word))

const isListed = ({ kind, name }: Pick<SqlUse, 'kind' | 'name'>) =>
  known[kind].has(name) || (kind === 'method' && silent.has(name)) || (kind === 'word' && isName(name))

const unlisted = (uses: readonly SqlUse[]) =>
  uses.filter((use) => !isListed(use)).map(({ kind, name, where }) => `${kind} ${name} (${where})`)

async function readVocabulary(): Promise<ReadonlySet<string>> {
  const client = new pg.Client(postgresServer)
  await client.connect()
  const own = "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
  const { rows } = await client.query<{ word: string }>(`
    select word from pg_get_keywords() union select proname from pg_proc where pronamespace in ${own}
    union select typname from pg_type where typnamespace in ${own} union select name from pg_settings
    union select relname from pg_class where relnamespace in ${own}
    union select attname from pg_attribute join pg_class c on c.oid = attrelid where relnamespace in ${own}`)
  await client.end()
  return new Set(rows.map(({ word }) => word))
}

describe.skipIf(cannotRun('PostgreSQL'))('docs/sql.json', () => {
  const uses = sqlOfSources()

  beforeAll(async () => {
    vocabulary = await readVocabulary()
    expect(vocabulary.size).toBeGreaterThan(3000)
  })

  it('lists every construct of SQL that the sources use', () => {
    expect(uses.length).toBeGreaterThan(2000)
    expect(unlisted(uses), 'add it to docs/sql.json, with what openGauss and KingbaseES say').toEqual([])
  })

  it('lists no method, operator or type that no source uses', () => {
    const used = new Set(uses.map(({ kind, name }) => `${kind} ${name}`))
    const stale = (['method', 'operator', 'type'] as const).flatMap((kind) =>
      [...known[kind]].map((name) => `${kind} ${name}`).filter((one) => !used.has(one)),
    )
    expect(stale).toEqual([])
  })

  it.each([
    ['a method', 'db.selectFrom("clients").selectAll().forUpdate().skipLocked()', 'method skipLocked'],
    ['a method that others have too', 'db.selectFrom("clients").selectAll(); db.with("a", b)', 'method with'],
    ['a function out of its builder', 'db.selectFrom("a").where(({ between }) => between(a, 1, 2))', 'method between'],
    ['an operator', 'db.selectFrom("clients").where("id", "@>", "a")', 'operator @>'],
    ['an operator that is a value', 'db.selectFrom("clients").where("id", how, "a")', 'operator not a literal'],
    ['a column type', 'schema.createTable("a").addColumn("b", "jsonb")', 'type jsonb'],
    ['a text', 'sql`listen "changed"`', 'word listen'],
    [
      'a text with values',
      'sql<Row>`select ${a} from clients for update skip ${b} locked`',
      'word skip',
      'word locked',
    ],
    ['a text without the tag', 'import { CompiledQuery } from \'kysely\'; run("lock table clients")', 'word lock'],
  ])('would see %s', (_what, text, ...found) => {
    const methods = builderMethods()
    const planted = onBuilders(sqlOf('planted.ts', text, methods), methods)
    expect(planted.filter((use) => !isListed(use)).map(({ kind, name }) => `${kind} ${name}`)).toEqual(found)
  })

  it('lists the words of migrations, introspection and copies, also those that Kysely adds', async () => {
    const seen = new Map<string, string>()
    const recorded = async () => {
      const url = await makePostgres()
      return openDatabase(url, ({ statement }) => {
        for (const word of wordsOf(statement)) seen.set(word, statement)
      })
    }
    const [one, other] = [await recorded(), await recorded()]
    await migrate(one)
    await migrate(other)
    await one.introspection.getTables()
    await copyStore(one, other)
    expect(seen.size).toBeGreaterThan(50)
    expect([...seen].filter(([name]) => !isListed({ kind: 'word', name }))).toEqual([])
    const { rows } = await one.executeQuery<{ name: string }>(
      one
        .selectFrom('pg_settings' as never)
        .select('name' as never)
        .where('source' as never, '=', 'client' as never)
        .compile(),
    )
    expect(rows.map(({ name }) => name).sort(), 'what each connection sets').toEqual([...listed('parameters')].sort())
    await one.destroy()
    await other.destroy()
  })
})
