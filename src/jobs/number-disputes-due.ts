import type { IdentityProofs } from '../accounts/identity-proofing/identity-proofs.ts'
import type { Database } from '../storage/database.ts'
import { firstDue } from './claim-due.ts'
import type { Job } from './runner.ts'

/** Moves document numbers to their new accounts when the waiting period of the dispute is over. */
export const numberDisputesDue = (deps: {
  database: Database
  identityProofs: Pick<IdentityProofs, 'carryOutDue'>
}): Job => ({
  name: 'number claims',
  topic: 'person',
  everyMs: 10_000,
  run: () => deps.identityProofs.carryOutDue(),
  nextDue: () => firstDue(deps.database, 'number_claims'),
})
