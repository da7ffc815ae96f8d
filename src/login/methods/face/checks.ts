import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { daySeconds } from '../../../config/time.ts'
import type { Counted } from '../../../config/address-networks.ts'
import type { Actor, NaturalPerson } from '../../../accounts/natural-persons.ts'
import { ContentionError, retryChange } from '../../../storage/compare-and-set.ts'
import type { Action } from '../../../proofing/face/challenge.ts'
import {
  ended,
  facePurposes,
  type FaceEvidence,
  type FacePurpose,
  type FaceRequest,
  type FaceResult,
} from '../../../proofing/face/verifier.ts'
import type { FaceLimits } from './limits.ts'
import { name, type FaceDeps } from './face-deps.ts'

/** Why no verification was begun; each has its words under `face.not_<…>`. */
export type NotBegun = 'blocked' | 'too_many' | 'off' | 'switched_off' | 'unavailable' | 'no_reference' | 'unmatched'

export type Begun =
  | { kind: 'capture'; id: string; actions: readonly Action[] }
  | { kind: 'redirect'; url: string }
  | { kind: 'not'; why: NotBegun }

/** Whose face, what for, and the running login or session it is bound to. */
export interface Checked {
  /** Who makes them: one is received at a time. */
  who: string
  /** What they are counted for, the narrowest first. */
  counted: readonly Counted[]
  /** Nobody at a kiosk where no such account may use a face: all goes its way, and fails. */
  person: NaturalPerson | undefined
  purpose: FacePurpose
  holder: string
}

/** A running verification, as it is kept; what the verifier needs is sealed. */
const running = z.object({
  who: z.string(),
  purpose: z.enum(facePurposes),
  holder: z.string(),
  returnUrl: z.string(),
  /** Milliseconds since 1970 UTC: what comes back later has passed nothing. */
  until: z.number(),
  /** Not compared with anybody: the register does not know this name under the number, and that is not said any more. */
  decoy: z.boolean().default(false),
  sealed: z.string(),
})
type Running = z.infer<typeof running>

const captureSeconds = 180
const vendorSeconds = 900
/** How it ended at a vendor's is asked for so long, where somebody begins again instead of coming back. */
const awaySeconds = daySeconds
/** From the verification to the step that uses it. */
const passedSeconds = 120
const level = 4
const nobody = { documentType: '', documentNumber: '', name: '' }
const subjectOf = ({ documentType, documentNumber, name: called }: typeof nobody) => ({
  documentType,
  documentNumber,
  name: called,
})

/** Face verifications from begin to end: each is used once, by the login or session that began it, for its own purpose. */
export interface FaceChecks {
  begin(checked: Checked, returnUrl: (id: string) => string, by: Actor): Promise<Begun>
  /** Waits for pictures, or a vendor's return, of exactly this login or session: looked at before anything is received. */
  waits(id: string, checked: Checked): Promise<boolean>
  complete(id: string, checked: Checked, evidence: FaceEvidence, by: Actor): Promise<FaceResult>
  /** Takes a passed verification: true once. */
  takePassed(id: string, checked: Checked): Promise<boolean>
}

/** A decoy tries nobody's photograph, and so counts for nobody else. */
const ownSum = (checked: Checked, { decoy }: Running): Checked =>
  decoy ? { ...checked, counted: checked.counted.slice(0, 1) } : checked

export function createFaceChecks(deps: FaceDeps & { limits: FaceLimits }): FaceChecks {
  const {
    artifacts,
    cipher,
    persons,
    faceConsents,
    faceProofs,
    matches,
    methodLocks,
    faceVerifiers,
    limits,
    notifier,
    audit,
    clock,
  } = deps
  const aad = (id: string) => `face-check:${id}`
  const passedKey = ({ who, person, purpose, holder }: Checked) => `${who} ${person?.id} ${purpose} ${holder}`

  const requestOf = ({ who, person, purpose }: Checked, nonce: string, returnUrl: string, by: Actor): FaceRequest => {
    const subject = { personId: person?.id ?? who, ...(person ? subjectOf(persons.reveal(person)) : nobody) }
    return { subject, purpose, level, nonce, returnUrl, browser: by.restricted?.browser ?? '' }
  }

  const read = (value: string | undefined) => (value === undefined ? undefined : running.parse(JSON.parse(value)))

  /** What is kept under an id, where it is of this person, purpose, and login or session. */
  function ownOf(value: string | undefined, { who, purpose, holder }: Checked) {
    const kept = read(value)
    return kept?.who === who && kept.purpose === purpose && kept.holder === holder ? kept : undefined
  }

  async function conclude({ counted, person, purpose }: Checked, verifier: string, result: FaceResult, by: Actor) {
    const { outcome, score, liveness, reference, reasons } = result
    const about = { ...by, personId: person?.id }
    const details = { verifier, purpose, outcome, score, liveness, reference, reasons: [...reasons] }
    await audit.record({ event: outcome === 'passed' ? 'face.passed' : 'face.failed', ...about, details })
    if (outcome !== 'failed' || !(await limits.failed(counted))) return
    await audit.record({ event: 'face.blocked', ...about })
    if (person) await notifier.notify({ personId: person.id, kind: 'face-blocked', restricted: by.restricted })
  }

  /** Asks its verifier how one ended, and counts it; with nobody to compare with, it fails as a stranger does. */
  async function judge(
    checked: Checked,
    compared: NaturalPerson | undefined,
    { id, kept, evidence }: { id: string; kept: Running; evidence: FaceEvidence },
    by: Actor,
  ) {
    const verifier = faceVerifiers(kept.purpose)
    if (!verifier) return ended('late')
    const request = requestOf({ ...checked, person: compared }, id, kept.returnUrl, by)
    const result = await verifier.complete(request, cipher.open(kept.sealed, aad(id)), evidence)
    await conclude(checked, verifier.name, result, by)
    return result
  }

  /** Whether the register is known to fit; where it is not said any more, a decoy goes its way and fails. */
  async function claimOf({ person, purpose }: Checked): Promise<'fits' | 'unmatched' | 'decoy'> {
    if (purpose !== 'proofing' || !person || person.identityLevel >= 3) return 'fits'
    const silent = await matches.silent(persons.reveal(person))
    if (await faceProofs.fits(person)) return 'fits'
    return silent ? 'decoy' : 'unmatched'
  }

  /** What was tried at a vendor's counts, whether its browser came back or not. */
  async function settle(checked: Checked, by: Actor): Promise<void> {
    const id = await artifacts.take('face-away', checked.who)
    const kept = id === undefined ? undefined : read(await artifacts.take('face-check', id))
    if (id === undefined || kept?.who !== checked.who) return
    const evidence: FaceEvidence = { kind: 'return', parameters: {} }
    const compared = kept.decoy ? undefined : checked.person
    await judge({ ...ownSum(checked, kept), purpose: kept.purpose }, compared, { id, kept, evidence }, by)
  }

  return {
    async begin(checked, returnUrl, by) {
      const { who, person, purpose, holder, counted } = checked
      const verifier = faceVerifiers(purpose)
      if (!verifier) return { kind: 'not', why: 'off' }
      if (!(await limits.begin(holder))) return { kind: 'not', why: 'too_many' }
      const claim = await claimOf(checked)
      if (claim === 'unmatched') return { kind: 'not', why: 'unmatched' }
      // a kiosk does not say so: it would tell that there is such an account
      if (purpose !== 'login') {
        await settle(checked, by)
        if (person && (await methodLocks.locked(person.id, name))) return { kind: 'not', why: 'switched_off' }
        if (await limits.blocked(counted)) return { kind: 'not', why: 'blocked' }
      }
      if (await limits.spent(counted)) return { kind: 'not', why: 'too_many' }
      const id = randomBytes(16).toString('hex')
      const request = requestOf(checked, id, returnUrl(id), by)
      const begun = await verifier.begin(request)
      if (begun.kind === 'ended') {
        await conclude(checked, verifier.name, begun.result, by)
        return { kind: 'not', why: begun.result.reasons.includes('no_reference') ? 'no_reference' : 'unavailable' }
      }
      const away = begun.kind === 'redirect'
      const until = clock() + (away ? vendorSeconds : captureSeconds) * 1000
      const sealed = cipher.seal(begun.state, aad(id))
      const kept: Running = {
        who,
        purpose,
        holder,
        returnUrl: request.returnUrl,
        until,
        decoy: claim === 'decoy',
        sealed,
      }
      await artifacts.put('face-check', id, JSON.stringify(kept), { ttl: away ? awaySeconds : captureSeconds })
      if (!away) return { kind: 'capture', id, actions: begun.actions }
      await limits.capture(counted)
      // one at a time: begun side by side, only the one that passed would be brought back
      const claimed = await retryChange(async () => {
        if (await artifacts.add('face-away', who, id, { ttl: awaySeconds })) return true
        await settle(checked, by)
        return undefined
      })
      if (!claimed) throw new ContentionError('face-away')
      return { kind: 'redirect', url: begun.url }
    },

    waits: async (id, checked) => ownOf(await artifacts.get('face-check', id), checked) !== undefined,

    async complete(id, asked, evidence, by) {
      // another's is not used up by asking for it
      if (!ownOf(await artifacts.get('face-check', id), asked)) return ended('late')
      const kept = ownOf(await artifacts.take('face-check', id), asked)
      if (!kept) return ended('late')
      const checked = ownSum(asked, kept)
      const { person, purpose, counted } = checked
      // one that brought no picture has tried nothing
      const brought = evidence.kind === 'frames' && evidence.frames.length > 0
      if (brought && !(await limits.capture(counted))) return ended('failed')
      const blocked = await limits.blocked(counted)
      // taken back while it ran: nothing is compared any more
      const agreed = person !== undefined && (await faceConsents.given(person.id))
      if (purpose !== 'login' && blocked) return ended('failed')
      if (purpose !== 'login' && !agreed) return ended('cancelled')
      const compared = blocked || !agreed || kept.decoy ? undefined : person
      const result = await judge(checked, compared, { id, kept, evidence }, by)
      if (result.outcome !== 'passed') return result
      if (clock() > kept.until) return ended('late')
      await artifacts.put('face-passed', id, passedKey(checked), { ttl: passedSeconds })
      return result
    },

    async takePassed(id, checked) {
      const own = passedKey(checked)
      return (await artifacts.get('face-passed', id)) === own && (await artifacts.take('face-passed', id)) === own
    },
  }
}
