import { randomBytes } from 'node:crypto'
import type { Notifier } from '../accounts/notices.ts'
import { createPhoneProofs } from '../accounts/phone-proofs.ts'
import type { EndSignIns } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { readPhoneVendors } from '../channels/phone-vendors.ts'
import { alibabaOneTap } from '../channels/one-tap.ts'
import { isReporting } from '../channels/senders/sms/receipts.ts'
import { phoneProbes } from '../channels/phone-probes.ts'
import { createVendorNotes, notedFetch, notedSender, type NotedVendor } from '../channels/vendor-calls-noted.ts'
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
  /** Where the sender `console` shows a text; without it, standard error. */
  out?: Pick<NodeJS.WriteStream, 'write'>
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
  const { counted = () => undefined, out = process.stderr } = options.texts ?? {}
  const { sender, countries, owners, proofMonths: months, personsOfNumber: mostPersons } = settings.phone
  const vendors = readPhoneVendors(settings)
  const notes = createVendorNotes({ database, clock })
  const plain = createOutbound({ allowed: reachRule(settings), patienceMs, readsPosts: true })
  const fetchOf = (vendor: NotedVendor) => notedFetch(plain, vendor, notes)
  const phoneRegister = createEmbeddedPhoneRegister({ database, blindIndex, clock })
  const webhook =
    vendors.owners && webhookPhoneOwners(fetchOf('owners'), vendors.owners, () => randomBytes(16).toString('hex'))
  const known = { register: phoneRegister, webhook, none: noPhoneOwners }
  const recycled = vendors.recycled ? alibabaRecycled(fetchOf('recycled'), vendors.recycled, clock) : noRecycledNumbers
  // of the answer to a webhook only the status counts
  const readsPosts = sender !== 'webhook'
  const textFetch = createOutbound({ allowed: reachRule(settings), patienceMs: textPatienceMs, readsPosts })
  const shown = (line: string) => void out.write(visibleLines(line))
  const textSender = openTextSender({ phone: settings.phone, vendors, fetch: textFetch, write: shown, clock })
  return {
    phoneProbes: phoneProbes({
      phone: settings.phone,
      vendors,
      fetch: plain,
      reach: (url) => plain(url, { method: 'HEAD' }),
      clock,
    }),
    /** The sender that may report what became of its texts. */
    reporting: vendors.receipts && isReporting(sender) ? { sender, ...vendors.receipts } : undefined,
    oneTap: vendors.onetap && alibabaOneTap(fetchOf('onetap'), vendors.onetap, clock),
    textDelivery: createTextDelivery({
      sender: textSender && notedSender(textSender, notes),
      countries,
      audit,
      counted,
    }),
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
