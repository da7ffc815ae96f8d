import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { createEntryAppender } from './append-entries.ts'
import { createWriterChains } from './writer-chains.ts'
import { EntryBatches } from './entry-batches.ts'
import type { Digest } from './chain.ts'
import type { AuditEvent } from './audit-events.ts'
import { lastCodes, pastEvents, type HistoryQuery, type PastEvent } from './person-history.ts'
import type { Sums } from './sums.ts'

/** The append-only record of security-relevant events; each entry holds the hash of the entry before in its chain. */
export interface AuditLog {
  /** Appends in the transaction of the change itself, so that neither is stored without the other. */
  append(transaction: DatabaseTransaction, event: AuditEvent): Promise<void>
  /**
   * Appends an event that changes nothing else in the durable store, such as a sign-in. Resolves when the entry survives
   * `kill -9`; a power cut can lose the last moment, as it can for sessions and tokens. On a server, repeated events of
   * strangers become sums (sums.ts).
   */
  record(event: AuditEvent): Promise<void>
  /** Appends the sums whose window is over, or all sums at shutdown. Sums of a failed write are written next time. */
  writeSums(all?: boolean): Promise<void>
  /** The entries about a person, newest first, to show to that person. */
  ofPerson(personId: string, query: HistoryQuery): Promise<PastEvent[]>
  /** Says that this process lives, and closes the chains of those that do not. */
  keepChains(): Promise<void>
  /** Gives the chains of this process to the next one. Nothing may be appended afterwards. */
  release(within?: DatabaseTransaction): Promise<void>
  /** When each portal last got a code for a person, and for which scopes. */
  lastEntered(personId: string): Promise<{ clientId: string; at: number; scopes: string[] }[]>
}

interface AuditLogDeps {
  database: Database
  cipher: FieldCipher
  clock: Clock
  /** The hash of new entries. */
  digest?: Digest
  /** Counts events, for metrics. */
  seen?: ((event: AuditEvent) => void) | undefined
  /** Servers have it. A command line gets no requests of strangers. */
  sums?: Sums | undefined
}

/** Sums kept in memory while the store is unavailable. */
const mostUnwritten = 1000

export function createAuditLog({ database, cipher, clock, digest = 'sha256', seen, sums }: AuditLogDeps): AuditLog {
  const chains = createWriterChains(database)
  const appender = createEntryAppender({ database, cipher, clock, digest, chains })
  const batches = new EntryBatches((events) => appender.alone(events))
  let unwritten: AuditEvent[] = []
  return {
    async append(transaction, event) {
      await appender.within(transaction, [event])
      seen?.(event)
    },
    async record(event) {
      if (!sums?.takes(event)) await batches.add([event])
      seen?.(event)
    },
    async writeSums(all = false) {
      unwritten = [...unwritten, ...(sums?.due(all) ?? [])].slice(-mostUnwritten)
      if (unwritten.length === 0) return
      await batches.add(unwritten)
      unwritten = []
    },
    async keepChains() {
      await chains.renew()
      await appender.closeAbandoned()
    },
    release: (within) => chains.release(within),
    ofPerson: (personId, query) => pastEvents({ database, cipher }, personId, query),
    lastEntered: (personId) => lastCodes(database, personId),
  }
}
