import type { Closing } from '../accounts/closing.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Job } from './runner.ts'

export interface AccountClosingDeps {
  closing: Closing
  persons: NaturalPersons
  mandates: Mandates
  legalPersons: LegalPersons
  sessions: Sessions
}

/** Closes accounts whose waiting period is over: erases personal data first, then ends sessions, mandates and representation. */
export const accountClosings = (deps: AccountClosingDeps): Job => ({
  name: 'account closings',
  everyMs: 10_000,
  run: () => closeDueAccounts(deps),
})

/** @returns the number of closed accounts @internal */
export async function closeDueAccounts(deps: AccountClosingDeps): Promise<number> {
  let closed = 0
  for (const id of await deps.closing.due()) if (await close(deps, id)) closed += 1
  return closed
}

/** Each step may be repeated: the next run finishes what a killed process began. */
async function close(deps: AccountClosingDeps, personId: string): Promise<boolean> {
  const { closing, persons, mandates, legalPersons, sessions } = deps
  if (!(await closing.erase(personId))) return false
  const person = await persons.find(personId)
  if (!person) throw new Error('the row of a closed account is missing')
  await sessions.revoke(personId)
  await sessions.removeEnded(personId)
  await legalPersons.leave(personId)
  for (const id of await mandates.openOf(personId)) {
    const acted = await mandates.end(id, person, { actor: 'system' })
    // another process has ended it
    if (!acted.ok && acted.problem !== 'not_found') throw new Error(`a mandate could not be ended: ${acted.problem}`)
  }
  await closing.done(personId)
  return true
}
