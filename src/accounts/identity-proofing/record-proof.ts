import type { Updateable } from 'kysely'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Tables } from '../../storage/schema.ts'
import { provenHolders } from '../indexes.ts'
import type { Actor, NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { Supersede } from '../superseding.ts'
import { bindAuthenticators, type BindingDeps } from './bindings.ts'
import type { NumberDisputes } from './number-disputes.ts'

export interface IdentityProofsDeps extends BindingDeps {
  database: Database
  lookup: LookupIndex
  persons: Pick<NaturalPersons, 'find' | 'reveal'>
  register: PopulationRegister
  supersede: Supersede
  disputes: NumberDisputes
  publish: Publish
}

/** A proof of identity that was accepted. */
export interface IdentityProof {
  how: 'face' | 'counter'
  /** Milliseconds since 1970 UTC. */
  provenAt: number
  /** Accounts that lose the number. */
  superseded: string[]
  /** Keyed fingerprint of the browser; none at a counter. */
  device?: string
  bothPresent: boolean
}

export interface Recorded {
  proved: {
    ok: true
    /** Number of authenticators bound by the proof. */
    bound: number
    superseded: string[]
  }
  /** Principals to publish after the commit. */
  principals: string[]
}

/** Other accounts that have proven the same document. */
export const rivalsOf = async (
  { lookup, persons }: IdentityProofsDeps,
  transaction: DatabaseTransaction,
  person: NaturalPerson,
) => (await provenHolders(transaction, lookup, persons.reveal(person))).filter(({ id }) => id !== person.id)

/**
 * Raises the account to identity level 4 and takes the number from other accounts.
 * @returns undefined where the account is not active
 */
export async function recordProof(
  deps: IdentityProofsDeps,
  transaction: DatabaseTransaction,
  person: NaturalPerson,
  proof: IdentityProof,
  by: Actor,
): Promise<Recorded | undefined> {
  const { supersede, disputes, audit, notifier, clock } = deps
  const { how, provenAt, superseded, device, bothPresent } = proof
  const now = clock()
  const update = (values: Updateable<Tables['natural_persons']>) =>
    transaction
      .updateTable('natural_persons')
      .set(values)
      .where('id', '=', person.id)
      .where('status', '=', 'active')
      .executeTakeFirst()
  // The first update locks the row. The level follows once the others have lost the number: one account proves a document.
  if ((await update({ updated_at: now })).numUpdatedRows === 0n) return undefined
  await disputes.withdraw(transaction, person.id)
  const { principals } = await supersede(transaction, superseded, person, by)
  await update({
    updated_at: now,
    identity_level: 4,
    possession: how === 'face' ? 'biometric' : how,
    proofed_at: provenAt,
    face_proofed_at: provenAt,
  })
  const details = { how, bothPresent }
  await audit.append(transaction, { event: 'person.face-proofed', ...by, personId: person.id, details })
  await notifier.notify({ personId: person.id, kind: 'face-verified', restricted: by.restricted }, transaction)
  // a person who has now proven the number keeps it
  await disputes.endAgainst(transaction, person.id, 'proved_better', by)
  const bound = await bindAuthenticators(deps, transaction, { personId: person.id, provenAt, device }, by)
  return { principals, proved: { ok: true, bound, superseded } }
}

/** Tells the servers which accounts changed, after the commit. */
export function publishProof({ publish }: IdentityProofsDeps, person: { id: string }, recorded: Recorded): void {
  for (const id of [person.id, ...recorded.proved.superseded]) publish('person', id)
  for (const id of recorded.principals) publish('principal', id)
}
