import type { Authenticator } from '../../../accounts/authenticators.ts'
import { type Actor } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import type { OpenSession } from '../../../accounts/sign-in-endings.ts'
import { areLastWays, type WaysIn } from '../../../accounts/sign-in-kinds.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { retryChange } from '../../../storage/compare-and-set.ts'
import { name, type PasskeyDeps } from './passkey-deps.ts'
import { nameAad, readStored, writeStored } from './stored-passkey.ts'

const longestName = 30

/** The person's own name for a passkey; empty where there is none. */
export function readName({ cipher }: Pick<PasskeyDeps, 'cipher'>, authenticator: Authenticator): string {
  const { name: sealed } = readStored(authenticator)
  return sealed && cipher.open(sealed, nameAad(authenticator.id))
}

/** @throws Refusal `busy` where it changes at the same time, `not_found` where it was removed */
export async function renamePasskey(
  deps: PasskeyDeps,
  { id, personId }: Authenticator,
  given: string,
  by: Actor,
): Promise<void> {
  const { authenticators, database, audit, cipher } = deps
  const plain = Array.from(given.normalize('NFC').replaceAll(/\p{C}/gu, '').trim()).slice(0, longestName).join('')
  const renamed = await retryChange(async () => {
    const now = (await authenticators.list(personId, name)).find((one) => one.id === id)
    if (!now) throw new Refusal('not_found')
    const data = writeStored({ ...readStored(now), name: plain && cipher.seal(plain, nameAad(id)) })
    return database.transaction().execute(async (transaction) => {
      if (!(await authenticators.replaceData(now, data, transaction))) return undefined
      const details = { kind: name, authenticator: id }
      await audit.append(transaction, { event: 'authenticator.renamed', ...by, personId, details })
      return true
    })
  })
  if (!renamed) throw new Refusal('busy', 'the passkey changes at the same time')
}

/**
 * Removes a passkey, but never the last way in. All sign-ins end, except those of the sessions in `stay`.
 * @throws Refusal `last_way_in`, `not_found`
 */
export async function removePasskey(
  deps: PasskeyDeps & WaysIn,
  { id, personId }: Authenticator,
  { stay, by }: { stay: readonly OpenSession[]; by: Actor },
): Promise<void> {
  const { authenticators, database, audit, notifier, endSignIns } = deps
  await database.transaction().execute(async (transaction) => {
    if (await areLastWays(deps, personId, transaction, [id])) throw new Refusal('last_way_in')
    if (!(await authenticators.remove(personId, id, transaction))) throw new Refusal('not_found')
    await endSignIns(transaction, personId, { but: stay })
    const details = { kind: name, authenticator: id }
    await audit.append(transaction, { event: 'authenticator.removed', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-removed', personId, method: name, by }, transaction)
  })
}

/**
 * Releases a held passkey, which its owner has confirmed: it signs in again.
 * @throws Refusal `busy` where it was changed at the same time
 */
export async function releasePasskey(deps: PasskeyDeps, passkey: Authenticator, by: Actor): Promise<void> {
  const { authenticators, database, audit, notifier } = deps
  const { id, personId } = passkey
  await database.transaction().execute(async (transaction) => {
    if (!(await authenticators.hold(passkey, null, transaction))) throw new Refusal('busy', 'the passkey was changed')
    const details = { kind: name, authenticator: id }
    await audit.append(transaction, { event: 'authenticator.released', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-released', personId, method: name, by }, transaction)
  })
}
