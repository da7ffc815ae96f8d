import { randomBytes } from 'node:crypto'
import type { Notifier } from '../accounts/notices.ts'
import { createPhoneProofs } from '../accounts/phone-proofs.ts'
import type { EndSignIns } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { readPhoneVendors } from '../channels/phone-vendors.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { createEmbeddedPhoneRegister, noPhoneOwners, webhookPhoneOwners } from '../proofing/phone-owners.ts'
import { alibabaRecycled, noRecycledNumbers } from '../proofing/recycled-numbers.ts'
import type { Database } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import { createOutbound } from './outbound.ts'
import { reachRule } from './reachable.ts'

/** Longest time of a vendor: a person waits for the answer. */
const patienceMs = 3000

/**
 * The owners of telephone numbers, and the proofs of persons, through the vendors of the settings.
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
  clock: Clock
}) {
  const { settings, database, blindIndex, notifier, audit, endSignIns, publish, clock } = options
  const { owners, proofMonths: months, personsOfNumber: mostPersons } = settings.phone
  const vendors = readPhoneVendors(settings)
  const fetch = createOutbound({ allowed: reachRule(settings), patienceMs, readsPosts: true })
  const phoneRegister = createEmbeddedPhoneRegister({ database, blindIndex, clock })
  const webhook = vendors.owners && webhookPhoneOwners(fetch, vendors.owners, () => randomBytes(16).toString('hex'))
  const known = { register: phoneRegister, webhook, none: noPhoneOwners }
  const recycled = vendors.recycled ? alibabaRecycled(fetch, vendors.recycled, clock) : noRecycledNumbers
  return {
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
