import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Actor, NaturalPerson } from '../../accounts/natural-persons.ts'
import type { Action } from '../../proofing/face/challenge.ts'
import {
  ended,
  type FaceEvidence,
  type FacePurpose,
  type FaceRequest,
  type FaceResult,
} from '../../proofing/face/verifier.ts'
import type { FaceLimits } from './limits.ts'
import { name, type FaceParts } from './parts.ts'

/** Why no verification was begun; each has its words under `face.not_<…>`. */
export type NotBegun = 'blocked' | 'too_many' | 'off' | 'switched_off' | 'unavailable' | 'no_reference'

export type Begun =
  | { kind: 'capture'; id: string; actions: readonly Action[] }
  | { kind: 'redirect'; url: string }
  | { kind: 'not'; why: NotBegun }

/** Whose face, what for, and the running login or session it is bound to. */
export interface Checked {
  /** Whom verifications are counted for. */
  who: string
  /** Nobody at a kiosk where no such account may use a face: all goes its way, and fails. */
  person: NaturalPerson | undefined
  purpose: FacePurpose
  holder: string
}

/** A running verification, as it is kept; what the verifier needs is sealed. */
const running = z.object({
  who: z.string(),
  purpose: z.enum(['proofing', 'step-up', 'login']),
  holder: z.string(),
  returnUrl: z.string(),
  sealed: z.string(),
})

const captureSeconds = 180
const vendorSeconds = 900
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

export function createFaceChecks(parts: FaceParts & { limits: FaceLimits }): FaceChecks {
  const { artifacts, cipher, persons, methodLocks, verifiers, limits, notifier, audit } = parts
  const place = (id: string) => `face-check:${id}`
  const passedKey = ({ who, purpose, holder }: Checked) => `${who} ${purpose} ${holder}`

  const requestOf = ({ who, person, purpose }: Checked, nonce: string, returnUrl: string, by: Actor): FaceRequest => {
    const subject = { personId: who, ...(person ? subjectOf(persons.reveal(person)) : nobody) }
    return { subject, purpose, level, nonce, returnUrl, browser: by.restricted?.browser ?? '' }
  }

  /** What is kept under an id, where it is of this person, purpose, and login or session. */
  function ownOf(value: string | undefined, { who, purpose, holder }: Checked) {
    const kept = value === undefined ? undefined : running.parse(JSON.parse(value))
    return kept?.who === who && kept.purpose === purpose && kept.holder === holder ? kept : undefined
  }

  async function conclude({ who, person, purpose }: Checked, verifier: string, result: FaceResult, by: Actor) {
    const { outcome, score, liveness, reference, reasons } = result
    const about = { ...by, personId: person?.id }
    const details = { verifier, purpose, outcome, score, liveness, reference, reasons: [...reasons] }
    await audit.record({ event: outcome === 'passed' ? 'face.passed' : 'face.failed', ...about, details })
    if (outcome !== 'failed' || !(await limits.failed(who))) return
    await audit.record({ event: 'face.blocked', ...about })
    if (person) await notifier.notify({ personId: person.id, kind: 'face-blocked', restricted: by.restricted })
  }

  return {
    async begin(checked, returnUrl, by) {
      const { who, purpose, holder } = checked
      const verifier = verifiers(purpose)
      if (!verifier) return { kind: 'not', why: 'off' }
      // a kiosk does not say so: it would tell that there is such an account
      if (purpose !== 'login') {
        if (await methodLocks.locked(who, name)) return { kind: 'not', why: 'switched_off' }
        if (await limits.blocked(who)) return { kind: 'not', why: 'blocked' }
      }
      if (!(await limits.begin(who))) return { kind: 'not', why: 'too_many' }
      const id = randomBytes(16).toString('hex')
      const request = requestOf(checked, id, returnUrl(id), by)
      const begun = await verifier.begin(request)
      if (begun.kind === 'ended') {
        await conclude(checked, verifier.name, begun.result, by)
        return { kind: 'not', why: begun.result.reasons.includes('no_reference') ? 'no_reference' : 'unavailable' }
      }
      const kept = { who, purpose, holder, returnUrl: request.returnUrl, sealed: cipher.seal(begun.state, place(id)) }
      const ttl = begun.kind === 'capture' ? captureSeconds : vendorSeconds
      await artifacts.put('face-check', id, JSON.stringify(kept satisfies z.infer<typeof running>), { ttl })
      if (begun.kind === 'redirect') return { kind: 'redirect', url: begun.url }
      return { kind: 'capture', id, actions: begun.actions }
    },

    waits: async (id, checked) => ownOf(await artifacts.get('face-check', id), checked) !== undefined,

    async complete(id, checked, evidence, by) {
      const { who, purpose } = checked
      // another's is not used up by asking for it
      if (!ownOf(await artifacts.get('face-check', id), checked)) return ended('late')
      const kept = ownOf(await artifacts.take('face-check', id), checked)
      const verifier = verifiers(purpose)
      if (!kept || !verifier) return ended('late')
      const blocked = await limits.blocked(who)
      if (blocked && purpose !== 'login') return ended('failed')
      const judged = blocked ? { ...checked, person: undefined } : checked
      const state = cipher.open(kept.sealed, place(id))
      const result = await verifier.complete(requestOf(judged, id, kept.returnUrl, by), state, evidence)
      await conclude(checked, verifier.name, result, by)
      if (result.outcome === 'passed') {
        await artifacts.put('face-passed', id, passedKey(checked), { ttl: passedSeconds })
      }
      return result
    },

    async takePassed(id, checked) {
      const own = passedKey(checked)
      return (await artifacts.get('face-passed', id)) === own && (await artifacts.take('face-passed', id)) === own
    },
  }
}
