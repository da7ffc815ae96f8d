import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { daySeconds } from '../../config/time.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Authenticator } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import { orUndo, Undo } from '../undo.ts'
import { endPauses } from '../upstream-pauses.ts'
import type { RecoveredBy, RecoveryDeps } from './pass.ts'

/** The kind of the authenticator that stops a recovery; once used, it says until when recoveries rest. */
export const stopKind = 'recovery-stop'

/** After a stopped recovery only a face, a passkey and the counter recover the account for this time. */
export const restSeconds = 7 * daySeconds

const tokenForm = /^[\w-]{22}$/

const open = z.object({
  state: z.literal('open'),
  /** End of the hold, in milliseconds since 1970 UTC. */
  until: z.number(),
  by: z.string(),
  /** The recovery, or the first of several in one hold. */
  since: z.number(),
  kind: z.string(),
  /** Data of the authenticator before `since`; null where there was none. */
  before: z.string().nullable(),
  heldUntil: z.number().nullable(),
  /** Data that the recovery set. */
  after: z.string(),
})
/** `until`: end of the rest. */
const stopped = z.object({ state: z.literal('stopped'), until: z.number() })
const stopData = z.discriminatedUnion('state', [open, stopped])

type Open = z.infer<typeof open>

/** A link that stops a recovery, as its page shows it. */
export interface StopLink {
  personId: string
  key: string
  state: 'open' | 'stopped'
  /** Milliseconds since 1970 UTC. */
  recoveredAt: number
}

const read = ({ data }: Authenticator) => stopData.parse(JSON.parse(data))
const keyOf = (blindIndex: BlindIndex, token: string) => blindIndex('recovery-stop', token)

async function readOpen(deps: RecoveryDeps, within: Database, personId: string) {
  const all = await deps.authenticators.list(personId, stopKind, within)
  return all.flatMap((row) => {
    const data = read(row)
    return data.state === 'open' && data.until > deps.clock() ? [{ row, data }] : []
  })
}

/** The recovery that set this authenticator; none where its owner set another one since, by passkey. */
const whichSet = (all: readonly { data: Open }[], known: Authenticator | undefined) =>
  all.find(({ data }) => data.after === known?.data)?.data

/** Whether a recovery was stopped a short time ago: codes, phones and plain links recover nothing then. */
export async function isResting(
  { authenticators, clock }: Pick<RecoveryDeps, 'authenticators' | 'clock'>,
  personId: string,
  within?: Database,
): Promise<boolean> {
  const all = await authenticators.list(personId, stopKind, within)
  return all.map(read).some(({ state, until }) => state === 'stopped' && until > clock())
}

/** The account as it was before a recovery. */
export interface Before {
  personId: string
  kind: string
  known: Authenticator | undefined
  heldUntil: number | null
}

/**
 * Makes the token that stops this recovery until the end of its hold. Of several recoveries in one hold each token restores the
 * state before the first.
 */
export async function makeStop(
  deps: RecoveryDeps,
  transaction: DatabaseTransaction,
  { personId, kind, known, heldUntil }: Before,
  { at, ...recovery }: { by: RecoveredBy; at: number; until: number; after: string },
): Promise<string> {
  const { authenticators, blindIndex } = deps
  const earlier = whichSet(await readOpen(deps, transaction, personId), known)
  const first = earlier
    ? { since: earlier.since, before: earlier.before, heldUntil: earlier.heldUntil }
    : { since: at, before: known?.data ?? null, heldUntil }
  const data: Open = { state: 'open', kind, ...recovery, ...first }
  const token = randomBytes(16).toString('base64url')
  const row = { personId, kind: stopKind, lookupKey: keyOf(blindIndex, token), data: JSON.stringify(data) }
  await authenticators.add(row, transaction)
  return token
}

/** Finds the stop of a token; it changes nothing: a program that previews links must not stop a recovery. */
export async function checkStop(
  { authenticators, blindIndex, clock }: Pick<RecoveryDeps, 'authenticators' | 'blindIndex' | 'clock'>,
  token: string,
): Promise<StopLink | undefined> {
  if (!tokenForm.test(token)) return undefined
  const row = await authenticators.findByLookupKey(stopKind, keyOf(blindIndex, token))
  if (!row) return undefined
  const { state, until } = read(row)
  const { id: key, personId, createdAt: recoveredAt } = row
  return until > clock() ? { personId, key, state, recoveredAt } : undefined
}

/**
 * Stops a recovery: all sign-ins end, and password, passkeys, ways to sign in and hold are again as before it. What the owner
 * changed since by passkey stays.
 * @returns false where the link was used, or is over.
 * @throws Refusal `busy` where an authenticator changes at the same time
 */
export async function stopRecovery(
  deps: RecoveryDeps,
  { personId, key }: Pick<StopLink, 'personId' | 'key'>,
  by: Actor,
): Promise<boolean> {
  const { database, authenticators, endSignIns, audit, notifier, publish, clock } = deps
  const done = await orUndo(database, async (transaction) => {
    const all = await readOpen(deps, transaction, personId)
    const used = all.find(({ row }) => row.id === key)
    if (!used) throw new Undo()
    const [known] = await authenticators.list(personId, used.data.kind, transaction)
    const set = whichSet(all, known)
    const last = set ?? used.data
    const now = clock()
    const rest = JSON.stringify({ state: 'stopped', until: now + restSeconds * 1000 })
    if (!(await authenticators.replaceData(used.row, rest, transaction))) throw new Undo()
    for (const { row } of all) if (row !== used.row) await authenticators.remove(personId, row.id, transaction)
    if (set && known) await restore(deps, transaction, known, set)
    await restoreWays(deps, transaction, personId, last.since, by)
    const heldUntil = last.heldUntil !== null && last.heldUntil > now ? last.heldUntil : null
    await transaction
      .updateTable('natural_persons')
      .set({ held_until: heldUntil, updated_at: now })
      .where('id', '=', personId)
      .execute()
    await endSignIns(transaction, personId, { but: [] })
    await audit.append(transaction, { event: 'recovery.stopped', ...by, personId, details: { by: last.by } })
    await notifier.notify({ personId, kind: 'recovery-stopped', restricted: by.restricted }, transaction)
    return true
  })
  if (done) publish('person', personId)
  return done ?? false
}

/** Sets the authenticator of before in place of the one that the recovery set. */
async function restore(
  { authenticators }: RecoveryDeps,
  transaction: DatabaseTransaction,
  known: Authenticator,
  { before }: Open,
): Promise<void> {
  const { personId, id } = known
  const restored =
    before === null
      ? await authenticators.remove(personId, id, transaction)
      : await authenticators.replaceData(known, before, transaction)
  if (!restored) throw new Refusal('busy', 'the password was changed at the same time')
}

/** Releases the passkeys that the recovery held, and switches on what its sessions reported as a stranger's. */
async function restoreWays(
  { authenticators, methodLocks }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  since: number,
  by: Actor,
): Promise<void> {
  for (const one of await authenticators.list(personId, undefined, transaction)) {
    if (one.heldAt === null || one.heldAt < since) continue
    if (!(await authenticators.hold(one, null, transaction)))
      throw new Refusal('busy', 'an authenticator was changed at the same time')
  }
  await endPauses(transaction, personId, since)
  const locks = await transaction
    .selectFrom('method_locks')
    .select('method')
    .where('person_id', '=', personId)
    .where('reason', '=', 'not-me')
    .where('locked_at', '>=', since)
    .execute()
  for (const { method } of locks) await methodLocks.unlock(personId, method, by, transaction)
}

/** Removes tokens and rests that are over: a former password is not kept longer than it can be restored. @returns how many */
export async function removeOldStops({
  database,
  clock,
}: {
  database: Database
  clock: () => number
}): Promise<number> {
  const rows = await database.selectFrom('authenticators').select(['id', 'data']).where('kind', '=', stopKind).execute()
  const over = rows.filter(({ data }) => stopData.parse(JSON.parse(data)).until <= clock())
  for (const { id } of over) await database.deleteFrom('authenticators').where('id', '=', id).execute()
  return over.length
}
