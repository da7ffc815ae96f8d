import type { Clock } from '../../config/clock.ts'
import type { Settings } from '../../config/settings.ts'
import { readReference, type Referred } from '../../pages/reference.ts'
import { findReason, mostReasons } from '../../storage/reasons.ts'
import { openExisting } from '../existing-artifacts.ts'
import { invalid, type Outcome } from '../outcome.ts'

const field = 'reference'

/** Looks up the reason under a reference number, as a person reads it out. */
export async function lookUpReference(settings: Settings, clock: Clock, given: string): Promise<Outcome> {
  const reference = readReference(given)
  if (!reference) return invalid({ field, message: 'A reference number has eight characters, such as K7Q2-M9XA.' })
  const artifacts = await openExisting(settings, clock)
  const reason = artifacts && (await findReason(artifacts, reference).finally(() => artifacts.close()))
  return reason ? { ok: true, document: reason, shown: linesOf(reason) } : unknownReference(reference)
}

const unknownReference = (reference: string): Outcome => {
  const kept = `The latest ${mostReasons} of a kind are kept for seven days`
  const message = `There is no reason under the reference number ${reference}. ${kept}; the log has it under the same id.`
  return { ok: false, kind: 'not_found', problems: [{ field, message }] }
}

const linesOf = (reason: Referred): string[] => {
  const width = Math.max(...Object.keys(reason).map((name) => name.length))
  const shown = Object.entries(reason).filter(([, value]) => value !== undefined)
  return shown.map(
    ([name, value]) => `${name.padEnd(width)}  ${Array.isArray(value) ? value.join(', ') : String(value)}`,
  )
}
