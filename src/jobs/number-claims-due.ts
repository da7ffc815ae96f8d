import type { FaceProofs } from '../accounts/faces/proofs.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import { firstDue, keepTrying, type KeptTrying } from './runner.ts'

const everyMs = 10_000

/** Lets document numbers change hands when their waiting period is over, whichever server process looks first. */
export function createNumberClaimsDue(options: {
  database: Database
  faceProofs: Pick<FaceProofs, 'carryOutDue'>
  events: Events
  clock: Clock
  log: { warn(details: object, message: string): void }
}): KeptTrying {
  const { database, faceProofs, events, clock, log } = options
  return keepTrying({
    run: () => faceProofs.carryOutDue(),
    nextDue: () => firstDue(database, 'number_claims'),
    events,
    topic: 'person',
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'document numbers could not change hands'),
  })
}
