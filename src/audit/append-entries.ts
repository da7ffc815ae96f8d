import { CompiledQuery, sql } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { storeTime } from '../storage/audit-chains.ts'
import { isPostgres, lightTransaction, type Database, type DatabaseTransaction } from '../storage/database.ts'
import { writeTogether } from '../storage/postgres.ts'
import { hashOf, restrictedAad, type Anchor, type Digest, type Entry } from './chain.ts'
import type { AuditEvent } from './audit-events.ts'
import { abandonedChains, aliveMs, closeChain, type HeldChain, type WriterChains } from './writer-chains.ts'

/** Appends entries to chains of this process, in their order. */
export interface EntryAppender {
  within(transaction: DatabaseTransaction, events: readonly AuditEvent[]): Promise<void>
  /** In a transaction of its own. */
  alone(events: readonly AuditEvent[]): Promise<void>
  /** Closes the chains of dead processes. @returns how many */
  closeAbandoned(): Promise<number>
}

interface EntryDeps {
  cipher: FieldCipher
  clock: Clock
  digest: Digest
}

/** Rows of one INSERT statement. */
const mostInserted = 32

/** The columns of an entry in the order of its values, with their types on PostgreSQL. */
const columns: { [column in keyof Entry]: string } = {
  sequence: 'bigint',
  at: 'bigint',
  event: 'text',
  actor: 'text',
  person_id: 'text',
  client_id: 'text',
  details: 'text',
  restricted: 'text',
  previous_hash: 'text',
  hash: 'text',
}
const types = Object.values(columns)

/** The entries that follow the tip, each with the hash of the entry before. */
function entriesAfter({ cipher, clock, digest }: EntryDeps, tip: Anchor, events: readonly AuditEvent[]): Entry[] {
  let last = tip
  return events.map((event) => {
    const sequence = last.sequence + 1
    const { restricted } = event
    const entry: Omit<Entry, 'hash'> = {
      sequence,
      at: clock(),
      event: event.event,
      actor: event.actor,
      person_id: event.personId ?? null,
      client_id: event.clientId ?? null,
      details: JSON.stringify(event.details ?? {}),
      restricted: restricted ? cipher.seal(JSON.stringify(restricted), restrictedAad(sequence)) : null,
      previous_hash: last.hash,
    }
    last = { sequence, hash: hashOf(entry, digest) }
    return { ...entry, hash: last.hash }
  })
}

const tipOf = (entries: readonly Entry[], before: Anchor): Anchor => entries.at(-1) ?? before

/** A chain that another process has closed, because this one seemed dead. */
class LostChain extends Error {}

export function createEntryAppender(deps: EntryDeps & { database: Database; chains: WriterChains }): EntryAppender {
  const { database, chains } = deps
  return {
    ...(isPostgres(database) ? onPostgres(deps) : onSqlite(deps)),
    async closeAbandoned() {
      let closed = 0
      for (const { id, writer, tip } of await abandonedChains(database)) {
        const event: AuditEvent = {
          event: 'audit.chain-closed',
          actor: 'system',
          details: { chain: id, writer: writer ?? '' },
        }
        const entries = entriesAfter(deps, tip, [event])
        const done = await database.transaction().execute(async (transaction) => {
          if (!(await closeChain(transaction, tip, tipOf(entries, tip), deps.clock()))) return false
          await transaction.insertInto('audit_events').values(entries).execute()
          return true
        })
        if (done) closed += 1
      }
      return closed
    },
  }

  /** The embedded store has one writer at a time, so one chain is enough. */
  function onSqlite({ database: sqlite }: { database: Database }) {
    const move = sqlite
      .updateTable('audit_chains')
      .set({ sequence: 0, hash: '', alive_until: sql<number>`${storeTime(sqlite)} + ${sql.lit(aliveMs)}` })
      .where('id', '=', 0)
      .compile().sql
    const inserts: string[] = []
    const insertOf = (count: number) => {
      inserts[count] ??=
        `insert into audit_events (${Object.keys(columns).join(', ')}) values ${Array.from({ length: count }, () => `(${types.map(() => '?').join(', ')})`).join(', ')}`
      return inserts[count]
    }
    async function within(transaction: DatabaseTransaction, events: readonly AuditEvent[]) {
      const { id, tip } = await chains.hold(transaction, 'all')
      const entries = entriesAfter(deps, tip, events)
      const { sequence, hash } = tipOf(entries, tip)
      await transaction.executeQuery(CompiledQuery.raw(move, [sequence, hash, id]))
      for (const some of inGroups(entries)) {
        const values = some.flatMap((entry) => Object.values(entry))
        await transaction.executeQuery(CompiledQuery.raw(insertOf(some.length), values))
      }
    }
    return {
      within,
      alone: (events: readonly AuditEvent[]) => lightTransaction(sqlite, (transaction) => within(transaction, events)),
    }
  }

  function onPostgres({ database: postgres }: { database: Database }) {
    /** The chain of entries alone, with its end as this process knows it; undefined where that is not certain. */
    let known: HeldChain | undefined
    let turn: Promise<void> = Promise.resolve()

    function statements({ id, writer, tip }: HeldChain, events: readonly AuditEvent[]) {
      const entries = entriesAfter(deps, tip, events)
      let before = tip
      const made = inGroups(entries).map((some) => {
        const last = tipOf(some, before)
        const values = some.flatMap((entry) => Object.values(entry))
        const one = CompiledQuery.raw(insertText(some.length), [
          last.sequence,
          last.hash,
          id,
          writer,
          before.sequence,
          ...values,
        ])
        before = last
        return one
      })
      return { made, after: { id, writer, tip: before } }
    }

    async function attempt(events: readonly AuditEvent[]): Promise<void> {
      const chain = known ?? (await chains.hold(postgres, 'alone'))
      known = undefined
      const { made, after } = statements(chain, events)
      if ((await writeTogether(postgres, made)) === 0n) throw new LostChain()
      known = after
    }

    async function write(events: readonly AuditEvent[]): Promise<void> {
      try {
        await attempt(events)
      } catch (error) {
        // nothing was written: the chain was closed, or an earlier commit without an answer has moved it
        if (!(error instanceof LostChain)) throw error
        await attempt(events)
      }
    }

    return {
      async within(transaction: DatabaseTransaction, events: readonly AuditEvent[]) {
        // acts of this process may run beside each other (storage/turns.ts), so each locks the end of the chain
        const chain = await chains.hold(transaction, 'acts', { locked: true })
        for (const statement of statements(chain, events).made) {
          const { numAffectedRows } = await transaction.executeQuery(statement)
          if (!numAffectedRows) throw new Error('A chain of the audit log was closed during an act.')
        }
      },
      alone(events: readonly AuditEvent[]) {
        const writing = turn.then(() => write(events))
        turn = writing.catch(() => undefined)
        return writing
      },
    }
  }
}

const inGroups = (entries: readonly Entry[]) =>
  Array.from({ length: Math.ceil(entries.length / mostInserted) }, (_, index) =>
    entries.slice(index * mostInserted, (index + 1) * mostInserted),
  )

const texts: string[] = []

/** Moves the chain, and inserts only what follows its move. */
function insertText(count: number): string {
  texts[count] ??= textOf(count)
  return texts[count]
}

function textOf(count: number): string {
  const names = Object.keys(columns).join(', ')
  const first = 6
  const rows = Array.from(
    { length: count },
    (_, row) => `(${types.map((type, column) => `$${first + row * types.length + column}::${type}`).join(', ')})`,
  )
  return `with held as (
    update audit_chains set sequence = $1, hash = $2,
      alive_until = (extract(epoch from clock_timestamp()) * 1000)::bigint + ${aliveMs}
    where id = $3 and writer = $4 and sequence = $5 and closed_at is null returning id
  ) insert into audit_events (${names}) select entry.* from held, (values ${rows.join(', ')}) as entry (${names})`
}
