import { z } from 'zod'

/** The times of a QR login, in seconds (settings.ts). */
export interface QrTimes {
  /** A frame is valid for this time after it was made. */
  frame: number
  /** Frames are made for this time; then the person asks for new ones. */
  shown: number
  /** From the scan until the phone is signed in. */
  signIn: number
  /** From the moment at which the signed-in phone is asked to its decision. */
  decide: number
  /** From the approval to the sign-in. */
  redeem: number
  /** The same where four digits have to be typed. */
  redeemWithCode: number
}

const text = z.string()
const level = z.union([z.literal(2), z.literal(3), z.literal(4)])

/**
 * A login by QR code: `created → scanned → approved → redeemed`, or one of the ends `declined`, `expired`, `aborted`.
 * A reader of the store can neither wait nor decide: both browsers are known by hashes of their cookies.
 */
export const transactionSchema = z.object({
  state: z.enum(['created', 'scanned', 'approved', 'redeemed', 'declined', 'expired', 'aborted']),
  /** Why it ended, in one word; the words are `qr.ended_<reason>`. */
  reason: text.optional(),
  attempt: text,
  clientId: text,
  /** Where the portal's answer goes, as the phone shows it. */
  domain: text,
  level,
  scopes: z.array(text),
  claims: z.array(text),
  /** Whether the person is to act for a legal person. */
  legalPerson: z.boolean(),
  /** The waiting browser. */
  waiter: text,
  /** Network address and browser of the computer; sealed. */
  computer: text,
  /** Milliseconds since 1970 UTC. */
  createdAt: z.number(),
  /** The computer's own login is over then; a process of an older version does not store it. */
  endsAt: z.number().optional(),
  scannedAt: z.number().optional(),
  /** The person is known and is asked. */
  askedAt: z.number().optional(),
  approvedAt: z.number().optional(),
  /** The phone that scanned. The person follows once they are known. */
  scanner: text.optional(),
  /** Whether its browser came to the frame by a link, and not by a camera. */
  byLink: z.boolean().optional(),
  personId: text.optional(),
  needsCode: z.boolean(),
  codeRight: z.boolean(),
  wrongCodes: z.number(),
  /** The person said yes and is to sign in once more before it counts. */
  wishedAt: z.number().optional(),
  /** The phone's session, and its sign-in in seconds since 1970 UTC: the approval ends with it. */
  phoneSession: z.object({ uid: text, at: z.number() }).optional(),
  /** The level of the phone's session when it approved. */
  phoneLevel: level.optional(),
  /** Digest of the proof, where the approval was signed by passkey. */
  signature: text.optional(),
})

export type QrTransaction = z.infer<typeof transactionSchema>

/** A browser has seen a frame and not claimed it yet: looking changes nothing. */
export interface QrLook {
  /** Milliseconds since 1970 UTC. */
  seenAt: number
  byLink: boolean
  /** A mini program handed the frame over then, and the browser came with a ticket for it; in place of `seenAt` for the frame. */
  handedAt?: number | undefined
}

/** An event of a transaction, with its actor. */
export type QrEvent =
  | { kind: 'tick' }
  | ({ kind: 'scan'; scanner: string; n: number } & QrLook)
  | { kind: 'identify'; scanner: string; personId: string; needsCode: boolean }
  | { kind: 'wish'; scanner: string; personId: string }
  | {
      kind: 'approve'
      scanner: string
      personId: string
      level: QrTransaction['level']
      session: NonNullable<QrTransaction['phoneSession']>
      /** Asked again at the approval: the passkey may have been removed since the scan. */
      needsCode: boolean
      signature?: string
    }
  | { kind: 'decline'; scanner: string }
  | { kind: 'stop'; scanner: string; reason: string }
  | { kind: 'code'; waiter: string; right: boolean; tries: number }
  | { kind: 'redeem'; waiter: string }
  | { kind: 'cancel'; waiter: string }

export type QrRefusal = 'stale' | 'not_yours' | 'ended' | 'wrong_code' | 'level'

/** The transaction afterwards. A refused event may change it too: a second scan ends it. */
export interface QrOutcome {
  after: QrTransaction
  refused?: QrRefusal
}

/** Permitted difference of two servers' clocks: a frame may come from a moment ahead. */
const aheadMs = 1000
/** Time from the look to the claim: one tap, with time to read. */
const claimMs = 20_000
/** Seconds from the hand-over of a frame by a mini program to the look of its web view. Both may start cold. */
export const ticketSeconds = 60

/** True while nothing has ended it. */
export const isOpen = ({ state }: QrTransaction) => state === 'created' || state === 'scanned' || state === 'approved'

/**
 * When the present state ends, in milliseconds since 1970 UTC. Nothing outlives the computer's login, and no claim lasts longer
 * than `signIn` and `decide` together.
 */
export function deadline(transaction: QrTransaction, times: QrTimes): number {
  const { state, createdAt, approvedAt = 0, needsCode, endsAt = Number.POSITIVE_INFINITY } = transaction
  if (!isOpen(transaction)) return Number.POSITIVE_INFINITY
  if (state === 'created') return Math.min(endsAt, createdAt + (times.shown + times.frame) * 1000)
  if (state === 'scanned') return Math.min(endsAt, claimEnd(transaction, times))
  return Math.min(endsAt, approvedAt + (needsCode ? times.redeemWithCode : times.redeem) * 1000)
}

/** The time to decide begins when the person is asked: typing a password takes nothing from it. */
function claimEnd({ scannedAt = 0, askedAt = scannedAt, personId, wishedAt }: QrTransaction, times: QrTimes): number {
  const signedInBy = scannedAt + times.signIn * 1000
  if (personId === undefined) return signedInBy
  // they have agreed, and sign in once more
  if (wishedAt !== undefined) return signedInBy + times.decide * 1000
  return askedAt + times.decide * 1000
}

/** Whether a frame was on the screen at that moment, or a little while before. */
function isFresh({ createdAt }: QrTransaction, n: number, at: number, times: QrTimes): boolean {
  const age = at - (createdAt + n * 1000)
  return age >= -aheadMs && age <= times.frame * 1000 && n < times.shown
}

const isWithin = (ms: number, most: number) => ms >= -aheadMs && ms <= most

/** Whether a look may still become a claim: its frame was on the screen, at the look or at the hand-over of its ticket. */
export function isLookFresh(transaction: QrTransaction, n: number, look: QrLook, now: number, times: QrTimes): boolean {
  const { seenAt, handedAt = seenAt } = look
  const inTime = isWithin(seenAt - handedAt, ticketSeconds * 1000) && isWithin(now - seenAt, claimMs)
  return inTime && isFresh(transaction, n, handedAt, times)
}

/** Which frame to show now; undefined when none is. */
export function frameNow({ state, createdAt }: QrTransaction, now: number, times: QrTimes): number | undefined {
  const n = Math.floor((now - createdAt) / 1000)
  return state === 'created' && n >= 0 && n < times.shown ? n : undefined
}

/** All rules: every change of a transaction is this pure function, stored by compare-and-set. */
export function step(transaction: QrTransaction, event: QrEvent, now: number, times: QrTimes): QrOutcome {
  const late = now >= deadline(transaction, times)
  const before: QrTransaction = late
    ? { ...transaction, state: 'expired', reason: `late_${transaction.state}` }
    : transaction
  if (event.kind === 'tick') return { after: before }
  if ('waiter' in event) return fromComputer(before, event)
  return fromPhone(before, event, now, times)
}

const ended = (before: QrTransaction, reason: string): QrTransaction => ({ ...before, state: 'aborted', reason })

function fromPhone(
  before: QrTransaction,
  event: Extract<QrEvent, { scanner: string }>,
  now: number,
  times: QrTimes,
): QrOutcome {
  const refused = (why: QrRefusal, after = before): QrOutcome => ({ after, refused: why })
  const mine = before.scanner === event.scanner

  if (event.kind === 'scan') {
    const { scanner } = event
    if (!isLookFresh(before, event.n, event, now, times)) return refused('stale')
    // a ticket is in an address, and an address can be sent on
    const byLink = event.byLink || event.handedAt !== undefined
    if (before.state === 'created') return { after: { ...before, state: 'scanned', scanner, byLink, scannedAt: now } }
    if (!isOpen(before)) return refused('ended')
    // two phones hold the same fresh picture: one of them is not in front of the computer
    return mine ? { after: before } : refused('ended', ended(before, 'second_scan'))
  }
  if (!mine) return refused('not_yours')
  if (before.state !== 'scanned') return refused('ended')
  if (event.kind === 'decline') return { after: { ...before, state: 'declined', reason: 'declined' } }
  if (event.kind === 'stop') return { after: ended(before, event.reason) }
  if (before.personId !== undefined && before.personId !== event.personId) {
    return refused('not_yours', ended(before, 'other_person'))
  }
  if (event.kind === 'identify') {
    // the first identification decides on the code and starts the clock: a second one must not undo it
    if (before.personId !== undefined) return { after: before }
    return { after: { ...before, personId: event.personId, needsCode: event.needsCode, askedAt: now } }
  }
  if (before.personId === undefined) return refused('not_yours')
  if (event.kind === 'wish') return { after: { ...before, wishedAt: now } }
  if (event.level < before.level) return refused('level', ended(before, 'level'))
  const { level: phoneLevel, session: phoneSession, signature } = event
  const needsCode = before.needsCode || event.needsCode
  const approved = { ...before, state: 'approved', approvedAt: now, phoneLevel, phoneSession, needsCode } as const
  return { after: signature ? { ...approved, signature } : approved }
}

function fromComputer(before: QrTransaction, event: Extract<QrEvent, { waiter: string }>): QrOutcome {
  const refused = (why: QrRefusal, after = before): QrOutcome => ({ after, refused: why })
  if (before.waiter !== event.waiter) return refused('not_yours')
  if (event.kind === 'cancel') return isOpen(before) ? { after: ended(before, 'cancelled') } : refused('ended')
  if (before.state !== 'approved') return refused('ended')
  if (event.kind === 'redeem') {
    return before.needsCode && !before.codeRight ? refused('wrong_code') : { after: { ...before, state: 'redeemed' } }
  }
  if (!before.needsCode) return refused('ended')
  if (event.right) return { after: { ...before, codeRight: true } }
  const wrongCodes = before.wrongCodes + 1
  const after = { ...before, wrongCodes, codeRight: false }
  return refused('wrong_code', wrongCodes >= event.tries ? ended(after, 'wrong_codes') : after)
}
