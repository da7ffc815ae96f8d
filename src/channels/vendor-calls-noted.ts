import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import { VendorFailed, type VendorFetch } from '../proofing/vendor-calls.ts'
import type { Database } from '../storage/database.ts'
import type { TextSender } from './senders/sms/text-sender.ts'

/** What the settings may have a vendor for. */
export const notedVendors = ['sender', 'owners', 'recycled', 'onetap'] as const
export type NotedVendor = (typeof notedVendors)[number]

/** Notes when a vendor last answered and last did not, for `doctor`: at most once a minute, and never who was concerned. */
export interface VendorNotes {
  note(vendor: NotedVendor, fault: string | undefined): Promise<void>
}

const longestFault = 80

/** A note that cannot be written stops no call: the store has checks of its own. */
export function createVendorNotes({ database, clock }: { database: Database; clock: Clock }): VendorNotes {
  const noted = new Map<string, number>()

  async function write(vendor: NotedVendor, fault: string | undefined): Promise<void> {
    const now = clock()
    const values = fault === undefined ? { succeeded_at: now } : { failed_at: now, fault: fault.slice(0, longestFault) }
    await database
      .insertInto('vendor_calls')
      .values({ vendor, succeeded_at: null, failed_at: null, fault: null, ...values })
      .onConflict((conflict) => conflict.column('vendor').doUpdateSet(values))
      .execute()
  }

  return {
    async note(vendor, fault) {
      const key = `${vendor} ${fault === undefined}`
      if (clock() - (noted.get(key) ?? -minuteMs) < minuteMs) return
      noted.set(key, clock())
      await write(vendor, fault).catch(() => undefined)
    },
  }
}

/** A sender whose outcomes are noted: a vendor may refuse a text with status 200. */
export const notedSender = (sender: TextSender, { note }: VendorNotes): TextSender => ({
  async send(message) {
    try {
      const receipt = await sender.send(message)
      await note('sender', undefined)
      return receipt
    } catch (error) {
      if (error instanceof VendorFailed) await note('sender', error.message)
      throw error
    }
  },
})

/** Calls whose outcomes are noted, by the status of the answer. */
export const notedFetch =
  (fetch: VendorFetch, vendor: NotedVendor, { note }: VendorNotes): VendorFetch =>
  async (url, init) => {
    try {
      const response = await fetch(url, init)
      await note(vendor, response.ok ? undefined : `status ${response.status}`)
      return response
    } catch (error) {
      await note(vendor, 'no answer')
      throw error
    }
  }
