import { randomBytes } from 'node:crypto'
import type { Actor } from '../../../accounts/natural-persons.ts'
import { daySeconds } from '../../../config/time.ts'
import type { Action } from '../../../proofing/face/challenge.ts'
import { servingIn } from '../../../proofing/face/choose-verifier.ts'
import { ended, isUnseen, type FaceEvidence, type FaceResult } from '../../../proofing/face/face-verifier.ts'
import { ContentionError, retryChange } from '../../../storage/compare-and-set.ts'
import { checkAad, findOwn, markAtVendor, storeCheck, storePassed, takeOwn, type Checked } from './check-store.ts'
import { name } from './face-deps.ts'
import { handleOf, newTicket } from './native-handles.ts'
import { conclude, faceRequest, judge, mayBeCompared, ownSum, settleAtVendor, type CheckDeps } from './judge-check.ts'

/** Why no verification was begun; each has its words under `face.not_<…>`. */
export type NotBegun = 'blocked' | 'too_many' | 'off' | 'switched_off' | 'unavailable' | 'no_reference' | 'unmatched'

export type Begun =
  | { kind: 'capture'; id: string; actions: readonly Action[] }
  | { kind: 'redirect'; url: string }
  | { kind: 'native'; channel: string; handle: string }
  | { kind: 'not'; why: NotBegun }

const captureSeconds = 180
const vendorSeconds = 900
/** How long a vendor is asked for a result, where the person begins again instead of coming back. */
const atVendorSeconds = daySeconds

/**
 * Begins a verification for exactly this login or session; it is used once, for its own purpose.
 * @throws ContentionError where the same person begins many at the same time
 */
export async function beginCheck(
  deps: CheckDeps,
  checked: Checked,
  { returnUrl, userAgent }: { returnUrl: (id: string) => string; userAgent: string },
  by: Actor,
): Promise<Begun> {
  const { faceVerifiers, limits, artifacts, cipher, blindIndex, clock } = deps
  const { who, purpose, holder, counted } = checked
  const verifier = servingIn(faceVerifiers(purpose), userAgent)
  if (!verifier) return { kind: 'not', why: 'off' }
  if (!(await limits.begin(holder))) return { kind: 'not', why: 'too_many' }
  const claim = await claimOf(deps, checked)
  if (claim === 'unmatched') return { kind: 'not', why: 'unmatched' }
  // where the person is only named, nothing shows whether there is such an account
  const blocked = isUnseen(purpose) ? undefined : await blockedBy(deps, checked, by)
  if (blocked) return { kind: 'not', why: blocked }
  if (await limits.spent(counted)) return { kind: 'not', why: 'too_many' }

  const id = randomBytes(16).toString('hex')
  const address = returnUrl(id)
  const { ticket, hash } = newTicket()
  const request = faceRequest(deps, checked, { id, returnUrl: `${address}&t=${ticket}` }, by)
  const begun = await verifier.begin(request)
  if (begun.kind === 'ended') {
    await conclude(deps, checked, verifier.name, begun.result, by)
    return { kind: 'not', why: begun.result.reasons.includes('no_reference') ? 'no_reference' : 'unavailable' }
  }
  const atVendor = begun.kind !== 'capture'
  const until = clock() + (atVendor ? vendorSeconds : captureSeconds) * 1000
  const sealed = cipher.seal(begun.state, checkAad(id))
  const native = begun.kind === 'native' ? { channel: begun.channel } : undefined
  const back = begun.kind === 'redirect' ? hash : undefined
  const of = { who, purpose, holder, returnUrl: address, until, decoy: claim === 'decoy' }
  const check = { ...of, verifier: verifier.name, sealed, native, back }
  await storeCheck(artifacts, id, check, atVendor ? atVendorSeconds : captureSeconds)
  if (!atVendor) return { kind: 'capture', id, actions: begun.actions }
  await limits.capture(counted)
  await claimVendorSlot(deps, checked, id, by)
  if (begun.kind === 'redirect') return { kind: 'redirect', url: begun.url }
  return { kind: 'native', channel: begun.channel, handle: handleOf(blindIndex, id) }
}

/** Whether the register has this name under this number; `decoy` where the page must not say that it does not. */
async function claimOf(
  { matches, persons, identityProofs }: CheckDeps,
  { person, purpose }: Checked,
): Promise<'fits' | 'unmatched' | 'decoy'> {
  if (purpose !== 'proofing' || !person || person.identityLevel >= 3) return 'fits'
  const silent = await matches.silent(persons.reveal(person))
  if (await identityProofs.fits(person)) return 'fits'
  return silent ? 'decoy' : 'unmatched'
}

async function blockedBy(deps: CheckDeps, checked: Checked, by: Actor): Promise<NotBegun | undefined> {
  const { methodLocks, limits } = deps
  const { person, counted } = checked
  await settleAtVendor(deps, checked, by)
  if (person && (await methodLocks.locked(person.id, name))) return 'switched_off'
  return (await limits.blocked(counted)) ? 'blocked' : undefined
}

/** One at a vendor at a time: of several, a person would bring back only the one that passed. */
async function claimVendorSlot(deps: CheckDeps, checked: Checked, id: string, by: Actor): Promise<void> {
  const claimed = await retryChange(async () => {
    if (await markAtVendor(deps.artifacts, checked.who, id, atVendorSeconds)) return true
    await settleAtVendor(deps, checked, by)
    return undefined
  })
  if (!claimed) throw new ContentionError('face-away')
}

/** Completes a verification with pictures or a vendor's return. Asking for one of another login does not use it up. */
export async function completeCheck(
  deps: CheckDeps,
  id: string,
  asked: Checked,
  evidence: FaceEvidence,
  by: Actor,
): Promise<FaceResult> {
  const { artifacts, limits, faceConsents, clock } = deps
  if (!(await findOwn(artifacts, id, asked))) return ended('late')
  const check = await takeOwn(artifacts, id, asked)
  if (!check) return ended('late')
  const checked = ownSum(asked, check)
  const { person, purpose, counted } = checked
  // a capture without a picture has tried nothing
  const brought = evidence.kind === 'frames' && evidence.frames.length > 0
  if (brought && !(await limits.capture(counted))) return ended('failed')
  const blocked = await limits.blocked(counted)
  // the consent may have been withdrawn since the begin
  const agreed =
    person !== undefined &&
    (purpose === 'recovery' ? await mayBeCompared(deps, person) : await faceConsents.given(person.id))
  if (!isUnseen(purpose) && blocked) return ended('failed')
  if (!isUnseen(purpose) && !agreed) return ended('cancelled')
  const compared = blocked || !agreed || check.decoy ? undefined : person
  const result = await judge(deps, checked, compared, { id, check, evidence }, by)
  if (result.outcome !== 'passed') return result
  if (clock() > check.until) return ended('late')
  await storePassed(artifacts, id, checked)
  return result
}
