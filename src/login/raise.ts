import { randomUUID } from 'node:crypto'
import type { MethodLocks } from '../accounts/method-locks.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { acrOf, reachedWithoutFace, type Level } from '../assurance/levels.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { SignInRecord } from '../sessions/remember-origin.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { assertQuestion, type Attempt } from './attempt.ts'
import { decideLevel, type LevelDecisionDeps } from './decide-level.ts'
import { finish, type FinishDeps } from './finish.ts'
import type { RaisingProof, RouterContext } from './method.ts'

export interface RaiseDeps extends LevelDecisionDeps, FinishDeps {
  persons: NaturalPersons
  methodLocks: MethodLocks
  sessions: Sessions
}

/**
 * Adds a proof to the session of the person who is signed in, and so raises its level.
 * @throws Refusal `login_expired` where the session ended, is of another person, or the method is switched off
 */
export async function raise(deps: RaiseDeps, ctx: RouterContext, attempt: Attempt, proof: RaisingProof): Promise<void> {
  const { persons, methodLocks, sessions } = deps
  assertQuestion(attempt, 'level')
  const session = attempt.session && (await sessions.find(attempt.session.uid))
  const person = await persons.find(proof.personId)
  const own = session?.personId === proof.personId && person?.status === 'active'
  if (!session || !own || (await methodLocks.locked(person.id, proof.method))) {
    throw new Refusal('login_expired', 'the session ended, or is of another')
  }
  const amr = [...new Set([...session.amr, ...proof.amr])]
  const level = await decideLevel(deps, ctx, attempt, person, { ...proof, amr, before: reachedWithoutFace(session) })
  // asking for a higher level never lowers the session's own
  const acr = acrOf(Math.max(level, session.level) as Level)
  const login = { accountId: person.id, acr, amr, remember: false, ts: session.signedInAt }
  const { through } = proof
  if (!through) return finish(deps, ctx, attempt, { login })
  const { method = '' } = (await sessions.origin(session.uid)) ?? {}
  const signIn: SignInRecord = { id: randomUUID(), method, ...through, epoch: person.endings.epoch }
  return finish(deps, ctx, attempt, { login, signIn })
}
