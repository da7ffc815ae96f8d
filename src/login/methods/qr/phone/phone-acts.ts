import { hourMs } from '../../../../config/time.ts'
import { isFaceAlone } from '../../../../assurance/levels.ts'
import type { AuditEvent } from '../../../../audit/events.ts'
import type { RequestContext } from '../../../../pages/request-context.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import type { Approvals, SignedApproval, Wanting } from '../approval.ts'
import type { Frame, Frames } from '../frames.ts'
import type { QrLimits } from '../limits.ts'
import { sameNetwork, type RegionOf } from '../../../../config/networks.ts'
import { name, type QrDeps } from '../qr-deps.ts'
import { auditEntries } from '../outcome-audit.ts'
import { assessRisk, riskTable } from '../risk.ts'
import { isFresh, isOpen, type QrLook, type QrTransaction } from '../states.ts'
import type { Applied, QrTransactions } from '../transactions.ts'
import { openComputer } from '../computer/computer-seal.ts'

/** Who is at the phone: a browser or an app, and what is known of it. */
export interface Scanner {
  /** Hash that stands for it. */
  key: string
  address: string
  /** Of the address: what limits count by. */
  networks: RequestContext['networks']
  /** For the audit trail. */
  by: Pick<AuditEvent, 'actor' | 'restricted'>
}

/** A scanner with a person signed in. */
export interface Phone extends Scanner {
  personId: string
  level: QrTransaction['level']
  amr: readonly string[]
  sessionUid: string
  /** Seconds since 1970 UTC. */
  signedInAt: number
  /** An app: it has no page to sign an approval on. */
  inApp: boolean
  deviceKey: string | undefined
}

/** What a phone may do, by pages or by an app: rules, limits and audit are the same for both. */
export interface PhoneActs {
  /**
   * Changes nothing: whoever looks may be a preview, a scanner of addresses, or sent here by a link.
   * @returns what this browser claims the frame with. @throws Refusal `qr_gone` for a frame that is not on a screen now
   */
  look(frame: string, scanner: Scanner, byLink: boolean): Promise<string>
  /** @returns the id of the transaction. @throws Refusal `qr_gone` for a frame or a look that is not taken */
  claim(frame: string, look: string, scanner: Scanner): Promise<string>
  /** Looks and claims at once: for an app, whose camera has read the frame. Returns and throws as `claim`. */
  scan(frame: string, scanner: Scanner): Promise<string>
  /** @throws Refusal `qr_gone` when this phone has not scanned it */
  find(id: string, scanner: Pick<Scanner, 'key'>): Promise<QrTransaction>
  /** The holder is known now: assesses the risk once, and ends it where it may not go on. */
  identify(id: string, phone: Phone): Promise<QrTransaction>
  /**
   * Only where nothing is wanting, or with a signature over this very approval; else what is wanting, and
   * nothing has changed.
   */
  approve(id: string, phone: Phone, signed?: SignedApproval): Promise<QrTransaction | Wanting>
  /** Yes, but only once the person has signed in again. */
  wish(id: string, phone: Phone): Promise<void>
  decline(id: string, scanner: Scanner): Promise<QrTransaction>
  /** Ends it for a reason of the phone's side. */
  stop(id: string, scanner: Scanner, reason: string, personId?: string): Promise<QrTransaction>
}

export function createPhoneActs(
  deps: QrDeps & {
    frames: Frames
    transactions: QrTransactions
    limits: QrLimits
    approvals: Approvals
    regionOf: RegionOf
  },
): PhoneActs {
  const { frames, transactions, limits, approvals, signatures, regionOf, methodLocks, devices } = deps
  const { notifier, cipher, audit, settings, clock } = deps

  const record = (event: AuditEvent['event'], scanner: Scanner, more: Partial<AuditEvent>) =>
    audit.record({ event, ...scanner.by, ...more })

  /** Audits what an event did. @throws Refusal where there is no such transaction for this phone */
  async function settle(applied: Applied | undefined, scanner: Scanner, taken?: AuditEvent['event']) {
    if (!applied) throw new Refusal('qr_gone', 'no such QR login')
    for (const entry of auditEntries(applied, taken)) await audit.record({ ...scanner.by, ...entry })
    const { after, refused } = applied
    if (refused === 'not_yours' || refused === 'stale') throw new Refusal('qr_gone', refused)
    return after
  }

  /** Why this person on this phone may not sign anybody in by QR code, in one word. */
  async function hindrance({ personId, amr }: Phone): Promise<string | undefined> {
    if (await methodLocks.locked(personId, name)) return 'off'
    if (await limits.paused(personId)) return 'paused'
    // else one stolen session could go on making others
    if (amr.includes('qr')) return 'phone_by_qr'
    return isFaceAlone(amr) ? 'phone_by_face' : undefined
  }

  async function riskOf(transaction: QrTransaction, phone: Phone) {
    const computer = openComputer(cipher, transaction)
    const [here, there] = [regionOf(phone.address), regionOf(computer.address)]
    const known = here !== undefined && there !== undefined
    const { personId, deviceKey } = phone
    const firstSeenAt = deviceKey === undefined ? undefined : await devices.firstSeenAt(personId, deviceKey)
    const newAfter = clock() - riskTable.newDeviceHours * hourMs
    return assessRisk(
      {
        network: sameNetwork(phone.address, computer.address, riskTable.samePrefix) ? 'same' : 'different',
        region: known ? (here === there ? 'same' : 'different') : 'unknown',
        device: firstSeenAt !== undefined && firstSeenAt <= newAfter ? 'known' : 'new',
        level: transaction.level,
        legalPerson: transaction.legalPerson,
        // a process of the version before did not say
        byLink: transaction.byLink !== false,
        passkey: await signatures.canSign(personId),
      },
      riskTable,
    )
  }

  async function take(text: string, scanner: Scanner, lookAt: (frame: Frame) => QrLook | undefined) {
    await limits.scanFrom(scanner)
    const frame = frames.read(text)
    const look = frame && lookAt(frame)
    const applied =
      frame && look && (await transactions.apply(frame.id, { kind: 'scan', scanner: scanner.key, n: frame.n, ...look }))
    if (frame && applied && !applied.refused) return frame.id
    await record('qr.refused', scanner, {
      clientId: applied?.after.clientId,
      details: { reason: applied?.refused ?? 'forged', state: applied?.after.state },
    })
    throw new Refusal('qr_gone', applied?.refused ?? 'forged')
  }

  const acts: PhoneActs = {
    async look(text, scanner, byLink) {
      await limits.scanFrom(scanner)
      const frame = frames.read(text)
      const transaction = frame && (await transactions.find(frame.id))
      const seenAt = clock()
      if (
        !frame ||
        !transaction ||
        !isOpen(transaction) ||
        !isFresh(transaction, frame.n, seenAt, settings.methods.qr.times)
      )
        throw new Refusal('qr_gone', 'not a frame that is on a screen now')
      return frames.signLook(frame, scanner.key, { seenAt, byLink })
    },

    claim: (text, look, scanner) => take(text, scanner, (frame) => frames.readLook(look, frame, scanner.key)),

    scan: (text, scanner) => take(text, scanner, () => ({ seenAt: clock(), byLink: false })),

    async find(id, { key }) {
      const transaction = await transactions.find(id)
      if (transaction?.scanner !== key) throw new Refusal('qr_gone', 'scanned by nobody or by another phone')
      return transaction
    },

    async identify(id, phone) {
      const transaction = await acts.find(id, phone)
      if (transaction.state !== 'scanned' || transaction.personId === phone.personId) return transaction
      const unfit = phone.level < transaction.level ? 'level' : undefined
      const stopped =
        (await hindrance(phone)) ?? unfit ?? ((await limits.scanBy(phone.personId)) ? undefined : 'too_many')
      if (stopped) return acts.stop(id, phone, stopped, phone.personId)
      const { outcome, reasons } = await riskOf(transaction, phone)
      await record('qr.scanned', phone, {
        personId: phone.personId,
        clientId: transaction.clientId,
        details: { risk: outcome, reasons },
      })
      if (outcome === 'refuse') return acts.stop(id, phone, 'risk', phone.personId)
      const { key: scanner, personId } = phone
      const applied = await transactions.apply(id, {
        kind: 'identify',
        scanner,
        personId,
        needsCode: outcome === 'code',
      })
      if (!applied) throw new Refusal('qr_gone')
      return applied.after
    },

    async approve(id, phone, signed) {
      const transaction = await acts.find(id, phone)
      // asked again: it may have been switched off since the scan
      const stopped = await hindrance(phone)
      if (stopped) return acts.stop(id, phone, stopped, phone.personId)
      const open = transaction.state === 'scanned' && signed === undefined
      const wanting = open ? await approvals.wanting(phone, transaction) : undefined
      if (wanting) return wanting
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
      // with what was signed, sealed: an auditor checks it later (`audit verify-signature`)
      const { restricted } = phone.by
      const by = signed
        ? { ...phone.by, restricted: { ...restricted, signed: signed.text, proof: signed.proof } }
        : phone.by
      return settle(applied, { ...phone, by }, 'qr.approved')
    },

    async wish(id, { key: scanner, personId }) {
      await transactions.apply(id, { kind: 'wish', scanner, personId })
    },

    async decline(id, scanner) {
      const applied = await transactions.apply(id, { kind: 'decline', scanner: scanner.key })
      const after = await settle(applied, scanner, 'qr.declined')
      const { personId } = after
      if (!applied?.refused && personId !== undefined && (await limits.refusedBy(personId))) {
        await record('qr.paused', scanner, { personId })
        await notifier.notify({ personId, kind: 'method-locked', details: { method: name } })
      }
      return after
    },

    async stop(id, scanner, reason, personId) {
      const applied = await transactions.apply(id, { kind: 'stop', scanner: scanner.key, reason })
      if (applied && personId !== undefined) applied.after.personId ??= personId
      return settle(applied, scanner)
    },
  }
  return acts
}
