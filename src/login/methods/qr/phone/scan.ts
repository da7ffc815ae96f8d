import { Refusal } from '../../../../refusal/refusal.ts'
import type { Frame } from '../code-frames.ts'
import { isFresh, isOpen, type QrLook, type QrTransaction } from '../states.ts'
import type { PhoneDeps, Scanner } from './phone-deps.ts'

type ScanDeps = Pick<PhoneDeps, 'frames' | 'transactions' | 'limits' | 'audit' | 'settings' | 'clock'>

/**
 * Looks at a frame and changes nothing: a preview or a link scanner may open the address as well.
 * @returns the signed look that claims the frame.
 * @throws Refusal `qr_gone` for a frame that is not on a screen now
 */
export async function look(deps: ScanDeps, text: string, scanner: Scanner, byLink: boolean): Promise<string> {
  const { frames, transactions, limits, settings, clock } = deps
  await limits.scanFrom(scanner)
  const frame = frames.read(text)
  const transaction = frame && (await transactions.find(frame.id))
  const seenAt = clock()
  const { times } = settings.methods.qr
  if (!frame || !transaction || !isOpen(transaction) || !isFresh(transaction, frame.n, seenAt, times))
    throw new Refusal('qr_gone', 'not a frame that is on a screen now')
  return frames.signLook(frame, scanner.key, { seenAt, byLink })
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
