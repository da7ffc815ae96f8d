import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Hands, RecycledNumbers } from '../proofing/recycled-numbers.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { inOwnTurn } from '../storage/turns.ts'
import type { Publish } from '../storage/events.ts'
import { byCarrier, byText, byWechat, type PhoneTables } from '../storage/schema-phone.ts'
import type { Actor } from './natural-persons/natural-person.ts'
import type { Notifier } from './notices.ts'
import { recordPastProofs, type PastPhoneProof } from './past-phone-proofs.ts'
import type { EndSignIns } from './sign-in-endings.ts'

export { byCarrier, byText, byWechat }

/** How a person has proven a number: a code, the carrier, a channel, a clerk, a register, or an upstream. */
export type ProvenHow = PhoneTables['phone_proofs']['how']

/** The proofs of one person for one number that count now. */
export interface PhoneProof {
  /** The number was proven since then without a gap (ms since 1970 UTC). */
  firstAt: number
  /** The newest proof (ms since 1970 UTC). */
  at: number
}

interface Numbered {
  personId: string
  /** E.164. */
  phone: string
}

/** Proofs that a person holds a telephone number: by whom, how and when. */
export interface PhoneProofs {
  /**
   * Records a proof in the caller's transaction. Others who have proven the same number are told: it is then no identifier for
   * any of them.
   * @returns `full` where as many persons have proven it as may; nothing is recorded then
   */
  record(
    transaction: DatabaseTransaction,
    proof: Numbered & { how: ProvenHow },
    by: Actor,
  ): Promise<'recorded' | 'full'>
  /** The same in a transaction of its own, for a sign-in: acts of other persons and numbers do not wait. */
  recordAlone(proof: Numbered & { how: ProvenHow }, by: Actor): Promise<'recorded' | 'full'>
  /** Records what an upstream has proven, for new accounts. @returns how many were recorded */
  recordPast(transaction: DatabaseTransaction, proofs: readonly PastPhoneProof[]): Promise<number>
  /** Undefined where no proof counts: none, too old, or the number changed hands. */
  find(numbered: Numbered, within?: Database): Promise<PhoneProof | undefined>
  /** Ids of the persons who have proven this number, and whose proof counts. */
  holders(phone: string, within?: Database): Promise<string[]>
  /** The person has another number: the proofs of this one end. */
  giveUp(within: DatabaseTransaction, numbered: Numbered): Promise<void>
  /**
   * Asks whether the number has another subscriber since this person's newest proof. If so, that proof ends, and so do older ones
   * of other persons, with all their sign-ins: any of these may be the new subscriber's. Each is told.
   */
  checkHands(numbered: Numbered): Promise<Hands>
}

/**
 * Whether the number may prove more than a sign-in: recover the account, or raise its level. It may not while a vendor of the settings
 * does not answer. Without a vendor, only the age of a proof protects the next subscriber.
 */
export const mayProveMore = (hands: Hands): boolean => hands === 'same' || hands === 'unasked'

/** A cancelled number gets no other subscriber for 90 days (电信网码号资源使用管理, 号码冷冻期). */
const frozenMs = 90 * dayMs

export function createPhoneProofs(options: {
  database: Database
  blindIndex: BlindIndex
  recycled: RecycledNumbers
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  publish: Publish
  months: number
  mostPersons: number
  clock: Clock
}): PhoneProofs {
  const { database, blindIndex, recycled, notifier, audit, endSignIns, publish, months, mostPersons, clock } = options
  const indexOf = (phone: string) => blindIndex('phone-proof', phone)

  /** Proofs from before this moment count no longer. */
  function oldest(): number {
    const date = new Date(clock())
    return date.setUTCMonth(date.getUTCMonth() - months)
  }
  const counting = (within: Database, phone: string) =>
    within
      .selectFrom('phone_proofs')
      .where('phone_index', '=', indexOf(phone))
      .where('ended_at', 'is', null)
      .where('at', '>', oldest())

  const holders = async (phone: string, within: Database = database) =>
    (await counting(within, phone).select('person_id').distinct().execute()).map(({ person_id: id }) => id)

  async function find({ personId, phone }: Numbered, within: Database = database): Promise<PhoneProof | undefined> {
    const rows = await counting(within, phone).select(['first_at', 'at']).where('person_id', '=', personId).execute()
    if (rows.length === 0) return undefined
    return { firstAt: Math.min(...rows.map((row) => row.first_at)), at: Math.max(...rows.map((row) => row.at)) }
  }

  async function write(within: DatabaseTransaction, { personId, phone, how }: Numbered & { how: ProvenHow }) {
    const now = clock()
    const key = { person_id: personId, phone_index: indexOf(phone), how }
    const renewed = await within
      .updateTable('phone_proofs')
      .set({ at: now })
      .where('person_id', '=', personId)
      .where('phone_index', '=', key.phone_index)
      .where('how', '=', how)
      .where('ended_at', 'is', null)
      .where('at', '>', oldest())
      .executeTakeFirst()
    if (renewed.numUpdatedRows > 0n) return
    // after a gap the time begins again
    const begun = { first_at: now, at: now, ended_at: null }
    await within
      .insertInto('phone_proofs')
      .values({ ...key, ...begun })
      .onConflict((conflict) => conflict.columns(['person_id', 'phone_index', 'how']).doUpdateSet(begun))
      .execute()
  }

  /** Ends the proofs of persons whose newest one is not after this moment. */
  async function endUntil(phone: string, at: number): Promise<void> {
    const ended = await database.transaction().execute(async (transaction) => {
      const rows = await counting(transaction, phone)
        .select(({ fn }) => ['person_id', fn.max('at').as('newest')])
        .groupBy('person_id')
        .execute()
      const ids = rows.filter(({ newest }) => newest <= at).map(({ person_id: id }) => id)
      for (const personId of ids) {
        await endProofs(transaction, { personId, phone })
        await endSignIns(transaction, personId, { but: [] })
        await notifier.notify({ personId, kind: 'phone-recycled' }, transaction)
        await audit.append(transaction, { event: 'phone.changed-hands', actor: 'system', personId })
      }
      return ids
    })
    for (const id of ended) publish('person', id)
  }

  async function endProofs(within: DatabaseTransaction, { personId, phone }: Numbered): Promise<void> {
    await within
      .updateTable('phone_proofs')
      .set({ ended_at: clock() })
      .where('person_id', '=', personId)
      .where('phone_index', '=', indexOf(phone))
      .where('ended_at', 'is', null)
      .execute()
  }

  const record: PhoneProofs['record'] = async (transaction, proof, by) => {
    const { personId, phone, how } = proof
    // acts of one number take turns on both stores, so no other person comes between this count and the proof
    const before = await holders(phone, transaction)
    const others = before.filter((id) => id !== personId)
    if (others.length >= mostPersons) return 'full'
    await write(transaction, proof)
    const shared = others.length > 0 && !before.includes(personId)
    for (const id of shared ? [...others, personId] : [])
      await notifier.notify({ personId: id, kind: 'phone-shared' }, transaction)
    await audit.append(transaction, {
      event: 'phone.proven',
      ...by,
      personId,
      details: { how, persons: others.length + 1 },
    })
    return 'recorded'
  }

  return {
    find,
    holders,
    record,
    recordAlone: (proof, by) =>
      inOwnTurn(database, [proof.personId, indexOf(proof.phone)], (transaction) => record(transaction, proof, by)),
    recordPast: (transaction, proofs) =>
      recordPastProofs({ notifier, indexOf, oldest: oldest(), now: clock(), mostPersons }, transaction, proofs),
    giveUp: endProofs,
    async checkHands(numbered) {
      const proof = await find(numbered)
      if (!proof || clock() - proof.at < frozenMs) return 'same'
      const hands = await recycled.hands(numbered.phone, proof.at)
      if (hands === 'changed') await endUntil(numbered.phone, proof.at)
      return hands
    },
  }
}
