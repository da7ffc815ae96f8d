import { isHeld, type Actor, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import { orUndo, Undo } from '../../../accounts/undo.ts'
import { isByQr, limitedWay, type Level } from '../../../assurance/levels.ts'
import type { Channel } from '../../../channels/channels.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Session } from '../../../sessions/sessions.ts'
import { isOver } from '../../is-over.ts'
import { addBinding, bindingsOf } from './bindings.ts'
import { name, type ChannelDeps } from './channel-deps.ts'
import type { ChannelProof } from './proofs.ts'
import { levelOf } from './shown-here.ts'

/** More than a person has; a thief of an account may not fill it. */
const mostBindings = 10

/**
 * Whether a sign-in may bind a channel (DESIGN 1.6). It is as strong as a change of authenticators needs.
 * Its level is at least the one that the channel will give.
 */
export const mayBind = (
  channel: Channel,
  { person, amr, level, now }: { person: NaturalPerson; amr: readonly string[]; level: Level; now: number },
): boolean =>
  person.status === 'active' &&
  !isHeld(person, now) &&
  amr.length > 0 &&
  !isByQr(amr) &&
  limitedWay(amr) === undefined &&
  level >= levelOf(channel)

/**
 * Binds the account of a proof to the person of a session, with its audit entry and notice. The unique index decides between two persons.
 * @throws Refusal `channel_taken` where it is bound already, `login_expired` where the sign-in was ended since
 */
export async function bind(
  deps: ChannelDeps,
  given: { person: NaturalPerson; session: Session; channel: Channel; proof: ChannelProof; by: Actor },
): Promise<void> {
  const { database, audit, notifier } = deps
  const { person, session, channel, proof, by } = given
  const { id: personId } = person
  const refuse = async (fault: string) => {
    await audit.record({ event: 'channel.bind-refused', ...by, personId, details: { channel: channel.id, fault } })
    throw new Refusal('channel_taken', fault)
  }
  if ((await bindingsOf(deps, personId)).length >= mostBindings) return refuse('too_many')
  const added = await orUndo(database, async (transaction) => {
    const boundIn = { level: session.level, amr: [...session.amr] }
    const row = await addBinding(deps, transaction, { personId, channel, identity: proof.identity, boundIn })
    if (!row) throw new Undo()
    // writers are one after another: a remedy that came before this row has ended the session
    if (await isOver(transaction, session)) throw new Refusal('login_expired', 'the sign-in was ended')
    const details = { kind: name, authenticator: row.id, channel: channel.id, level: session.level }
    await audit.append(transaction, { event: 'channel.bound', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-added', personId, method: name, by }, transaction)
    return row
  })
  // without a notice: it would name one person to the other
  if (!added) return refuse('taken')
  return undefined
}
