import type { Action } from './challenge.ts'

/** What a face is verified for; config chooses a verifier for each (`YIDENG_FACE_…`). */
export const facePurposes = ['proofing', 'step-up', 'login'] as const

export type FacePurpose = (typeof facePurposes)[number]

/** Whose face it is to be: what the authority's own photograph is found by. */
export interface FaceSubject {
  personId: string
  documentType: string
  documentNumber: string
  name: string
}

export interface FaceRequest {
  subject: FaceSubject
  purpose: FacePurpose
  /** The level the answer is to carry. */
  level: number
  /** Random, used once, 32 letters and digits; the vendor gives it back. */
  nonce: string
  /** Where a vendor sends the browser back to. */
  returnUrl: string
  /** As the browser describes itself (User-Agent); a vendor chooses its page by it. */
  browser: string
}

/** What to do next; `state` is what the same verifier needs to complete, and is kept sealed until then. */
export type FaceBegun =
  | { kind: 'capture'; actions: readonly Action[]; state: string }
  | { kind: 'redirect'; url: string; state: string }
  | { kind: 'ended'; result: FaceResult }

export type FaceOutcome =
  | 'passed'
  /** Another face, or no living one: counted. */
  | 'failed'
  /** Nothing could be judged by these pictures (dark, nobody, two people); not counted as failed. */
  | 'unusable'
  | 'cancelled'
  | 'late'
  /** The vendor cannot be reached, or refuses us. */
  | 'unavailable'
  /** More at once than this machine does; try again. */
  | 'busy'

/** Each has its words under `face.reason_<reason>`. */
export const faceReasons = [
  'other_face',
  'not_sure',
  'no_left',
  'no_right',
  'no_blink',
  'no_nearer',
  'changed_face',
  'no_face',
  'two_faces',
  'too_dark',
  'too_far',
  'no_reference',
  'not_alive',
  'broken',
  'vendor',
] as const

export type FaceReason = (typeof faceReasons)[number]

/** How it ended. Every outcome is ordinary: nothing here is thrown. */
export interface FaceResult {
  outcome: FaceOutcome
  /** 0 to 1, higher is more alike; each verifier's own scale. */
  score?: number
  /** 0 to 1, of a passive look at the pictures: kept for the record, nothing rests on it. */
  liveness?: number
  /** The vendor's own reference to this verification. */
  reference?: string
  reasons: FaceReason[]
}

/** What came back: pictures from our own page, or the parameters of the vendor's return. */
export type FaceEvidence =
  | { kind: 'frames'; frames: readonly Frame[] }
  | { kind: 'return'; parameters: Readonly<Record<string, string>> }

/** One picture, and the step of the challenge it was taken in (0 is looking straight). */
export interface Frame {
  step: number
  jpeg: Uint8Array
}

/** Somebody who can tell whether this is the face of that person: an engine of our own, or a vendor. */
export interface FaceVerifier {
  readonly name: string
  begin(request: FaceRequest): Promise<FaceBegun>
  /** The request is the one it began with. */
  complete(request: FaceRequest, state: string, evidence: FaceEvidence): Promise<FaceResult>
}

export const ended = (outcome: FaceOutcome, ...reasons: FaceReason[]): FaceResult => ({ outcome, reasons })
