import type { Frames } from '../frames.ts'
import { deadline, frameNow, isOpen, type QrTimes, type QrTransaction } from '../states.ts'

/** What the waiting page is told, by stream or by asking: all it needs, nothing about the person. */
export interface ComputerView {
  state: QrTransaction['state']
  /** Why it ended. */
  reason?: string
  /** The address to draw, and how old it is in milliseconds. */
  frame?: string
  age?: number
  /** Four digits have to be typed; how many wrong ones are left. */
  code?: number
  /** Seconds until the present state ends by itself. */
  left?: number
}

export interface ViewOptions {
  frames: Frames
  issuer: string
  times: QrTimes
  codeTries: number
}

/** What the phone's account stands like is not for the computer to know: whoever waits there may be anybody. */
const openReasons = new Set([
  'declined',
  'second_scan',
  'wrong_codes',
  'late_created',
  'late_scanned',
  'late_approved',
  'cancelled',
])

export function computerView(id: string, transaction: QrTransaction, now: number, options: ViewOptions): ComputerView {
  const { state, reason, createdAt, needsCode, codeRight, wrongCodes } = transaction
  const view: ComputerView = { state }
  if (reason !== undefined) view.reason = openReasons.has(reason) ? reason : 'phone'
  const n = frameNow(transaction, now, options.times)
  if (n !== undefined) {
    view.frame = `${options.issuer}/q/${options.frames.sign({ id, n })}`
    view.age = now - createdAt - n * 1000
  }
  if (state === 'created') view.left = Math.max(0, Math.ceil((createdAt + options.times.shown * 1000 - now) / 1000))
  else if (isOpen(transaction)) view.left = Math.ceil((deadline(transaction, options.times) - now) / 1000)
  if (state === 'approved' && needsCode && !codeRight) view.code = options.codeTries - wrongCodes
  return view
}
