import { dayMs } from '../../config/time.ts'
import type { NaturalPerson } from '../natural-persons.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { isResting } from './recovery-stops.ts'

/** Days for which a phone must be proven: longer than a thief of a number stays unseen, and than a number lies unused. */
export const provenDays = 30

/**
 * What a right code to this phone is worth. It is a pass where the phone is on record and was proven for 30 days without a gap. It is
 * none after a stopped recovery. Does the same work where there is no account.
 * @param person found by the document number
 * @param phone E.164
 */
export async function checkPhone(
  deps: Pick<RecoveryDeps, 'authenticators' | 'phoneProofs' | 'isOnRecord' | 'clock'>,
  person: NaturalPerson | undefined,
  phone: string,
): Promise<Pass | undefined> {
  const { phoneProofs, isOnRecord, clock } = deps
  const personId = person?.id ?? ''
  const proof = await phoneProofs.find({ personId, phone })
  const rests = await isResting(deps, personId)
  const onRecord = isOnRecord(person, { kind: 'phone', value: phone })
  const long = proof !== undefined && proof.firstAt <= clock() - provenDays * dayMs
  if (person?.status !== 'active' || !onRecord || !long || rests) return undefined
  return { personId, by: 'phone', key: String(person.endings.epoch) }
}
