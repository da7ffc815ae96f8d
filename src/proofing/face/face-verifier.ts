import type { Action } from './challenge.ts'

/** Purposes of a face verification; settings choose a verifier for each (`YIDENG_FACE_…`). */
export const facePurposes = ['proofing', 'step-up', 'login', 'recovery'] as const

export type FacePurpose = (typeof facePurposes)[number]

/** The person is only named, not signed in: no page may show whether there is such an account. */
export const isUnseen = (purpose: FacePurpose): boolean => purpose === 'login' || purpose === 'recovery'

/** The expected person, with the keys of the photograph in the register. */
export interface FaceSubject {
  personId: string
  documentType: string
  documentNumber: string
  name: string
}

export interface FaceRequest {
  subject: FaceSubject
  purpose: FacePurpose
  /** The assurance level that a pass gives. */
  level: number
  /** Random, used once, 32 letters and digits; the vendor returns it. */
  nonce: string
  /** Address to which a vendor returns the browser. */
  returnUrl: string
  /** User-Agent of the browser; a vendor chooses its page by it. */
  browser: string
}

/** The next step. The verifier needs `state` to complete; it is stored sealed until then. */
export type FaceBegun =
  | { kind: 'capture'; actions: readonly Action[]; state: string }
  | { kind: 'redirect'; url: string; state: string }
  /** The native page of this channel's mini program goes on: it shows whose phone it is, and opens the vendor's camera. */
  | { kind: 'native'; channel: string; state: string }
  | { kind: 'ended'; result: FaceResult }

export type FaceOutcome =
  | 'passed'
  /** Another face, or not a living one; counts as a failed try. */
  | 'failed'
  /** The pictures could not be judged (dark, no face, two people); does not count as a failed try. */
  | 'unusable'
  | 'cancelled'
  | 'late'
  /** The vendor is unreachable or refuses our request. */
  | 'unavailable'
  /** More captures at once than this machine can process; try again. */
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

/** Result of a verification. All outcomes are values, none is thrown. */
export interface FaceResult {
  outcome: FaceOutcome
  /** 0 to 1, higher is more similar; each verifier has its own scale. */
  score?: number
  /** 0 to 1, from passive analysis of the pictures: recorded only, no decision uses it. */
  liveness?: number
  /** The vendor's id of this verification. */
  reference?: string
  reasons: FaceReason[]
}

/** Evidence from the browser: pictures from our own page, or the parameters of the vendor's return. */
export type FaceEvidence =
  | { kind: 'frames'; frames: readonly CapturedFrame[] }
  | { kind: 'return'; parameters: Readonly<Record<string, string>> }

/** One picture, and its step of the challenge (0: look straight). */
export interface CapturedFrame {
  step: number
  jpeg: Uint8Array
}

/** What the native page of a mini program opens the vendor's camera with. */
export type FaceAtPhone = { kind: 'opens'; verifyId: string; state: string } | { kind: 'ended'; result: FaceResult }

/** Verifies that a face is that of a person: the local engine, or a vendor. */
export interface FaceVerifier {
  readonly name: string
  /** Whether it can verify in a browser with this user agent; without this function, in every browser. */
  serves?(userAgent: string): boolean
  begin(request: FaceRequest): Promise<FaceBegun>
  /**
   * For `native`: asks the vendor to verify this person on the phone of the channel's user with this openid.
   * @param request the same as in `begin`
   */
  atPhone?(request: FaceRequest, openid: string): Promise<FaceAtPhone>
  /** @param request the same as in `begin` */
  complete(request: FaceRequest, state: string, evidence: FaceEvidence): Promise<FaceResult>
}

export const ended = (outcome: FaceOutcome, ...reasons: FaceReason[]): FaceResult => ({ outcome, reasons })
