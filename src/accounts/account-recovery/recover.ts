import type { DatabaseTransaction } from '../../storage/database.ts'
import { standingLost } from '../account-standing.ts'
import type { NewAuthenticator } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import { setOnlyAuthenticator } from '../only-authenticator.ts'
import { orUndo, Undo } from '../undo.ts'
import { holdYoungAuthenticators } from './hold-young-authenticators.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { spendCode } from './recovery-codes.ts'
import { linkKind, spendLink } from './recovery-links.ts'

export interface Recovered {
  /** Milliseconds since 1970 UTC; null when the account is not held. */
  heldUntil: number | null
  /** Number of passkeys that cannot sign in until their owner confirms them. */
  heldPasskeys: number
}

/** Spends a pass and sets a new authenticator in place of the one of its kind, in one transaction. */
export async function recover(
  deps: RecoveryDeps,
  pass: Pass,
  authenticator: NewAuthenticator,
  by: Actor,
): Promise<Recovered | undefined> {
  const principals: string[] = []
  const recovered = await orUndo(deps.database, async (transaction) => {
    const spent = await spend(deps, transaction, pass)
    if (!spent) throw new Undo()
    const { personId } = pass
    const now = deps.clock()
    if (spent !== 'counter' && (await isHeldByPhone(transaction, personId, now))) throw new Undo()
    const heldUntil = await holdAccount(deps, transaction, personId, spent === 'counter')
    if (heldUntil !== null) principals.push(...(await standingLost(transaction, deps.notifier, personId, now)))
    const days = spent === 'counter' ? 0 : deps.times.passkeyDays
    const young = { personId, replaced: authenticator.kind, now, days }
    const heldPasskeys = await holdYoungAuthenticators(deps, transaction, young, by)
    await replaceAuthenticator(deps, transaction, personId, authenticator, by)
    const details = { by: spent, held: heldUntil !== null, passkeys: heldPasskeys }
    await deps.audit.append(transaction, { event: 'person.recovered', ...by, personId, details })
    const notice = { personId, kind: 'account-recovered', details: { by: spent }, restricted: by.restricted } as const
    await deps.notifier.notify(notice, transaction)
    return { heldUntil, heldPasskeys }
  })
  if (recovered) for (const id of principals) deps.publish('principal', id)
  return recovered
}

/** The number was changed a short time ago: only a counter may recover the account now (natural-persons/change-phone.ts). */
async function isHeldByPhone(transaction: DatabaseTransaction, personId: string, now: number): Promise<boolean> {
  const { recovery_held_until: until } = await transaction
    .selectFrom('natural_persons')
    .select('recovery_held_until')
    .where('id', '=', personId)
    .executeTakeFirstOrThrow()
  return until !== null && until > now
}

async function spend(deps: RecoveryDeps, transaction: DatabaseTransaction, pass: Pass) {
  if (pass.by === 'link') return spendLink(deps, transaction, pass)
  return (await spendCode(deps, transaction, pass)) ? 'code' : undefined
}

/** Holds a proven account, unless a clerk checked the document. Ends all sign-ins. */
async function holdAccount(
  { endSignIns, clock, times }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  counter: boolean,
): Promise<number | null> {
  const now = clock()
  const person = await transaction
    .selectFrom('natural_persons')
    .select(['identity_level', 'held_until'])
    .where('id', '=', personId)
    .executeTakeFirstOrThrow()
  const heldUntil = counter ? null : person.identity_level >= 3 ? now + times.hold * 1000 : person.held_until
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ held_until: heldUntil })
    .where('id', '=', personId)
    .where('status', '=', 'active')
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Undo()
  await endSignIns(transaction, personId, { but: [] })
  return heldUntil
}

async function replaceAuthenticator(
  { authenticators, methodLocks }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  authenticator: NewAuthenticator,
  by: Actor,
) {
  const { kind } = authenticator
  const [known] = await authenticators.list(personId, kind, transaction)
  const replaced = await setOnlyAuthenticator(authenticators, { personId, known, authenticator }, transaction)
  if (!replaced) throw new Undo()
  await authenticators.removeAll(personId, linkKind, transaction)
  // the lock was about the authenticator that is replaced
  await methodLocks.unlock(personId, kind, by, transaction)
}
