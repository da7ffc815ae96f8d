import type { Clock } from '../../config/clock.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { noResults, readResults, type Results } from './results.ts'

/** Expected: the import or its undo cannot go on as asked; the message is for administrators. */
export class ImportRefused extends Error {}

/** An imported file. */
export interface Batch {
  id: string
  upstream: string
  fileHash: string
  state: 'running' | 'finished' | 'undoing' | 'undone'
  linesDone: number
  results: Results
  /** Milliseconds since 1970 UTC. */
  endedAt: number | null
}

export async function findBatch(within: Database, id: string): Promise<Batch | undefined> {
  const row = await within.selectFrom('import_batches').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const { upstream, file_hash: fileHash, state, lines_done: linesDone, results, ended_at: endedAt } = row
  return { id, upstream, fileHash, state, linesDone, results: readResults(results), endedAt }
}

/**
 * Begins a batch, or continues it after an interruption. An undone one begins again.
 * @throws ImportRefused for a batch of another file or upstream
 */
export async function beginBatch(
  deps: { database: Database; clock: Clock },
  wanted: Pick<Batch, 'id' | 'upstream' | 'fileHash'>,
): Promise<Batch> {
  const { id, upstream, fileHash } = wanted
  const fresh = { lines_done: 0, results: JSON.stringify(noResults()), began_at: deps.clock(), ended_at: null }
  return deps.database.transaction().execute(async (transaction) => {
    const row = { id, upstream, file_hash: fileHash, state: 'running' as const, ...fresh }
    await transaction
      .insertInto('import_batches')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    await transaction
      .updateTable('import_batches')
      .set({ ...fresh, file_hash: fileHash, state: 'running' })
      .where('id', '=', id)
      .where('upstream', '=', upstream)
      .where('state', '=', 'undone')
      .execute()
    const batch = await findBatch(transaction, id)
    if (!batch || batch.state === 'undoing') throw new ImportRefused('this batch is being undone: let that end first')
    if (batch.upstream !== upstream) throw new ImportRefused('this batch belongs to another upstream')
    if (batch.fileHash !== fileHash) throw new ImportRefused('this batch belongs to another file')
    return batch
  })
}

/**
 * Records progress in the transaction of the rows, by compare-and-set on the lines done.
 * @throws ImportRefused where another process imports or undoes the batch
 */
export async function advanceBatch(
  transaction: DatabaseTransaction,
  { id, linesDone }: Pick<Batch, 'id' | 'linesDone'>,
  after: { linesDone: number; results: Results },
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('import_batches')
    .set({ lines_done: after.linesDone, results: JSON.stringify(after.results) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('lines_done', '=', linesDone)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new ImportRefused('another process imports this batch')
}

/** False where the batch is in another state. */
export async function changeState(
  within: Database,
  id: string,
  change: { from: Batch['state']; to: Batch['state']; endedAt?: number },
): Promise<boolean> {
  const { numUpdatedRows } = await within
    .updateTable('import_batches')
    .set({ state: change.to, ...(change.endedAt === undefined ? {} : { ended_at: change.endedAt }) })
    .where('id', '=', id)
    .where('state', '=', change.from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
