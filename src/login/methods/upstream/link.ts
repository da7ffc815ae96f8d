import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { orUndo, Undo } from '../../../accounts/undo.ts'
import { linkAccount } from '../../../accounts/upstream-keeping.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Session } from '../../../sessions/sessions.ts'
import type { DatabaseTransaction } from '../../../storage/database.ts'
import { actorOf } from '../../actor.ts'
import { isOver } from '../../is-over.ts'
import type { RouterContext } from '../../method.ts'
import type { Came } from './arrive.ts'
import type { UpstreamProof } from './proofs.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

/** More than a person has; a thief of an account may not fill it. */
const mostLinks = 20

/**
 * Case 3 of the rules. The holder of the number is told, and may undo it. For a day the link changes nothing in the account
 * (accounts/upstream-keeping.ts). Nothing happens where the holder changed since, has refused this link, or another login was faster.
 */
export async function linkByNumber(
  deps: UpstreamDeps,
  ctx: RouterContext,
  { upstream, identity }: Came,
  holder: NaturalPerson,
): Promise<void> {
  const { subject, document } = identity
  const link = { upstream: upstream.id, subject, personId: holder.id, level: 3, document, way: 'number' } as const
  await orUndo(deps.database, async (transaction) => {
    if (!(await isUnchanged(transaction, holder))) throw new Undo()
    if (!(await linkAccount(deps, transaction, link, actorOf(ctx)))) throw new Undo()
  })
}

/** What the decision about a holder rests on. */
const decisive = [
  'status',
  'name',
  'document_number',
  'identity_level',
  'held_until',
  'closes_at',
  'sign_in_epoch',
] as const

async function isUnchanged(within: DatabaseTransaction, { id, row }: NaturalPerson): Promise<boolean> {
  const now = await within.selectFrom('natural_persons').select(decisive).where('id', '=', id).executeTakeFirst()
  return now !== undefined && decisive.every((field) => now[field] === row[field])
}

/**
 * Case 2 of the rules: links the account of a proof to the person of a session, at most at the level of that sign-in.
 * @throws Refusal `upstream_taken` where it is linked already, `login_expired` where the sign-in was ended since
 */
export async function linkBySignIn(
  deps: UpstreamDeps,
  ctx: RouterContext,
  { session, proof }: { session: Session; proof: UpstreamProof },
): Promise<void> {
  const { database, audit, upstreamLinks } = deps
  const by = actorOf(ctx)
  const { upstream } = proof
  const { personId } = session
  const refuse = async (fault: string) => {
    await audit.record({ event: 'upstream.link-refused', ...by, personId, details: { upstream, fault } })
    throw new Refusal('upstream_taken', fault)
  }
  if ((await upstreamLinks.of(personId)).length >= mostLinks) return refuse('too_many')
  const { subject, document, level: vouched } = proof.identity
  const level = Math.min(vouched, session.level)
  const added = await orUndo(database, async (transaction) => {
    const link = { upstream, subject, personId, level, document, way: 'sign-in' } as const
    if (!(await linkAccount(deps, transaction, link, by))) throw new Undo()
    // writers are one after another: a remedy that came before this link has ended the session
    if (await isOver(transaction, session)) throw new Refusal('login_expired', 'the sign-in was ended')
    return true
  })
  // without a notice: it would name one person to the other
  if (!added) return refuse('taken')
  return undefined
}
