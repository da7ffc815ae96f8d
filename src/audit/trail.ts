import { sql } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { compileOnce, lightTransaction, type Database, type DatabaseTransaction } from '../storage/database.ts'
import { whenQuiet } from '../storage/gather.ts'
import { beforeTheFirst, hashOf, restrictedPlace, type Entry } from './chain.ts'
import type { AuditEvent } from './events.ts'

/** The append-only record of what happened; each entry holds the hash of the one before. */
export interface AuditTrail {
  /** Appends within the transaction that makes the change, so that neither is ever kept without the other. */
  append(transaction: DatabaseTransaction, event: AuditEvent): Promise<void>
  /**
   * Appends an act that changes nothing in the durable store: a sign-in, a portal entered. Settles when the entry survives
   * `kill -9`; a power cut may take the last moment of it, as it does of the sessions and tokens it is about.
   */
  record(event: AuditEvent): Promise<void>
}

/** The longest an entry waits for others to share its commit. */
const gatherMs = 10
const mostInserted = 32

/** The columns of an entry in the order they are written. */
const blankEntry: Omit<Entry, 'hash'> = {
  sequence: 0,
  at: 0,
  event: '',
  actor: '',
  person_id: '',
  client_id: '',
  details: '',
  restricted: '',
  previous_hash: '',
}

export function createAuditTrail(options: {
  database: Database
  cipher: FieldCipher
  clock: Clock
  /** Told of each event, to count it. */
  seen?: ((event: AuditEvent) => void) | undefined
}): AuditTrail {
  const { database, cipher, clock, seen } = options
  let gathered: AuditEvent[] = []
  let written: Promise<void> | undefined

  const readHead = compileOnce(
    database.selectFrom('audit_events').select(['sequence', 'hash']).orderBy('sequence', 'desc').limit(sql.lit(1)),
  )

  /** One statement for each number of entries. */
  const inserts: ReturnType<typeof compileOnce>[] = []
  const insertOf = (count: number) => {
    inserts[count] ??= compileOnce(
      database.insertInto('audit_events').values(Array.from({ length: count }, () => ({ ...blankEntry, hash: '' }))),
    )
    return inserts[count]
  }

  async function appendAll(transaction: DatabaseTransaction, events: AuditEvent[]) {
    const [head] = await readHead(transaction, [])
    let sequence = head?.sequence ?? 0
    let previous = head?.hash ?? beforeTheFirst
    const rows: unknown[][] = []
    for (const event of events) {
      seen?.(event)
      sequence += 1
      const { restricted } = event
      const entry: Omit<Entry, 'hash'> = {
        sequence,
        at: clock(),
        event: event.event,
        actor: event.actor,
        person_id: event.personId ?? null,
        client_id: event.clientId ?? null,
        details: JSON.stringify(event.details ?? {}),
        restricted: restricted ? cipher.seal(JSON.stringify(restricted), restrictedPlace(sequence)) : null,
        previous_hash: previous,
      }
      previous = hashOf(entry)
      rows.push([...Object.values(entry), previous])
    }
    for (let from = 0; from < rows.length; from += mostInserted) {
      const together = rows.slice(from, from + mostInserted)
      await insertOf(together.length)(transaction, together.flat())
    }
  }

  async function writeGathered() {
    await new Promise<void>((resolve) => whenQuiet(gatherMs, resolve))
    const events = gathered
    gathered = []
    written = undefined
    await lightTransaction(database, (transaction) => appendAll(transaction, events))
  }

  return {
    append: (transaction, event) => appendAll(transaction, [event]),
    record(event) {
      gathered.push(event)
      written ??= writeGathered()
      return written
    },
  }
}
