import type { Checkpoints } from '../audit/checkpoints.ts'
import type { Clock } from '../config/clock.ts'
import { hourMs, minuteMs } from '../config/time.ts'
import { makeMonthsAhead } from '../storage/audit-months.ts'
import type { Database } from '../storage/database.ts'
import type { Job } from './runner.ts'

interface Log {
  info(details: object, message: string): void
}

/** Writes the sums of anonymous acts (audit/sums.ts): those whose time is over, and all of them at the end. */
export const auditSums = (audit: { writeSums(all?: boolean): Promise<void> }): Job => ({
  name: 'audit sums',
  everyMs: 10_000,
  run: () => audit.writeSums(),
  last: () => audit.writeSums(true),
})

/** Says that this process lives, and closes the chains of dead ones. */
export const auditChains = (audit: { keepChains(): Promise<void> }): Job => ({
  name: 'audit chains',
  everyMs: 15_000,
  run: () => audit.keepChains(),
})

/** Signs checkpoints of the audit log, with a last one at the end. */
export function auditCheckpoints(checkpoints: Checkpoints, log: Log): Job {
  const run = async () => {
    const checkpoint = await checkpoints.make()
    // log files leave this machine, so they prove a removal of the store together with the checkpoint file
    if (checkpoint) log.info({ checkpoint }, 'audit checkpoint')
  }
  return { name: 'audit checkpoints', everyMs: minuteMs, run, last: run }
}

/** Creates the audit log's partitions of the coming months on PostgreSQL. */
export const auditMonths = ({ database, clock, log }: { database: Database; clock: Clock; log: Log }): Job => ({
  name: 'audit months',
  everyMs: hourMs,
  run: async () => {
    const months = await makeMonthsAhead(database, clock())
    if (months.length > 0) log.info({ months }, 'partitions of the audit log were created')
  },
})
