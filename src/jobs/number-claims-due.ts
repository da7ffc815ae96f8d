import type { FaceProofs } from '../accounts/faces/proofs.ts'
import type { Database } from '../storage/database.ts'
import { firstDue } from './claim-due.ts'
import type { Job } from './runner.ts'

/** Moves document numbers to their new accounts when the waiting period of the claim is over. */
export const numberClaimsDue = (deps: { database: Database; faceProofs: Pick<FaceProofs, 'carryOutDue'> }): Job => ({
  name: 'number claims',
  topic: 'person',
  everyMs: 10_000,
  run: () => deps.faceProofs.carryOutDue(),
  nextDue: () => firstDue(deps.database, 'number_claims'),
})
