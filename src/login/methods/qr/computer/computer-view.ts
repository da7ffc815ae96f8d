import type { Frames } from '../code-frames.ts'
import { deadline, frameNow, isOpen, type QrTimes, type QrTransaction } from '../states.ts'

/** Data of the waiting page, by stream or by request: nothing about the person. */
export interface ComputerView {
  state: QrTransaction['state']
  /** Why it ended. */
  reason?: string
  /** The address to draw, and its age in milliseconds. */
  frame?: string
  age?: number
  /** Four digits have to be typed; this many tries are left. */
  code?: number
  /** Seconds until the present state ends. */
  left?: number
}

export interface ViewOptions {
  frames: Frames
  issuer: string
  times: QrTimes
  codeTries: number
}

/** Reasons that the computer may show. Others are about the phone's account, and a stranger may be at the computer. */
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
