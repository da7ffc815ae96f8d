import type { NumberDispute } from './number-disputes.ts'
import { publishProof, recordProof, rivalsOf, type IdentityProofsDeps, type Recorded } from './record-proof.ts'

/**
 * Carries out the disputes whose waiting period is over.
 * @returns how many numbers changed hands
 */
export async function carryOutDueDisputes(deps: IdentityProofsDeps): Promise<number> {
  let count = 0
  for (const dispute of await deps.disputes.due()) if (await carryOutDispute(deps, dispute)) count += 1
  return count
}

/** Takes the dispute and carries it out or ends it, in one transaction. */
async function carryOutDispute(deps: IdentityProofsDeps, dispute: NumberDispute): Promise<boolean> {
  const { database, persons, disputes } = deps
  const by = { actor: 'system' }
  const claimant = await persons.find(dispute.claimantId)
  let recorded: Recorded | undefined
  await database.transaction().execute(async (transaction) => {
    if (!(await disputes.take(transaction, dispute))) return
    const rivals = claimant && claimant.status === 'active' ? await rivalsOf(deps, transaction, claimant) : []
    // an account that was not notified must not lose the number
    const foreign = rivals.some(({ id }) => id !== dispute.holderId)
    if (claimant && !foreign) {
      const superseded = rivals.map(({ id }) => id)
      const proof = { how: 'counter', provenAt: dispute.askedAt, superseded, bothPresent: false } as const
      recorded = await recordProof(deps, transaction, claimant, proof, by)
    }
    if (!recorded) await disputes.ended(transaction, dispute, foreign ? 'holder_changed' : 'claimant_gone', by)
  })
  if (claimant && recorded) publishProof(deps, claimant, recorded)
  return recorded !== undefined
}
