import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { bindAuthenticators, isBound } from './bindings.ts'
import { carryOutDueDisputes } from './carry-out-disputes.ts'
import { fitsRegister, proveNow, type Proved, type ProvedAtCounter } from './prove.ts'
import { rivalsOf, type IdentityProofsDeps } from './record-proof.ts'

export { bindingMs } from './bindings.ts'

/** Proofs of identity by a verified face, or at a counter. */
export interface IdentityProofs {
  /**
   * Records a verified face: identity level 4. Binds authenticators made in the same browser ten minutes before; another
   * browser may be that of a thief with a stolen password. Another account with the same document falls to level 2. One that
   * was proven by a face keeps the number; only the counter decides there.
   * @param device keyed fingerprint of the browser (accounts/devices.ts)
   */
  prove(person: NaturalPerson, device: string, by: Actor): Promise<Proved>
  /** Whether the register has this name under this number: the photograph there is this person's only then. */
  fits(person: NaturalPerson): Promise<boolean>
  /** Binds authenticators of this browser made within ten minutes of the last proof. Returns how many. */
  bind(person: NaturalPerson, device: string, by: Actor): Promise<number>
  isBound(authenticatorId: string): Promise<boolean>
  /**
   * As `prove`, at a counter where a clerk saw the person with their document; needs no face. Another account with the number
   * is notified and loses it after the waiting period. With the holders of both accounts present it loses it at once.
   */
  proveAtCounter(person: NaturalPerson, seen: { bothPresent: boolean }, by: Actor): Promise<ProvedAtCounter>
  /** Accounts that lose the number if this one proves it. */
  rivalsOf(person: NaturalPerson): Promise<string[]>
  /** An administrator lets the account keep its number: disputes against it end. Returns how many. */
  keepNumber(person: NaturalPerson, by: Actor): Promise<number>
  /** Carries out the disputes whose waiting period is over. Returns how many numbers changed hands. */
  carryOutDue(): Promise<number>
}

export function createIdentityProofs(deps: IdentityProofsDeps): IdentityProofs {
  const { database, disputes, publish } = deps
  return {
    fits: (person) => fitsRegister(deps, person),
    async prove(person, device, by) {
      const proved = await proveNow(deps, person, { how: 'face', device, bothPresent: false }, by)
      if (proved.ok && 'waits' in proved) throw new Error('a verified face does not wait')
      return proved
    },
    proveAtCounter: (person, { bothPresent }, by) => proveNow(deps, person, { how: 'counter', bothPresent }, by),
    rivalsOf: (person) =>
      database
        .transaction()
        .execute(async (transaction) => (await rivalsOf(deps, transaction, person)).map(({ id }) => id)),
    async keepNumber(person, by) {
      const ended = await database
        .transaction()
        .execute((transaction) => disputes.endAgainst(transaction, person.id, 'cancelled', by))
      publish('person', person.id)
      return ended
    },
    carryOutDue: () => carryOutDueDisputes(deps),
    async bind({ id: personId, faceProofedAt: provenAt }, device, by) {
      if (provenAt === null) return 0
      return database
        .transaction()
        .execute((transaction) => bindAuthenticators(deps, transaction, { personId, provenAt, device }, by))
    },
    isBound: (authenticatorId) => isBound(database, authenticatorId),
  }
}
