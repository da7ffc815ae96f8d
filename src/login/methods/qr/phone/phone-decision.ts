import { isByQr, isFaceAlone } from '../../../../assurance/levels.ts'
import type { AuditEvent } from '../../../../audit/audit-events.ts'
import { sameNetwork } from '../../../../config/networks.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import type { SignedApproval, Wanting } from '../approval.ts'
import { openComputer } from '../computer/computer-seal.ts'
import { auditEntries } from '../outcome-audit.ts'
import { name } from '../qr-deps.ts'
import { assessRisk, riskTable } from '../risk.ts'
import type { QrTransaction } from '../states.ts'
import type { Applied } from '../transactions.ts'
import type { Phone, PhoneDeps, Scanner } from './phone-deps.ts'
import { findScanned } from './scan.ts'

/** Assesses the risk once the person is known, and ends the transaction where it may not go on. */
export async function identify(deps: PhoneDeps, id: string, phone: Phone): Promise<QrTransaction> {
  const { transactions, limits, audit } = deps
  const transaction = await findScanned(deps, id, phone)
  const { key: scanner, personId } = phone
  if (transaction.state !== 'scanned' || transaction.personId === personId) return transaction
  const blocked =
    (await blockedBy(deps, phone)) ??
    (phone.level < transaction.level ? 'level' : undefined) ??
    ((await limits.scanBy(personId)) ? undefined : 'too_many')
  if (blocked) return stop(deps, id, phone, blocked, personId)
  const { outcome, reasons } = await riskOf(deps, transaction, phone)
  const { clientId } = transaction
  await audit.record({ event: 'qr.scanned', ...phone.by, personId, clientId, details: { risk: outcome, reasons } })
  if (outcome === 'refuse') return stop(deps, id, phone, 'risk', personId)
  const needsCode = outcome === 'code'
  const applied = await transactions.apply(id, { kind: 'identify', scanner, personId, needsCode })
  if (!applied) throw new Refusal('qr_gone')
  return applied.after
}

/**
 * Approves where nothing is missing, or with a signature over this approval.
 * @returns otherwise what is missing; nothing has changed then
 */
export async function approve(
  deps: PhoneDeps,
  id: string,
  phone: Phone,
  signed?: SignedApproval,
): Promise<QrTransaction | Wanting> {
  const { transactions, approvals, signatures } = deps
  const transaction = await findScanned(deps, id, phone)
  // again: the method may have been switched off since the scan
  const blocked = await blockedBy(deps, phone)
  if (blocked) return stop(deps, id, phone, blocked, phone.personId)
  const open = transaction.state === 'scanned' && signed === undefined
  const missing = open ? await approvals.wanting(phone, transaction) : undefined
  if (missing) return missing
  const { key: scanner, personId, level, sessionUid: uid, signedInAt: at } = phone
  const applied = await transactions.apply(id, {
    kind: 'approve',
    scanner,
    personId,
    level,
    session: { uid, at },
    needsCode: !(await signatures.canSign(personId)),
    ...(signed ? { signature: signed.digest } : {}),
  })
  // the signed text, sealed: an auditor checks it later (`audit verify-signature`)
  const restricted = { ...phone.by.restricted, ...(signed ? { signed: signed.text, proof: signed.proof } : {}) }
  const by = signed ? { ...phone.by, restricted } : phone.by
  return settle(deps, applied, { ...phone, by }, 'qr.approved')
}

/** The person agrees, and has to sign in again before it counts. */
export async function wish({ transactions }: PhoneDeps, id: string, phone: Phone): Promise<void> {
  const { key: scanner, personId } = phone
  await transactions.apply(id, { kind: 'wish', scanner, personId })
}

export async function decline(deps: PhoneDeps, id: string, scanner: Scanner): Promise<QrTransaction> {
  const { transactions, limits, audit, notifier } = deps
  const applied = await transactions.apply(id, { kind: 'decline', scanner: scanner.key })
  const after = await settle(deps, applied, scanner, 'qr.declined')
  const { personId } = after
  if (!applied?.refused && personId !== undefined && (await limits.refusedBy(personId))) {
    await audit.record({ event: 'qr.paused', ...scanner.by, personId })
    await notifier.notify({ personId, kind: 'method-locked', details: { method: name } })
  }
  return after
}

/** Ends the transaction for a reason of the phone's side. */
export async function stop(
  deps: PhoneDeps,
  id: string,
  scanner: Scanner,
  reason: string,
  personId?: string,
): Promise<QrTransaction> {
  const applied = await deps.transactions.apply(id, { kind: 'stop', scanner: scanner.key, reason })
  return settle(deps, applied && knownAs(applied, personId), scanner)
}

/** A transaction that was stopped before the person was stored in it, for its audit entry. */
const knownAs = (applied: Applied, personId: string | undefined): Applied =>
  personId === undefined || applied.after.personId !== undefined
    ? applied
    : { ...applied, after: { ...applied.after, personId } }

/** Audits what an event did. @throws Refusal `qr_gone` where there is no such transaction for this phone */
async function settle(
  { audit }: Pick<PhoneDeps, 'audit'>,
  applied: Applied | undefined,
  scanner: Scanner,
  done?: AuditEvent['event'],
) {
  if (!applied) throw new Refusal('qr_gone', 'no such QR login')
  for (const entry of auditEntries(applied, done)) await audit.record({ ...scanner.by, ...entry })
  const { after, refused } = applied
  if (refused === 'not_yours' || refused === 'stale') throw new Refusal('qr_gone', refused)
  return after
}

/** Why this person on this phone may not let a computer sign in, in one word. */
async function blockedBy({ methodLocks, limits }: PhoneDeps, { personId, amr }: Phone): Promise<string | undefined> {
  if (await methodLocks.locked(personId, name)) return 'off'
  if (await limits.paused(personId)) return 'paused'
  // else one stolen session could make others without end
  if (isByQr(amr)) return 'phone_by_qr'
  return isFaceAlone(amr) ? 'phone_by_face' : undefined
}

async function riskOf(deps: PhoneDeps, transaction: QrTransaction, phone: Phone) {
  const { cipher, regionOf, devices, signatures, clock } = deps
  const computer = openComputer(cipher, transaction)
  const [here, there] = [regionOf(phone.address), regionOf(computer.address)]
  const known = here !== undefined && there !== undefined
  const { personId, deviceKey } = phone
  const firstSeenAt = deviceKey === undefined ? undefined : await devices.firstSeenAt(personId, deviceKey)
  const newAfter = clock() - riskTable.newDeviceHours * 3_600_000
  return assessRisk(
    {
      network: sameNetwork(phone.address, computer.address, riskTable.samePrefix) ? 'same' : 'different',
      region: known ? (here === there ? 'same' : 'different') : 'unknown',
      device: firstSeenAt !== undefined && firstSeenAt <= newAfter ? 'known' : 'new',
      level: transaction.level,
      legalPerson: transaction.legalPerson,
      // a process of an older version does not store it
      byLink: transaction.byLink !== false,
      passkey: await signatures.canSign(personId),
    },
    riskTable,
  )
}
