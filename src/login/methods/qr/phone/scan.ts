import { Refusal } from '../../../../refusal/refusal.ts'
import type { Frame } from '../code-frames.ts'
import { isLookFresh, isOpen, type QrLook, type QrTransaction } from '../states.ts'
import type { PhoneDeps, Scanner } from './phone-deps.ts'

type ScanDeps = Pick<PhoneDeps, 'frames' | 'transactions' | 'limits' | 'audit' | 'settings' | 'clock'>

/** How a browser came to a frame. */
export interface Arrival {
  byLink: boolean
  /** What a mini program got for the frame, in the address; undefined for a browser that saw the frame itself. */
  ticket: string | undefined
}

/**
 * Looks at a frame and changes nothing: a preview or a link scanner may open the address as well.
 * @returns the signed look that claims the frame.
 * @throws Refusal `qr_gone` for a frame that is not on a screen now, and whose ticket is not valid
 */
export async function look(deps: ScanDeps, text: string, scanner: Scanner, arrival: Arrival): Promise<string> {
  const { byLink, ticket } = arrival
  const { frame, seen } = await judge(deps, text, scanner, (given, seenAt) => {
    if (ticket === undefined) return { seenAt, byLink }
    const handedAt = deps.frames.readTicket(ticket, given)
    return handedAt === undefined ? undefined : { seenAt, byLink: true, handedAt }
  })
  return deps.frames.signLook(frame, scanner.key, seen)
}

/**
 * Looks at a frame for a mini program, and changes nothing: its web view may start after the frame has gone.
 * @returns the ticket that takes the frame's place for `ticketSeconds`
 * @throws Refusal `qr_gone` as `look`
 */
export async function handOver(deps: ScanDeps, text: string, from: Pick<Scanner, 'networks'>): Promise<string> {
  const { frame, seen } = await judge(deps, text, from, (_frame, seenAt) => ({ seenAt, byLink: true }))
  return deps.frames.signTicket(frame, seen.seenAt)
}

async function judge(
  { frames, transactions, limits, settings, clock }: ScanDeps,
  text: string,
  from: Pick<Scanner, 'networks'>,
  lookAt: (frame: Frame, now: number) => QrLook | undefined,
): Promise<{ frame: Frame; seen: QrLook }> {
  await limits.scanFrom(from)
  const frame = frames.read(text)
  const transaction = frame && (await transactions.find(frame.id))
  const now = clock()
  const seen = frame && lookAt(frame, now)
  const { times } = settings.methods.qr
  if (!frame || !seen || !transaction || !isOpen(transaction) || !isLookFresh(transaction, frame.n, seen, now, times))
    throw new Refusal('qr_gone', 'not a frame that is on a screen now')
  return { frame, seen }
}

/**
 * Claims a frame that this browser has looked at.
 * @returns the id of the transaction
 * @throws Refusal `qr_gone` for a frame or a look that is not valid
 */
export const claim = (deps: ScanDeps, text: string, signedLook: string, scanner: Scanner): Promise<string> =>
  take(deps, text, scanner, (frame) => deps.frames.readLook(signedLook, frame, scanner.key))

/** Looks and claims at once, for an app whose camera has read the frame. Returns and throws as `claim`. */
export const scan = (deps: ScanDeps, text: string, scanner: Scanner): Promise<string> =>
  take(deps, text, scanner, () => ({ seenAt: deps.clock(), byLink: false }))

async function take(deps: ScanDeps, text: string, scanner: Scanner, lookAt: (frame: Frame) => QrLook | undefined) {
  const { frames, transactions, limits, audit } = deps
  await limits.scanFrom(scanner)
  const frame = frames.read(text)
  const seen = frame && lookAt(frame)
  const applied =
    frame && seen && (await transactions.apply(frame.id, { kind: 'scan', scanner: scanner.key, n: frame.n, ...seen }))
  if (frame && applied && !applied.refused) return frame.id
  await audit.record({
    event: 'qr.refused',
    ...scanner.by,
    clientId: applied?.after.clientId,
    details: { reason: applied?.refused ?? 'forged', state: applied?.after.state },
  })
  throw new Refusal('qr_gone', applied?.refused ?? 'forged')
}

/** @throws Refusal `qr_gone` where this phone has not scanned this transaction */
export async function findScanned(
  { transactions }: Pick<PhoneDeps, 'transactions'>,
  id: string,
  { key }: Pick<Scanner, 'key'>,
): Promise<QrTransaction> {
  const transaction = await transactions.find(id)
  if (transaction?.scanner !== key) throw new Refusal('qr_gone', 'not scanned, or by another phone')
  return transaction
}
