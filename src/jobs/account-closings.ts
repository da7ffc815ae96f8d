import type { Closing } from '../accounts/closing.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { Clock } from '../config/clock.ts'
import type { Events } from '../storage/events.ts'
import { keepTrying, type KeptTrying } from './runner.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** Closes accounts when their time has come: erased first, then all that goes on without the account is ended. */
export type AccountClosings = KeptTrying

const everyMs = 10_000

export function createAccountClosings(options: {
  closing: Closing
  persons: NaturalPersons
  mandates: Mandates
  legalPersons: LegalPersons
  sessions: Sessions
  events: Events
  clock: Clock
  log: { warn(details: object, message: string): void }
}): AccountClosings {
  const { closing, persons, mandates, legalPersons, sessions, events, clock, log } = options
  const by = { actor: 'system' }

  /** Each step may be done again: who dies in the middle is followed up. */
  async function close(personId: string): Promise<boolean> {
    if (!(await closing.erase(personId))) return false
    const person = await persons.find(personId)
    if (!person) throw new Error('an account is never gone')
    await sessions.revoke(personId)
    await sessions.removeEnded(personId)
    await legalPersons.leave(personId)
    for (const id of await mandates.openOf(personId)) {
      const acted = await mandates.end(id, person, by)
      // not there any more: somebody else ended it; changed again and again: the next run ends it
      if (!acted.ok && acted.problem !== 'not_found') throw new Error(`a mandate could not be ended: ${acted.problem}`)
    }
    await closing.done(personId)
    return true
  }

  async function tryAll(): Promise<number> {
    let closed = 0
    for (const id of await closing.due()) {
      if (await close(id)) closed += 1
    }
    return closed
  }

  return keepTrying({
    run: tryAll,
    nextDue: () => Promise.resolve(clock() + everyMs),
    events,
    topic: undefined,
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'accounts could not be closed'),
  })
}
