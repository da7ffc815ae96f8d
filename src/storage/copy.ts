import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { isPostgres, type Database, type DatabaseTransaction } from './database.ts'
import { columnMarks, type Tables } from './schema.ts'

type Table = keyof Tables
type Row = Record<string, string | number | null>

/** Number of rows of a table, and a hash over them in any order. */
export interface Content {
  rows: number
  hash: string
}

/** Refuses a copy; nothing was changed. */
export class CopyRefused extends Error {}

const readAtOnce = 2000
const insertAtOnce = 200

const tables = Object.keys(columnMarks) as Table[]

/** Foreign keys between different tables. */
async function references(within: Database): Promise<{ from: string; to: string }[]> {
  const query = isPostgres(within)
    ? sql<{ from: string; to: string }>`
        select source.relname as "from", target.relname as "to" from pg_constraint
        join pg_class source on source.oid = conrelid join pg_class target on target.oid = confrelid
        where contype = 'f' and connamespace = current_schema()::regnamespace and conrelid <> confrelid`
    : sql<{ from: string; to: string }>`
        select tables.name as "from", keys."table" as "to" from sqlite_master as tables
        join pragma_foreign_key_list(tables.name) as keys where tables.type = 'table' and keys."table" <> tables.name`
  return (await query.execute(within)).rows
}

/**
 * The tables of a store, each after those it refers to. Within a table, older rows come first, because rows may refer
 * to others of their table.
 * @internal
 */
export async function tablesInOrder(within: Database): Promise<Table[]> {
  const found = await references(within)
  const ordered: Table[] = []
  while (ordered.length < tables.length) {
    const placed = new Set<string>(ordered)
    const next = tables.filter(
      (table) => !placed.has(table) && found.every(({ from, to }) => from !== table || placed.has(to)),
    )
    if (next.length === 0) {
      const left = tables.filter((table) => !placed.has(table))
      throw new Error(`tables refer to each other: ${left.join(', ')}`)
    }
    ordered.push(...next)
  }
  return ordered
}

const rowsOf = (within: DatabaseTransaction, table: Table) =>
  isPostgres(within) ? rowsByCursor(within, table) : rowsByRowid(within, table)

async function* rowsByCursor(within: DatabaseTransaction, table: Table): AsyncGenerator<Row[]> {
  const order = ['created_at', 'sequence'].find((column) => column in columnMarks[table])
  const inOrder = order ? sql`order by ${sql.ref(order)}` : sql``
  await sql`declare copied no scroll cursor for select * from ${sql.table(table)} ${inOrder}`.execute(within)
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(readAtOnce)} from copied`.execute(within)
    if (rows.length > 0) yield rows
    if (rows.length < readAtOnce) break
  }
  await sql`close copied`.execute(within)
}

/** Reads rows in the order of their insertion. */
async function* rowsByRowid(within: DatabaseTransaction, table: Table): AsyncGenerator<Row[]> {
  let last = 0
  for (;;) {
    const { rows } = await sql<Row & { rowid_: number }>`select rowid as rowid_, * from ${sql.table(table)}
      where rowid > ${last} order by rowid limit ${sql.lit(readAtOnce)}`.execute(within)
    last = rows.at(-1)?.rowid_ ?? last
    if (rows.length > 0) yield rows.map(({ rowid_: _rowid, ...row }) => row)
    if (rows.length < readAtOnce) return
  }
}

/** Adds up the SHA-256 of rows modulo 2^256, so that their order does not matter. */
function createSum() {
  let rows = 0
  let sum = 0n
  return {
    add(row: Row) {
      const fields = Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1))
      sum += BigInt(`0x${createHash('sha256').update(JSON.stringify(fields)).digest('hex')}`)
      rows += 1
    },
    content: (): Content => ({ rows, hash: BigInt.asUintN(256, sum).toString(16).padStart(64, '0') }),
  }
}

async function contentOf(within: DatabaseTransaction, table: Table): Promise<Content> {
  const sum = createSum()
  for await (const rows of rowsOf(within, table)) for (const row of rows) sum.add(row)
  return sum.content()
}

async function rowsIn(within: DatabaseTransaction): Promise<number> {
  let total = 0
  for (const table of tables) {
    const { rows } = await sql<{ many: number | string }>`select count(*) as many from ${sql.table(table)}`.execute(
      within,
    )
    total += Number(rows[0]?.many ?? 0)
  }
  return total
}

/** Sets PostgreSQL's identity columns to continue after the highest id. */
async function countOn(within: DatabaseTransaction): Promise<void> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = current_schema() and is_identity = 'YES'`.execute(within)
  for (const { table, column } of rows) {
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}), coalesce(max(${sql.ref(column)}), 0) + 1, false)
      from ${sql.table(table)}`.execute(within)
  }
}

/** @throws CopyRefused when a table has rows */
export async function mustBeEmpty(target: Database): Promise<void> {
  for (const table of tables) {
    const any = await sql`select 1 from ${sql.table(table)} limit 1`.execute(target)
    if (any.rows.length > 0) throw new CopyRefused(`the table ${table} of the target is not empty`)
  }
}

const snapshotOf = <T>(database: Database, read: (transaction: DatabaseTransaction) => Promise<T>) =>
  isPostgres(database)
    ? database.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read)
    : database.transaction().execute(read)

/**
 * Copies one snapshot of all tables into an empty store of the same schema, in one transaction. Then reads it again
 * there.
 * @param options.after runs in the same transaction, after the last table.
 * @throws CopyRefused when the target is not empty, or differs after the copy
 */
export async function copyStore(
  from: Database,
  to: Database,
  {
    after,
    progress = () => undefined,
  }: {
    after?: ((target: DatabaseTransaction) => Promise<void>) | undefined
    progress?: ((done: number, total: number) => void) | undefined
  } = {},
): Promise<Record<string, Content>> {
  return snapshotOf(from, (source) =>
    to.transaction().execute(async (target) => {
      await mustBeEmpty(target)
      const ordered = await tablesInOrder(target)
      const total = await rowsIn(source)
      let done = 0
      const copied: Record<string, Content> = {}
      for (const table of ordered) {
        const sum = createSum()
        for await (const rows of rowsOf(source, table)) {
          for (const row of rows) sum.add(row)
          for (let at = 0; at < rows.length; at += insertAtOnce) {
            await target
              .insertInto(table)
              .values(rows.slice(at, at + insertAtOnce))
              .execute()
          }
          progress((done += rows.length), total)
        }
        const content = sum.content()
        const arrived = await contentOf(target, table)
        if (arrived.rows !== content.rows || arrived.hash !== content.hash) {
          throw new CopyRefused(
            `the table ${table} arrived with ${arrived.rows} rows, other than the ${content.rows} sent`,
          )
        }
        copied[table] = content
      }
      if (isPostgres(target)) await countOn(target)
      await after?.(target)
      return copied
    }),
  )
}
