import type { Authenticator } from '../../../accounts/authenticators.ts'
import { type Actor } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import type { OpenSession } from '../../../accounts/sign-in-endings.ts'
import { areLastWays, type WaysIn } from '../../../accounts/sign-in-kinds.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { name, type CertificateDeps } from './certificate-deps.ts'

/**
 * Removes a binding, but never the last way in. All sign-ins end, except those of the sessions in `stay`.
 * @throws Refusal `last_way_in`, `not_found`
 */
export async function unbind(
  deps: WaysIn & Pick<CertificateDeps, 'authenticators' | 'database' | 'audit' | 'notifier' | 'endSignIns'>,
  { id, personId }: Authenticator,
  { stay, by }: { stay: readonly OpenSession[]; by: Actor },
): Promise<void> {
  const { authenticators, database, audit, notifier, endSignIns } = deps
  await database.transaction().execute(async (transaction) => {
    if (await areLastWays(deps, personId, transaction, [id])) throw new Refusal('last_way_in')
    if (!(await authenticators.remove(personId, id, transaction))) throw new Refusal('not_found')
    await endSignIns(transaction, personId, { but: stay })
    await audit.append(transaction, { event: 'certificate.unbound', ...by, personId, details: { authenticator: id } })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-removed', personId, method: name, by }, transaction)
  })
}

/**
 * Releases a held binding, which its owner has confirmed: it signs in again.
 * @throws Refusal `busy` where it was changed at the same time
 */
export async function release(
  { authenticators, database, audit, notifier }: CertificateDeps,
  held: Authenticator,
  by: Actor,
): Promise<void> {
  const { id, personId } = held
  await database.transaction().execute(async (transaction) => {
    if (!(await authenticators.hold(held, null, transaction))) throw new Refusal('busy', 'the binding was changed')
    await audit.append(transaction, { event: 'certificate.released', ...by, personId, details: { authenticator: id } })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-released', personId, method: name, by }, transaction)
  })
}
