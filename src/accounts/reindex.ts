import type { FieldCipher } from '../keys/field-cipher.ts'
import { firstOfOldFiles, type LookupIndex } from '../keys/lookup-index.ts'
import { unhurried, type Database } from '../storage/database.ts'
import { indexesOf } from './indexes.ts'
import { fieldAad } from './personal-fields.ts'

const columns = ['document_index', 'phone_index', 'username_index', 'name_index'] as const
const pageSize = 200

export interface Reindexed {
  done: number
  /** Accounts that could not be opened, or whose new index another account has. */
  left: string[]
}

/**
 * Changes the indexes of all accounts to one index key while servers run, by compare-and-set. New accounts use this key already
 * (indexKeysInUse). It may be stopped and run again at any time.
 */
export async function reindex(options: {
  database: Database
  cipher: FieldCipher
  lookup: LookupIndex
  key: string
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Reindexed> {
  const { database, cipher, lookup, key, progress } = options
  const counted = database.selectFrom('natural_persons').select(({ fn }) => fn.countAll<number>().as('many'))
  const total = await unhurried(database, (within) => within.executeQuery(counted))
  const { many = 0 } = total.rows[0] ?? {}
  const left: string[] = []
  let done = 0
  let seen = 0

  // reads all rows and skips finished ones: a query for unfinished ones would get slower with each page
  const page = (after: string) =>
    database
      .selectFrom('natural_persons')
      .select(['id', 'document_number', 'name', 'phone', 'username', ...columns])
      .where('id', '>', after)
      .where('status', '<>', 'closed')
      .orderBy('id')
      .limit(pageSize)
      .execute()
  type Row = Awaited<ReturnType<typeof page>>[number]

  function changeOf(row: Row): { row: Row; fresh: ReturnType<typeof indexesOf> }[] {
    if (columns.every((column) => row[column]?.startsWith(`${key}.`))) return []
    const open = (column: 'document_number' | 'name' | 'phone' | 'username') =>
      cipher.open(row[column], fieldAad(column, row.id))
    try {
      const plain = {
        id: row.id,
        documentNumber: open('document_number'),
        name: open('name'),
        phone: open('phone'),
        username: open('username'),
      }
      return [{ row, fresh: indexesOf(lookup, key, plain) }]
    } catch {
      left.push(row.id)
      return []
    }
  }

  async function write(changes: ReturnType<typeof changeOf>): Promise<void> {
    let written = 0
    // one commit for each page: one for each row would take hours
    await database.transaction().execute(async (transaction) => {
      for (const { row, fresh } of changes) {
        const { numUpdatedRows } = await transaction
          .updateTable('natural_persons')
          .set(fresh)
          .where('id', '=', row.id)
          .where('document_index', '=', row.document_index)
          .where('phone_index', '=', row.phone_index)
          .where('username_index', '=', row.username_index)
          // a name has no index in rows of older versions: its sealed text shows a change
          .where('name', '=', row.name)
          .executeTakeFirst()
        written += Number(numUpdatedRows)
      }
    })
    done += written
  }

  for (let after: string | undefined = ''; after !== undefined;) {
    const rows = await page(after)
    const changes = rows.flatMap(changeOf)
    if (changes.length > 0) {
      await write(changes).catch(async () => {
        // the store refused one row: write them one by one and report the refused one
        for (const change of changes) await write([change]).catch(() => left.push(change.row.id))
      })
    }
    seen += rows.length
    progress?.(seen, Math.max(seen, many))
    after = rows.length < pageSize ? undefined : rows.at(-1)?.id
  }
  return { done, left }
}

/** Number of open accounts with an index under this key. */
export async function indexedUnder(database: Database, key: string): Promise<number> {
  const counted = database
    .selectFrom('natural_persons')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('status', '<>', 'closed')
    .where((where) =>
      where.or(
        columns.map((column) =>
          key === firstOfOldFiles ? where(column, 'not like', '%.%') : where(column, 'like', `${key}.%`),
        ),
      ),
    )
  const { rows } = await unhurried(database, (within) => within.executeQuery(counted))
  return rows[0]?.many ?? 0
}
