import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { DatabaseTransaction } from '../storage/database.ts'

/** Session uids, each with its last possible moment in milliseconds since 1970 UTC. */
type Uids = ReadonlyMap<string, number>

/**
 * What was ended of a person's sign-ins. It stands in the durable store and is compared with each session, token, approval and
 * running login, so what was ended stays ended when the artifact store loses its last writes.
 */
export interface SignInEndings {
  /** How often sign-ins were ended: a login that was proven under another number is not taken. */
  epoch: number
  /** Sign-ins of before this time count no more, in milliseconds since 1970 UTC, always a whole second. */
  before: number | null
  /** Sessions that stay although they began before. */
  stay: Uids
  /** Sessions that were ended by themselves. */
  ended: Uids
}

/** A session that is open, with the time of its sign-in in seconds since 1970 UTC. */
export interface OpenSession {
  uid: string
  signedInAt: number
}

/** Which sign-ins end: all but those of some sessions (none: all), or those of some sessions only. */
export type Ending = { but: readonly OpenSession[] } | { only: readonly string[] }

/** What a session, token or approval knows of its sign-in. */
export interface SignInMoment {
  /** Seconds since 1970 UTC. */
  at: number
  sessionUid?: string | undefined
}

/**
 * Ends sign-ins of a person within the transaction of the remedy. It also tells the server processes to remove what is left of
 * them (src/jobs/session-endings.ts). So it works from the command line and after a crash.
 * @throws Error where there is no such account
 */
export type EndSignIns = (transaction: DatabaseTransaction, personId: string, ending: Ending) => Promise<void>

const marksSchema = z.object({
  stay: z.array(z.tuple([z.string(), z.number()])),
  ended: z.array(z.tuple([z.string(), z.number()])),
})

/** One more than these, and all sign-ins end: the row stays small whatever somebody does with their own account. */
const mostEnded = 100
const nobody: Uids = new Map()

interface EndingColumns {
  sign_in_epoch: number
  signed_out_at: number | null
  sign_in_marks: string | null
}

/** The columns that `readEndings` reads. */
export const endingColumns = ['sign_in_epoch', 'signed_out_at', 'sign_in_marks'] as const

export function readEndings(row: EndingColumns): SignInEndings {
  const { sign_in_epoch: epoch, signed_out_at: before, sign_in_marks: marks } = row
  if (marks === null) return { epoch, before, stay: nobody, ended: nobody }
  const { stay, ended } = marksSchema.parse(JSON.parse(marks))
  return { epoch, before, stay: new Map(stay), ended: new Map(ended) }
}

/** Whether a sign-in was ended. Times of sign-ins are whole seconds: one of the same second as the ending does not count. */
export function isEnded({ before, stay, ended }: SignInEndings, { at, sessionUid }: SignInMoment): boolean {
  if (sessionUid !== undefined && ended.has(sessionUid)) return true
  if (sessionUid !== undefined && stay.has(sessionUid)) return false
  return before !== null && at * 1000 < before
}

/** How long a new sign-in has to wait until it counts, in milliseconds: to the end of the second of the last ending. */
export const untilCounts = ({ before }: SignInEndings, now: number) => Math.max(0, (before ?? 0) - now)

const secondAfter = (now: number) => (Math.floor(now / 1000) + 1) * 1000

/**
 * Ends all sign-ins of everybody in one statement: for a store that comes back from a backup. Nobody is told: no server runs.
 * @param now milliseconds since 1970 UTC
 */
export async function endEverySignIn(transaction: DatabaseTransaction, now: number): Promise<void> {
  await transaction
    .updateTable('natural_persons')
    .set((row) => ({
      sign_in_epoch: row('sign_in_epoch', '+', 1),
      signed_out_at: secondAfter(now),
      sign_in_marks: null,
    }))
    .execute()
}

/** @param options.lifetime seconds that a session or a refresh token lives at most */
export function createEndSignIns({ clock, lifetime }: { clock: Clock; lifetime: number }): EndSignIns {
  const merge = (kept: Uids, added: readonly string[], now: number) => {
    const merged = [...kept].filter(([, until]) => until > now)
    return new Map([...merged, ...added.map((uid): [string, number] => [uid, now + lifetime * 1000])])
  }

  function after(endings: SignInEndings, ending: Ending, now: number): SignInEndings {
    const epoch = endings.epoch + 1
    const ended = merge(endings.ended, 'only' in ending ? ending.only : [], now)
    if ('only' in ending && ended.size <= mostEnded) {
      return { ...endings, epoch, ended, stay: merge(endings.stay, [], now) }
    }
    const open = 'but' in ending ? ending.but : []
    // what another remedy ended meanwhile must not come back as a session that stays
    const stay = open.filter(({ uid, signedInAt }) => !isEnded(endings, { at: signedInAt, sessionUid: uid }))
    const before = secondAfter(now)
    return {
      epoch,
      before: Math.max(before, endings.before ?? 0),
      stay: merge(
        nobody,
        stay.map(({ uid }) => uid),
        now,
      ),
      ended: ended.size > mostEnded ? nobody : ended,
    }
  }

  return async (transaction, personId, ending) => {
    const row = await transaction
      .selectFrom('natural_persons')
      .select(endingColumns)
      .where('id', '=', personId)
      .executeTakeFirst()
    if (!row) throw new Error('sign-ins of nobody cannot be ended')
    const now = clock()
    const { epoch, before, stay, ended } = after(readEndings(row), ending, now)
    const marks = stay.size + ended.size === 0 ? null : JSON.stringify({ stay: [...stay], ended: [...ended] })
    await transaction
      .updateTable('natural_persons')
      .set({ sign_in_epoch: epoch, signed_out_at: before, sign_in_marks: marks })
      .where('id', '=', personId)
      .execute()
    await transaction
      .insertInto('session_endings')
      .values({ person_id: personId, due_at: now, ended_at: now })
      .onConflict((conflict) => conflict.column('person_id').doUpdateSet({ due_at: now, ended_at: now }))
      .execute()
  }
}
