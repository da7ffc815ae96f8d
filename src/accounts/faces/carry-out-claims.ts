import type { NumberClaim } from './number-claims.ts'
import { publishProof, recordProof, rivalsOf, type FaceProofsDeps, type Recorded } from './record-proof.ts'

/**
 * Carries out the claims whose waiting period is over.
 * @returns how many numbers changed hands
 */
export async function carryOutDueClaims(deps: FaceProofsDeps): Promise<number> {
  let count = 0
  for (const claim of await deps.claims.due()) if (await carryOutClaim(deps, claim)) count += 1
  return count
}

/** Takes the claim and carries it out or ends it, in one transaction. */
async function carryOutClaim(deps: FaceProofsDeps, claim: NumberClaim): Promise<boolean> {
  const { database, persons, claims } = deps
  const by = { actor: 'system' }
  const claimant = await persons.find(claim.claimantId)
  let recorded: Recorded | undefined
  await database.transaction().execute(async (transaction) => {
    if (!(await claims.take(transaction, claim))) return
    const rivals = claimant && claimant.status === 'active' ? await rivalsOf(deps, transaction, claimant) : []
    // an account that was not notified must not lose the number
    const foreign = rivals.some(({ id }) => id !== claim.holderId)
    if (claimant && !foreign) {
      const superseded = rivals.map(({ id }) => id)
      const proof = { how: 'counter', provenAt: claim.askedAt, superseded, bothPresent: false } as const
      recorded = await recordProof(deps, transaction, claimant, proof, by)
    }
    if (!recorded) await claims.ended(transaction, claim, foreign ? 'holder_changed' : 'claimant_gone', by)
  })
  if (claimant && recorded) publishProof(deps, claimant, recorded)
  return recorded !== undefined
}
