import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { chainSpan, storeTime } from '../storage/audit-chains.ts'
import { compileOnce, type Database, type DatabaseTransaction } from '../storage/database.ts'
import { nameChainWriter } from '../storage/oldest-writer.ts'
import { chainOf, startOf, type Anchor } from './chain.ts'
import { archivedEnd } from './archived-end.ts'

/** A holder that has neither appended nor renewed for this time is dead. */
export const aliveMs = 60_000
/** A chain with more entries gets no further holder, long before its numbers end. */
const fullAt = chainSpan / 2
/** Others may take the same free chain first. */
const mostTries = 50

/** The row of a chain that this process holds. */
export interface HeldChain {
  id: number
  writer: string
  /** Its last entry. */
  tip: Anchor
}

type Within = Database | DatabaseTransaction

/** Chains that this process holds; each has one holder at a time. */
export interface WriterChains {
  /** The process, in the table of chains. */
  readonly writer: string
  /**
   * The end of the chain for this kind of work, as the store has it. Takes a chain where the process holds none.
   * @param options.locked PostgreSQL only: until the end of the transaction, another one of this process waits
   */
  hold(within: Within, work: string, options?: { locked?: boolean }): Promise<HeldChain>
  /** Says that the process lives. A chain that another process has closed stays closed. */
  renew(): Promise<void>
  /** Gives the chains back, with their next numbers for another process. */
  release(within?: Within): Promise<void>
}

export function createWriterChains(database: Database): WriterChains {
  const writer = randomUUID()
  const held = new Map<string, number>()
  const now = storeTime(database)
  const until = sql<number>`${now} + ${sql.lit(aliveMs)}`
  const columns = ['id', 'sequence', 'hash'] as const
  const own = database
    .selectFrom('audit_chains')
    .select(['sequence', 'hash'])
    .where('id', '=', 0)
    .where('writer', '=', writer)
    .where('closed_at', 'is', null)
  const readTip = compileOnce<{ sequence: number; hash: string }>(own)
  const lockTip = compileOnce<{ sequence: number; hash: string }>(own.forUpdate())

  /** The lowest free chain; undefined where there is none, or another process was faster. */
  const takeFree = (within: Within) =>
    within
      .updateTable('audit_chains')
      .set({ writer, alive_until: until })
      .where('id', '=', (free) =>
        free
          .selectFrom('audit_chains')
          .select(({ fn }) => fn.min('id').as('id'))
          .where('writer', 'is', null)
          .where('closed_at', 'is', null)
          .where('sequence', '<', sql<number>`id * ${sql.lit(chainSpan)} + ${sql.lit(fullAt)}`),
      )
      .where('writer', 'is', null)
      .where('closed_at', 'is', null)
      .returning(columns)
      .executeTakeFirst()

  async function open(within: Within) {
    const { newest } = await within
      .selectFrom('audit_chains')
      .select(({ fn }) => fn.max('id').as('newest'))
      .executeTakeFirstOrThrow()
    const id = newest === null ? 0 : newest + 1
    // entries without a row of their chain come from a copy, or from a version with one chain
    const last = await within
      .selectFrom('audit_events')
      .select(['sequence', 'hash'])
      .where('sequence', '<', (id + 1) * chainSpan)
      .where('sequence', '>', id * chainSpan)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (id === 0) await nameChainWriter(within)
    const tip = last ?? (await archivedEnd(within)).anchors.get(id) ?? startOf(id)
    return within
      .insertInto('audit_chains')
      .values({ id, writer, alive_until: until, sequence: tip.sequence, hash: tip.hash })
      .onConflict((conflict) => conflict.doNothing())
      .returning(columns)
      .executeTakeFirst()
  }

  async function take(within: Within, work: string): Promise<HeldChain> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const row = (await takeFree(within)) ?? (await open(within))
      if (!row) continue
      held.set(work, row.id)
      return { id: row.id, writer, tip: { sequence: row.sequence, hash: row.hash } }
    }
    throw new Error('No chain of the audit log could be taken.')
  }

  return {
    writer,
    async hold(within, work, { locked = false } = {}) {
      const id = held.get(work)
      if (id === undefined) return take(within, work)
      const [end] = await (locked ? lockTip : readTip)(within, [id, writer])
      return end && end.sequence < startOf(id).sequence + fullAt ? { id, writer, tip: end } : take(within, work)
    },
    async renew() {
      // two acts that began at once may have taken two chains for one kind of work
      const rows = await database
        .selectFrom('audit_chains')
        .select('id')
        .where('writer', '=', writer)
        .where('closed_at', 'is', null)
        .execute()
      // one by one: a statement over two rows would hold the first while it waits for the second
      for (const { id } of rows) {
        await database
          .updateTable('audit_chains')
          .set({ alive_until: until })
          .where('id', '=', id)
          .where('writer', '=', writer)
          .where('closed_at', 'is', null)
          .execute()
      }
    },
    async release(within = database) {
      if (held.size === 0) return
      held.clear()
      await within
        .updateTable('audit_chains')
        .set({ writer: null, alive_until: 0 })
        .where('writer', '=', writer)
        .where('closed_at', 'is', null)
        .execute()
    },
  }
}

/** Chains whose holder is dead by the clock of the store, and full ones; each needs its last entry. */
export async function abandonedChains(
  database: Database,
): Promise<{ id: number; writer: string | null; tip: Anchor }[]> {
  const rows = await database
    .selectFrom('audit_chains')
    .select(['id', 'writer', 'sequence', 'hash'])
    .where('closed_at', 'is', null)
    .where('alive_until', '<', storeTime(database))
    .where((where) =>
      where.or([
        where('writer', 'is not', null),
        where('sequence', '>=', sql<number>`id * ${sql.lit(chainSpan)} + ${sql.lit(fullAt)}`),
      ]),
    )
    .orderBy('id')
    .execute()
  return rows.map(({ id, writer, sequence, hash }) => ({ id, writer, tip: { sequence, hash } }))
}

/** Moves a chain to its last entry and closes it; false where its holder lives after all, or another process was faster. */
export async function closeChain(
  transaction: DatabaseTransaction,
  tip: Anchor,
  last: Anchor,
  closedAt: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('audit_chains')
    .set({ sequence: last.sequence, hash: last.hash, closed_at: closedAt })
    .where('id', '=', chainOf(tip.sequence))
    .where('sequence', '=', tip.sequence)
    .where('hash', '=', tip.hash)
    .where('closed_at', 'is', null)
    .where('alive_until', '<', storeTime(transaction))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
