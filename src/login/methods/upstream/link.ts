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

/** Case 3 of the rules. Nothing happens where the holder changed since, or another sign-in was faster. */
export async function linkByNumber(
  deps: UpstreamDeps,
  ctx: RouterContext,
  { upstream, identity }: Came,
  holder: NaturalPerson,
): Promise<void> {
  const { id: personId } = holder
  await orUndo(deps.database, async (transaction) => {
    if (!(await isUnchanged(transaction, holder))) throw new Undo()
    const { subject, document } = identity
    const link = { upstream: upstream.id, subject, personId, level: 3, document, way: 'number' } as const
    if (!(await linkAccount(deps, transaction, link, actorOf(ctx)))) throw new Undo()
  })
}

/** Whether the person is the one that the decision was about: name, number, standing and sign-ins. */
async function isUnchanged(within: DatabaseTransaction, { id, row }: NaturalPerson): Promise<boolean> {
  const now = await within.selectFrom('natural_persons').selectAll().where('id', '=', id).executeTakeFirst()
  const fields = [
    'status',
    'name',
    'document_number',
    'identity_level',
    'held_until',
    'closes_at',
    'sign_in_epoch',
  ] as const
  return now !== undefined && fields.every((field) => now[field] === row[field])
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
  const { personId } = session
  const refuse = async (fault: string) => {
    const details = { upstream: proof.upstream, fault }
    await audit.record({ event: 'upstream.link-refused', ...by, personId, details })
    throw new Refusal('upstream_taken', fault)
  }
  if ((await upstreamLinks.of(personId)).length >= mostLinks) return refuse('too_many')
  const { subject, document, level } = proof.identity
  const added = await orUndo(database, async (transaction) => {
    const link = {
      upstream: proof.upstream,
      subject,
      personId,
      level: Math.min(level, session.level),
      document,
      way: 'sign-in',
    } as const
    if (!(await linkAccount(deps, transaction, link, by))) throw new Undo()
    // writers are one after another: a remedy that came before this link has ended the session
    if (await isOver(transaction, session)) throw new Refusal('login_expired', 'the sign-in was ended')
    return true
  })
  // without a notice: it would name one person to the other
  if (!added) return refuse('taken')
  return undefined
}
