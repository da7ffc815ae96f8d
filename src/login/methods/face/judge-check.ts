import type { Actor, NaturalPerson } from '../../../accounts/natural-persons.ts'
import { ended, type FaceEvidence, type FaceRequest, type FaceResult } from '../../../proofing/face/face-verifier.ts'
import { checkAad, takeAtVendor, type Checked, type Running } from './check-store.ts'
import { cameBack } from './native-handles.ts'
import { name as method, type FaceDeps } from './face-deps.ts'
import type { FaceLimits } from './face-limits.ts'

export interface CheckDeps extends FaceDeps {
  limits: FaceLimits
}

const level = 4
const noSubject = { documentType: '', documentNumber: '', name: '' }

export function faceRequest(
  { persons }: Pick<CheckDeps, 'persons'>,
  { who, person, purpose }: Checked,
  { id, returnUrl }: { id: string; returnUrl: string },
  by: Actor,
): FaceRequest {
  const { documentType, documentNumber, name } = person ? persons.reveal(person) : noSubject
  const subject = { personId: person?.id ?? who, documentType, documentNumber, name }
  return { subject, purpose, level, nonce: id, returnUrl, browser: by.restricted?.browser ?? '' }
}

/**
 * Whether a face may recover this account: a register proved it, and its owner neither took the consent back nor switched faces
 * off. The person before the camera agrees by themself; a child's guardian did so before.
 */
export async function mayBeCompared(
  { faceConsents, methodLocks }: Pick<CheckDeps, 'faceConsents' | 'methodLocks'>,
  person: NaturalPerson,
): Promise<boolean> {
  const { id, status, identityLevel } = person
  if (status !== 'active' || identityLevel < 3 || (await methodLocks.locked(id, method))) return false
  if (await faceConsents.withdrawn(id)) return false
  return faceConsents.mayAgree(person) || faceConsents.given(id)
}

/** A decoy is compared with no photograph, so it counts for the account alone. */
export const ownSum = (checked: Checked, { decoy }: Running): Checked =>
  decoy ? { ...checked, counted: checked.counted.slice(0, 1) } : checked

/** Audits a result and counts a failure; the failure that blocks the method is audited and notified. */
export async function conclude(
  { limits, audit, notifier }: CheckDeps,
  { counted, person, purpose }: Checked,
  verifier: string,
  result: FaceResult,
  by: Actor,
): Promise<void> {
  const { outcome, score, liveness, reference, reasons } = result
  const about = { ...by, personId: person?.id }
  if (purpose === 'recovery' && outcome !== 'passed') {
    // a stranger's tries become a sum, and no notice
    await audit.record({ event: 'recovery.refused', ...about, details: { by: method, verifier, outcome } })
    if (outcome === 'failed') await limits.failed(counted)
    return
  }
  const details = { verifier, purpose, outcome, score, liveness, reference, reasons: [...reasons] }
  await audit.record({ event: outcome === 'passed' ? 'face.passed' : 'face.failed', ...about, details })
  if (outcome !== 'failed' || !(await limits.failed(counted))) return
  await audit.record({ event: 'face.blocked', ...about })
  if (person) await notifier.notify({ personId: person.id, kind: 'face-blocked', restricted: by.restricted })
}

/**
 * Asks the verifier for the result, and counts it.
 * @param compared undefined: compared with no photograph, the verification fails as a stranger's does
 */
export async function judge(
  deps: CheckDeps,
  checked: Checked,
  compared: NaturalPerson | undefined,
  { id, check, evidence }: { id: string; check: Running; evidence: FaceEvidence },
  by: Actor,
): Promise<FaceResult> {
  const { faceVerifiers, cipher } = deps
  const verifier = faceVerifiers(check.purpose).find(({ name }) => name === check.verifier)
  if (!verifier) return ended('late')
  const request = faceRequest(deps, { ...checked, person: compared }, { id, returnUrl: check.returnUrl }, by)
  const told = await verifier.complete(request, cipher.open(check.sealed, checkAad(id)), evidence)
  const result = told.outcome === 'passed' && !cameBack(check, evidence) ? ended('cancelled') : told
  await conclude(deps, checked, verifier.name, result, by)
  return result
}

/** Asks a vendor for the result of a verification whose browser did not come back: every try counts. */
export async function settleAtVendor(deps: CheckDeps, checked: Checked, by: Actor): Promise<void> {
  const atVendor = await takeAtVendor(deps.artifacts, checked.who)
  if (!atVendor) return
  const { id, check } = atVendor
  const evidence: FaceEvidence = { kind: 'return', parameters: {} }
  const compared = check.decoy ? undefined : checked.person
  await judge(deps, { ...ownSum(checked, check), purpose: check.purpose }, compared, { id, check, evidence }, by)
}
