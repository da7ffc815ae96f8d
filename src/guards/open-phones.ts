import { randomBytes } from 'node:crypto'
import type { Notifier } from '../accounts/notices.ts'
import { createPhoneProofs } from '../accounts/phone-proofs.ts'
import type { EndSignIns } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { readPhoneVendors } from '../channels/phone-vendors.ts'
import { alibabaOneTap } from '../channels/one-tap.ts'
import { isReporting } from '../channels/senders/sms/receipts.ts'
import { openTextSender } from '../channels/senders/sms/open-sender.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { createEmbeddedPhoneRegister, noPhoneOwners, webhookPhoneOwners } from '../proofing/phone-owners.ts'
import { alibabaRecycled, noRecycledNumbers } from '../proofing/recycled-numbers.ts'
import type { Database } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import { visibleLines } from '../text/visible.ts'
import { createOutbound } from './outbound.ts'
import { createTextDelivery, type TextDeliveryDeps } from './phone-codes/text-delivery.ts'
import { reachRule } from './reachable.ts'

/** Longest time of a vendor: a person waits for the answer. */
const patienceMs = 3000
/** Longest time of a vendor for one text; the answer to the browser does not wait for it. */
const textPatienceMs = 8000

/** What a server process counts and shows of its texts. A command line needs none of them. */
export interface TextOptions {
  counted?: TextDeliveryDeps['counted']
  /** Shows a text of the sender `console`; without it, standard error does. */
  write?: (line: string) => void
}

/**
 * The owners of telephone numbers, the proofs of persons, and texts, through the vendors of the settings.
 * @throws SettingsError where the file of the vendors cannot be used
 */
export function openPhones(options: {
  settings: Settings
  database: Database
  blindIndex: BlindIndex
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  publish: Publish
  texts?: TextOptions | undefined
  clock: Clock
}) {
  const { settings, database, blindIndex, notifier, audit, endSignIns, publish, clock } = options
  // standard output of a command is its document
  const { counted = () => undefined, write = (line: string) => void process.stderr.write(line) } = options.texts ?? {}
  const { sender, countries, owners, proofMonths: months, personsOfNumber: mostPersons } = settings.phone
  const vendors = readPhoneVendors(settings)
  const fetch = createOutbound({ allowed: reachRule(settings), patienceMs, readsPosts: true })
  const phoneRegister = createEmbeddedPhoneRegister({ database, blindIndex, clock })
  const webhook = vendors.owners && webhookPhoneOwners(fetch, vendors.owners, () => randomBytes(16).toString('hex'))
  const known = { register: phoneRegister, webhook, none: noPhoneOwners }
  const recycled = vendors.recycled ? alibabaRecycled(fetch, vendors.recycled, clock) : noRecycledNumbers
  // of the answer to a webhook only the status counts
  const readsPosts = sender !== 'webhook'
  const textFetch = createOutbound({ allowed: reachRule(settings), patienceMs: textPatienceMs, readsPosts })
  const shown = (line: string) => write(visibleLines(line))
  const textSender = openTextSender({ phone: settings.phone, vendors, fetch: textFetch, write: shown, clock })
  return {
    /** The sender that may report what became of its texts. */
    reporting: vendors.receipts && isReporting(sender) ? { sender, ...vendors.receipts } : undefined,
    oneTap: vendors.onetap && alibabaOneTap(fetch, vendors.onetap, clock),
    textDelivery: createTextDelivery({ sender: textSender, countries, audit, counted }),
    phoneRegister,
    phoneOwners: known[owners] ?? noPhoneOwners,
    phoneProofs: createPhoneProofs({
      database,
      blindIndex,
      recycled,
      notifier,
      audit,
      endSignIns,
      publish,
      months,
      mostPersons,
      clock,
    }),
  }
}
