import { randomUUID } from 'node:crypto'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { Actor } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import type { OpenSession } from '../../../accounts/sign-in-endings.ts'
import { Undo, orUndo } from '../../../accounts/undo.ts'
import type { Database } from '../../../storage/database.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { name, type OtpDeps } from './otp-deps.ts'
import { tokenData } from './stored-token.ts'
import type { TokenClock, TokenSpec } from './suites.ts'

/** An app and a hardware token, or one of each to replace it. */
const mostTokens = 2

type NewToken = TokenSpec & TokenClock & { secret: Buffer; serialEnd: string; lookupKey?: string }

/** `enough`: the person has as many as they may. `gone`: another person got this token first. */
export type Added = 'added' | 'enough' | 'gone'

type KeepingDeps = Pick<OtpDeps, 'authenticators' | 'database' | 'audit' | 'notifier' | 'endSignIns' | 'cipher'>

/**
 * Adds a token. Sign-ins of before had no second factor: all end, except those in `stay`.
 * @param how.spend takes the token from its list in the same transaction; false where another act was faster
 */
export async function addToken(
  { authenticators, database, audit, notifier, endSignIns, cipher }: KeepingDeps,
  personId: string,
  { lookupKey, ...token }: NewToken,
  { stay, by, spend }: { stay: readonly OpenSession[]; by: Actor; spend?: (within: Database) => Promise<boolean> },
): Promise<Added> {
  const id = randomUUID()
  let refused: Added = 'gone'
  const added = await orUndo(database, async (transaction) => {
    // the person's row comes first: of two at once the second counts what the first has added
    await endSignIns(transaction, personId, { but: stay })
    const data = tokenData(cipher, id, token)
    if (spend && !(await spend(transaction))) throw new Undo()
    const given = { id, personId, kind: name, ...(lookupKey === undefined ? {} : { lookupKey }), data }
    if (!(await authenticators.add(given, transaction))) throw new Undo()
    if ((await authenticators.list(personId, name, transaction)).length > mostTokens) {
      refused = 'enough'
      throw new Undo()
    }
    const details = { kind: name, authenticator: id, suite: token.suite, serial: token.serialEnd }
    await audit.append(transaction, { event: 'authenticator.added', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-added', personId, method: name, by }, transaction)
    return 'added' as const
  })
  return added ?? refused
}

/**
 * Removes a token. All sign-ins end, except those in `stay`.
 * @throws Refusal `not_found`
 */
export async function removeToken(
  { authenticators, database, audit, notifier, endSignIns }: Omit<KeepingDeps, 'cipher'>,
  { id, personId }: Pick<Authenticator, 'id' | 'personId'>,
  { stay, by }: { stay: readonly OpenSession[]; by: Actor },
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    if (!(await authenticators.remove(personId, id, transaction))) throw new Refusal('not_found')
    await endSignIns(transaction, personId, { but: stay })
    const details = { kind: name, authenticator: id }
    await audit.append(transaction, { event: 'authenticator.removed', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-removed', personId, method: name, by }, transaction)
  })
}

/**
 * Takes a held token into use again, which its owner has confirmed. As with a new one, sign-ins of before had no second factor: all
 * end, except those in `stay`.
 * @throws Refusal `busy` where it was changed at the same time
 */
export async function releaseToken(
  { authenticators, database, audit, notifier, endSignIns }: Omit<KeepingDeps, 'cipher'>,
  token: Authenticator,
  { stay, by }: { stay: readonly OpenSession[]; by: Actor },
): Promise<void> {
  const { id, personId } = token
  await database.transaction().execute(async (transaction) => {
    if (!(await authenticators.hold(token, null, transaction))) throw new Refusal('busy', 'the token was changed')
    await endSignIns(transaction, personId, { but: stay })
    const details = { kind: name, authenticator: id }
    await audit.append(transaction, { event: 'authenticator.released', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-released', personId, method: name, by }, transaction)
  })
}

/** Removes all tokens of a person and ends all sign-ins: the person lost them. @returns how many there were */
export const removeAllTokens = (
  { authenticators, database, audit, notifier, endSignIns }: Omit<KeepingDeps, 'cipher'>,
  personId: string,
  by: Actor,
): Promise<number> =>
  database.transaction().execute(async (transaction) => {
    const removed = await authenticators.removeAll(personId, name, transaction)
    if (removed === 0) return 0
    await endSignIns(transaction, personId, { but: [] })
    const details = { kind: name, all: String(removed) }
    await audit.append(transaction, { event: 'authenticator.removed', ...by, personId, details })
    const notice = { personId, kind: 'authenticator-removed', details: { method: name } } as const
    await notifier.notify(notice, transaction)
    return removed
  })
