import type { Database, DatabaseTransaction } from '../storage/database.ts'

/** Thrown within `orUndo` to roll the transaction back. */
export class Undo extends Error {}

/** Runs a transaction; undefined where it threw `Undo`. */
export async function orUndo<T>(
  database: Database,
  work: (transaction: DatabaseTransaction) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await database.transaction().execute(work)
  } catch (error) {
    if (error instanceof Undo) return undefined
    throw error
  }
}
