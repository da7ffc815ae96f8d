import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { matchesRegister } from '../natural-persons/natural-person.ts'
import type { NumberDispute } from './number-disputes.ts'
import {
  publishProof,
  recordProof,
  rivalsOf,
  type IdentityProofsDeps,
  type IdentityProof,
  type Recorded,
} from './record-proof.ts'

export interface ProofProblem {
  ok: false
  problem: 'held_by_face' | 'not_matched' | 'gone'
}

export type Proved = Recorded['proved'] | ProofProblem

/** `waits`: another account has the number and loses it then, unless it objects. */
export type ProvedAtCounter = Proved | { ok: true; waits: NumberDispute }

/** Whether the register has this name under this number: the photograph there is this person's only then. */
export const fitsRegister = (
  { persons, register }: Pick<IdentityProofsDeps, 'persons' | 'register'>,
  person: NaturalPerson,
): Promise<boolean> => matchesRegister({ register }, persons.reveal(person))

/** Decides what a proof of this moment changes: at once, or after the waiting period. */
export async function proveNow(
  deps: IdentityProofsDeps,
  person: NaturalPerson,
  proof: Omit<IdentityProof, 'provenAt' | 'superseded'>,
  by: Actor,
): Promise<ProvedAtCounter> {
  const { database, disputes, publish, clock } = deps
  if (person.identityLevel < 3 && !(await fitsRegister(deps, person))) return { ok: false, problem: 'not_matched' }
  let recorded: Recorded | undefined
  const answer = await database.transaction().execute(async (transaction): Promise<ProvedAtCounter> => {
    const rivals = await rivalsOf(deps, transaction, person)
    if (proof.how === 'face' && rivals.some((one) => one.identity_level >= 4)) {
      return { ok: false, problem: 'held_by_face' }
    }
    const [holder] = rivals
    if (proof.how === 'counter' && holder && !proof.bothPresent) {
      const waits = await disputes.begin(transaction, { claimantId: person.id, holderId: holder.id }, by)
      return { ok: true, waits }
    }
    const superseded = rivals.map(({ id }) => id)
    recorded = await recordProof(deps, transaction, person, { ...proof, provenAt: clock(), superseded }, by)
    return recorded?.proved ?? { ok: false, problem: 'gone' }
  })
  if (recorded) publishProof(deps, person, recorded)
  if (answer.ok && 'waits' in answer) for (const id of [person.id, answer.waits.holderId]) publish('person', id)
  return answer
}
