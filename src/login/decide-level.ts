import type { IdentityProofs } from '../accounts/identity-proofing/identity-proofs.ts'
import { isHeld, type NaturalPerson } from '../accounts/natural-persons.ts'
import type { TwoFactors } from '../accounts/two-factors.ts'
import { levelReached, type Level } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import { actorOf } from './actor.ts'
import type { Attempt } from './attempt.ts'
import type { LoginProof, RouterContext } from './method.ts'

export interface LevelDecisionDeps {
  identityProofs: IdentityProofs
  twoFactors: TwoFactors
  audit: AuditLog
  clock: Clock
}

/**
 * The assurance level that a proof gives this person. The audit entry holds every input of the decision:
 * `client preview-level` decides again from it.
 */
export async function decideLevel(
  { identityProofs, twoFactors, audit, clock }: LevelDecisionDeps,
  ctx: RouterContext,
  attempt: Attempt,
  person: NaturalPerson,
  { method, amr, vouched, before, authenticatorId }: LoginProof & { before?: Level },
  signIn?: string,
): Promise<Level> {
  const { id: personId, identityLevel, proofedAt } = person
  const held = isHeld(person, clock())
  const bound = authenticatorId !== undefined && (await identityProofs.isBound(authenticatorId))
  const proofDays = proofedAt === null ? 0 : Math.floor((clock() - proofedAt) / dayMs)
  const needsTwo = await twoFactors.needed(personId)
  const level = levelReached({ identityLevel, amr, vouched, before, held, needsTwo, bound, proofDays })
  await audit.record({
    event: 'login.succeeded',
    ...actorOf(ctx),
    personId,
    clientId: attempt.client.id,
    details: { method, level, identity: identityLevel, amr, bound, proofDays, vouched, before, held, needsTwo, signIn },
  })
  return level
}
