import type { DatabaseTransaction } from '../../storage/database.ts'
import { dayMs } from '../../config/time.ts'
import { standingLost } from '../account-standing.ts'
import type { Authenticator, NewAuthenticator } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import { setOnlyAuthenticator } from '../only-authenticator.ts'
import { orUndo, Undo } from '../undo.ts'
import { pauseYoungLinks } from '../upstream-pauses.ts'
import { holdYoungAuthenticators } from './hold-young-authenticators.ts'
import { seesPerson, type Pass, type RecoveredBy, type RecoveryDeps } from './pass.ts'
import { endCodes, spendCode } from './recovery-codes.ts'
import { linkKind, spendLink } from './recovery-links.ts'
import { isResting, makeStop, stopKind, type Before } from './recovery-stops.ts'

export interface Recovered {
  /** Milliseconds since 1970 UTC; null when the account is not held. */
  heldUntil: number | null
  /** Number of passkeys that cannot sign in until their owner confirms them. */
  heldPasskeys: number
  /** The token that stops this recovery, for every other way to the person; never for the browser that recovered. */
  stop?: string
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
    const { personId } = pass
    const { kind } = authenticator
    const spent = await spend(deps, transaction, pass)
    if (!spent || (!seesPerson(spent) && (await isResting(deps, personId, transaction)))) throw new Undo()
    const now = deps.clock()
    if (!seesPerson(spent) && (await isHeldByPhone(transaction, personId, now))) throw new Undo()
    const [known] = await deps.authenticators.list(personId, kind, transaction)
    const until = seesPerson(spent) ? null : now + deps.times.hold * 1000
    const before = await holdAccount(deps, transaction, personId, until)
    if (until !== null) principals.push(...(await standingLost(transaction, deps.notifier, personId, now)))
    const days = spent === 'counter' ? 0 : deps.times.passkeyDays
    const heldPasskeys = await holdYoungAuthenticators(deps, transaction, { personId, replaced: kind, now, days }, by)
    const was = { personId, kind, known, heldUntil: before }
    await pauseYoungLinks(deps, transaction, { personId, since: now - days * dayMs, now }, by)
    const stop = await stopOf(deps, transaction, was, { by: spent, at: now, until, after: authenticator.data })
    await replaceAuthenticator(deps, transaction, personId, known, authenticator, by)
    const details = { by: spent, held: until !== null, passkeys: heldPasskeys }
    await deps.audit.append(transaction, { event: 'person.recovered', ...by, personId, details })
    // sealed with the address: a reader of the store alone stops nothing
    const restricted = stop === undefined ? by.restricted : { ...by.restricted, stop }
    const told = { by: spent, ...(until === null ? {} : { until: String(until) }) }
    await deps.notifier.notify({ personId, kind: 'account-recovered', details: told, restricted }, transaction)
    return { heldUntil: until, heldPasskeys, ...(stop === undefined ? {} : { stop }) }
  })
  if (recovered) for (const id of principals) deps.publish('principal', id)
  return recovered
}

/** The number was changed a short time ago: only a face or a counter recovers the account now (natural-persons/change-phone.ts). */
async function isHeldByPhone(transaction: DatabaseTransaction, personId: string, now: number): Promise<boolean> {
  const { recovery_held_until: until } = await transaction
    .selectFrom('natural_persons')
    .select('recovery_held_until')
    .where('id', '=', personId)
    .executeTakeFirstOrThrow()
  return until !== null && until > now
}

async function spend(
  deps: RecoveryDeps,
  transaction: DatabaseTransaction,
  pass: Pass,
): Promise<RecoveredBy | undefined> {
  if (pass.by === 'link') return spendLink(deps, transaction, pass)
  if (pass.by === 'code') return (await spendCode(deps, transaction, pass)) ? 'code' : undefined
  if (!(await spendEpoch(deps, transaction, pass))) return undefined
  // another person may have the sheet of codes
  if (pass.by === 'face') await endCodes(deps, transaction, pass.personId)
  return pass.by
}

/** A proof of this moment counts once, and only while no sign-in was ended since: each recovery ends all of them. */
async function spendEpoch({ clock }: RecoveryDeps, transaction: DatabaseTransaction, { personId, key }: Pass) {
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ updated_at: clock() })
    .where('id', '=', personId)
    .where('sign_in_epoch', '=', Number(key))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** The token that stops a recovery; none where the person was seen, which also ends a rest and the tokens of before. */
async function stopOf(
  deps: RecoveryDeps,
  transaction: DatabaseTransaction,
  before: Before,
  { until, ...recovery }: { by: RecoveredBy; at: number; until: number | null; after: string },
): Promise<string | undefined> {
  if (until !== null) return makeStop(deps, transaction, before, { ...recovery, until })
  await deps.authenticators.removeAll(before.personId, stopKind, transaction)
  return undefined
}

/** Holds the account until then, and ends all sign-ins. @returns the end of a hold of before */
async function holdAccount(
  { endSignIns }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  heldUntil: number | null,
): Promise<number | null> {
  const { held_until: before } = await transaction
    .selectFrom('natural_persons')
    .select('held_until')
    .where('id', '=', personId)
    .executeTakeFirstOrThrow()
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ held_until: heldUntil })
    .where('id', '=', personId)
    .where('status', '=', 'active')
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Undo()
  await endSignIns(transaction, personId, { but: [] })
  return before
}

async function replaceAuthenticator(
  { authenticators, methodLocks }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  known: Authenticator | undefined,
  authenticator: NewAuthenticator,
  by: Actor,
) {
  const { kind } = authenticator
  const replaced = await setOnlyAuthenticator(authenticators, { personId, known, authenticator }, transaction)
  if (!replaced) throw new Undo()
  await authenticators.removeAll(personId, linkKind, transaction)
  // the lock was about the authenticator that is replaced
  await methodLocks.unlock(personId, kind, by, transaction)
}
