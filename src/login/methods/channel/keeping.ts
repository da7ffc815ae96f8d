import type { Authenticator } from '../../../accounts/authenticators.ts'
import { type Actor } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import type { OpenSession } from '../../../accounts/sign-in-endings.ts'
import { areLastWays, type WaysIn } from '../../../accounts/sign-in-kinds.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { readBinding, removeBinding, rowsOf } from './bindings.ts'
import { name, type ChannelDeps } from './channel-deps.ts'

/**
 * Removes a binding, but never the last way in. All sign-ins end, except those of the sessions in `stay`.
 * @throws Refusal `last_way_in`, `not_found`
 */
export async function unbind(
  deps: WaysIn & Pick<ChannelDeps, 'authenticators' | 'database' | 'audit' | 'notifier' | 'endSignIns'>,
  authenticator: Authenticator,
  { stay, by }: { stay: readonly OpenSession[]; by: Actor },
): Promise<void> {
  const { database, audit, notifier, endSignIns } = deps
  const { id, personId } = authenticator
  await database.transaction().execute(async (transaction) => {
    const rows = await rowsOf(deps, authenticator, transaction)
    if (await areLastWays(deps, personId, transaction, rows)) throw new Refusal('last_way_in')
    if (!(await removeBinding(deps, transaction, authenticator))) throw new Refusal('not_found')
    await endSignIns(transaction, personId, { but: stay })
    await audit.append(transaction, { event: 'channel.unbound', ...by, personId, details: { authenticator: id } })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-removed', personId, method: name, by }, transaction)
  })
}

/**
 * Releases a held binding, which its owner has confirmed: it signs in again.
 * @throws Refusal `busy` where it was changed at the same time
 */
export async function release(deps: ChannelDeps, { id, personId }: Authenticator, by: Actor): Promise<void> {
  const { authenticators, database, audit, notifier } = deps
  await database.transaction().execute(async (transaction) => {
    const rows = await authenticators.list(personId, name, transaction)
    const held = rows.filter((row) => row.heldAt !== null && (row.id === id || isTwinOf(row, id)))
    for (const row of held) {
      if (!(await authenticators.hold(row, null, transaction))) throw new Refusal('busy', 'the binding was changed')
    }
    await audit.append(transaction, { event: 'channel.released', ...by, personId, details: { authenticator: id } })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-released', personId, method: name, by }, transaction)
  })
}

const isTwinOf = (row: Authenticator, id: string) => readBinding(row).twinOf === id
