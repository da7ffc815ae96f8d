import { dayMs } from '../../config/time.ts'
import { indexKeysInUse } from '../../keys/lookup-index.ts'
import { fieldAad, openField } from '../personal-fields.ts'
import type { ProvenHow } from '../phone-proofs.ts'
import { findPerson, type Actor, type NaturalPersonsDeps } from './natural-person.ts'

/** Recovery waits this long after a change of the number: the old holder has time to object. */
const recoveryHeldMs = dayMs

export interface PhoneChange {
  /** The number on record when the change began (E.164): another change in between refuses this one. */
  from: string
  /** The new number (E.164); the same as `from` where it is only proven. */
  to: string
  how: ProvenHow
}

/**
 * Gives an account another telephone number, which the person has proven, or records the proof of the present one. The proofs of the
 * old number end, the person is told, and recovery is held for a day.
 * @returns `changed` where the number is another one since the change began, `full` where enough persons have proven the new one
 */
export async function changePhone(
  deps: NaturalPersonsDeps,
  id: string,
  { from, to, how }: PhoneChange,
  by: Actor,
): Promise<'done' | 'changed' | 'full' | undefined> {
  const { database, cipher, lookup, audit, notifier, phoneProofs, publish, clock } = deps
  const result = await database.transaction().execute(async (transaction) => {
    const person = await findPerson(transaction, id)
    if (person?.status !== 'active') return undefined
    if (openField(cipher, person.row, 'phone') !== from) return 'changed'
    if ((await phoneProofs.record(transaction, { personId: id, phone: to, how }, by)) === 'full') return 'full'
    if (to === from) return 'done'
    const [indexKey] = await indexKeysInUse(transaction, lookup)
    const now = clock()
    const { numUpdatedRows } = await transaction
      .updateTable('natural_persons')
      .set({
        phone: cipher.seal(to, fieldAad('phone', id)),
        phone_index: lookup.under(indexKey, 'phone', to),
        recovery_held_until: now + recoveryHeldMs,
        updated_at: now,
      })
      .where('id', '=', id)
      .where('phone', '=', person.row.phone)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new Error('the number changed within its own transaction')
    await phoneProofs.giveUp(transaction, { personId: id, phone: from })
    await audit.append(transaction, { event: 'phone.changed', ...by, personId: id, details: { how } })
    await notifier.notify({ personId: id, kind: 'phone-changed', restricted: by.restricted }, transaction)
    return 'done'
  })
  if (result === 'done') publish('person', id)
  return result
}
