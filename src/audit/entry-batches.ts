import { whenIdle } from '../storage/when-idle.ts'
import type { AuditEvent } from './audit-events.ts'

/** An entry waits at most this long for others to share its commit. */
const gatherMs = 10
/**
 * A batch waits at most this long for the commit of the batch before. Two transactions at once would only hold two
 * connections, because the second waits for the first.
 */
const patienceMs = 1000

/** Collects entries that arrive together, so that they share one commit. */
export class EntryBatches {
  readonly #write: (events: AuditEvent[]) => Promise<void>
  #gathered: AuditEvent[] = []
  #next: Promise<void> | undefined
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(write: (events: AuditEvent[]) => Promise<void>) {
    this.#write = write
  }

  /** Settles with the commit of the batch that holds these entries. */
  add(events: readonly AuditEvent[]): Promise<void> {
    this.#gathered.push(...events)
    this.#next ??= this.#writeNext()
    return this.#next
  }

  async #writeNext(): Promise<void> {
    await new Promise<void>((resolve) => whenIdle(gatherMs, resolve))
    await settledWithin(patienceMs, this.#underWay)
    const events = this.#gathered
    this.#gathered = []
    this.#next = undefined
    const writing = this.#write(events)
    this.#underWay = writing.catch(() => undefined)
    await writing
  }
}

/** Resolves when `done` settles, at the latest after `ms`. */
function settledWithin(ms: number, done: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return Promise.race([done, over]).finally(() => clearTimeout(timer))
}
