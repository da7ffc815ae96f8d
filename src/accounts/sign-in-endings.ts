import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { DatabaseTransaction } from '../storage/database.ts'

/** Session uids, each with its last possible moment in milliseconds since 1970 UTC. */
type Uids = ReadonlyMap<string, number>

/**
 * The ended sign-ins of a person. The durable store has them; each session, token, approval and running login is checked against
 * them. So an ended sign-in stays ended when the artifact store loses its last writes.
 */
export interface SignInEndings {
  /** Number of endings. A login that was proven under another number is refused. */
  epoch: number
  /** Sign-ins before this time do not count, in milliseconds since 1970 UTC, always a whole second. */
  before: number | null
  /** Sessions that stay although they began before. */
  stay: Uids
  /** Sessions that were ended one by one. */
  ended: Uids
}

/** An open session, with the time of its sign-in in seconds since 1970 UTC. */
export interface OpenSession {
  uid: string
  signedInAt: number
}

/** The sign-ins to end: all except those of some sessions, or only those of some sessions. */
export type Ending = { but: readonly OpenSession[] } | { only: readonly string[] }

/** The sign-in of a session, token or approval. */
export interface SignInMoment {
  /** Seconds since 1970 UTC. */
  at: number
  sessionUid?: string | undefined
}

/**
 * Ends sign-ins of a person within the transaction of the caller. It also schedules the removal of their sessions by the servers
 * (src/jobs/session-endings.ts). So it works from the command line and after a crash.
 * @throws Error where there is no such account
 */
export type EndSignIns = (transaction: DatabaseTransaction, personId: string, ending: Ending) => Promise<void>

const marksSchema = z.object({
  stay: z.array(z.tuple([z.string(), z.number()])),
  ended: z.array(z.tuple([z.string(), z.number()])),
})

/** One more than these, and all sign-ins end: this bounds the size of the row. */
const mostEnded = 100
const noUids: Uids = new Map()

interface EndingColumns {
  sign_in_epoch: number
  signed_out_at: number | null
  sign_in_marks: string | null
}

/** Columns for `readEndings`. */
export const endingColumns = ['sign_in_epoch', 'signed_out_at', 'sign_in_marks'] as const

export function readEndings(row: EndingColumns): SignInEndings {
  const { sign_in_epoch: epoch, signed_out_at: before, sign_in_marks: marks } = row
  if (marks === null) return { epoch, before, stay: noUids, ended: noUids }
  const { stay, ended } = marksSchema.parse(JSON.parse(marks))
  return { epoch, before, stay: new Map(stay), ended: new Map(ended) }
}

/** Whether a sign-in was ended. Times are whole seconds: a sign-in in the second of the ending does not count. */
export function isEnded({ before, stay, ended }: SignInEndings, { at, sessionUid }: SignInMoment): boolean {
  if (sessionUid !== undefined && ended.has(sessionUid)) return true
  if (sessionUid !== undefined && stay.has(sessionUid)) return false
  return before !== null && at * 1000 < before
}

/** Milliseconds until a new sign-in counts: to the end of the second of the last ending. */
export const untilCounts = ({ before }: SignInEndings, now: number) => Math.max(0, (before ?? 0) - now)

const secondAfter = (now: number) => (Math.floor(now / 1000) + 1) * 1000

/**
 * Ends all sign-ins of all people in one statement, after a restore from a backup. Publishes nothing: no server runs.
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

/** @param options.lifetime longest life of a session or refresh token, in seconds */
export function createEndSignIns({ clock, lifetime }: { clock: Clock; lifetime: number }): EndSignIns {
  const merge = (marks: Uids, added: readonly string[], now: number) => {
    const merged = [...marks].filter(([, until]) => until > now)
    return new Map([...merged, ...added.map((uid): [string, number] => [uid, now + lifetime * 1000])])
  }

  function after(endings: SignInEndings, ending: Ending, now: number): SignInEndings {
    const epoch = endings.epoch + 1
    const ended = merge(endings.ended, 'only' in ending ? ending.only : [], now)
    if ('only' in ending && ended.size <= mostEnded) {
      return { ...endings, epoch, ended, stay: merge(endings.stay, [], now) }
    }
    const open = 'but' in ending ? ending.but : []
    // a session that another transaction ended must not become one that stays
    const stay = open.filter(({ uid, signedInAt }) => !isEnded(endings, { at: signedInAt, sessionUid: uid }))
    const before = secondAfter(now)
    return {
      epoch,
      before: Math.max(before, endings.before ?? 0),
      stay: merge(
        noUids,
        stay.map(({ uid }) => uid),
        now,
      ),
      ended: ended.size > mostEnded ? noUids : ended,
    }
  }

  return async (transaction, personId, ending) => {
    const row = await transaction
      .selectFrom('natural_persons')
      .select(endingColumns)
      .where('id', '=', personId)
      .executeTakeFirst()
    if (!row) throw new Error('there is no account whose sign-ins could be ended')
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
