import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RecycledNumbers } from '../proofing/recycled-numbers.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { byText, byWechat, type PhoneTables } from '../storage/schema-phone.ts'
import type { Actor } from './natural-persons/natural-person.ts'
import type { Notifier } from './notices.ts'

export { byText, byWechat }

/** How a person has proven a number: a code, the carrier, a channel, a clerk, or a register. */
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
  /** Undefined where no proof counts: none, too old, or the number changed hands. */
  find(numbered: Numbered, within?: Database): Promise<PhoneProof | undefined>
  /** Ids of the persons who have proven this number, and whose proof counts. */
  holders(phone: string, within?: Database): Promise<string[]>
  /** The person has another number: the proofs of this one end. */
  giveUp(within: DatabaseTransaction, numbered: Numbered): Promise<void>
  /**
   * Asks whether the number has another subscriber since its newest proof. If so, all proofs of it end and their persons are told.
   * `unknown` where no vendor answers.
   */
  checkHands(phone: string): Promise<'same' | 'changed' | 'unknown'>
}

/** A cancelled number gets no other subscriber for 90 days (电信网码号资源使用管理, 号码冷冻期). */
const frozenMs = 90 * dayMs

export function createPhoneProofs(options: {
  database: Database
  blindIndex: BlindIndex
  recycled: RecycledNumbers
  notifier: Notifier
  audit: AuditLog
  months: number
  mostPersons: number
  clock: Clock
}): PhoneProofs {
  const { database, blindIndex, recycled, notifier, audit, months, mostPersons, clock } = options
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

  async function endAll(phone: string): Promise<void> {
    await database.transaction().execute(async (transaction) => {
      const ids = await holders(phone, transaction)
      const { numUpdatedRows } = await transaction
        .updateTable('phone_proofs')
        .set({ ended_at: clock() })
        .where('phone_index', '=', indexOf(phone))
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return
      for (const personId of ids) {
        await notifier.notify({ personId, kind: 'phone-recycled' }, transaction)
        await audit.append(transaction, { event: 'phone.changed-hands', actor: 'system', personId })
      }
    })
  }

  return {
    find,
    holders,
    async record(transaction, proof, by) {
      const { personId, phone, how } = proof
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
    },
    async giveUp(within, { personId, phone }) {
      await within
        .updateTable('phone_proofs')
        .set({ ended_at: clock() })
        .where('person_id', '=', personId)
        .where('phone_index', '=', indexOf(phone))
        .where('ended_at', 'is', null)
        .execute()
    },
    async checkHands(phone) {
      const newest = await counting(database, phone)
        .select(({ fn }) => fn.max('at').as('at'))
        .executeTakeFirst()
      const at = newest?.at ?? null
      if (at === null || clock() - at < frozenMs) return 'same'
      const hands = await recycled.hands(phone, at)
      if (hands === 'changed') await endAll(phone)
      return hands
    },
  }
}
