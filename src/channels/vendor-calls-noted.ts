import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import { VendorFailed, type VendorFetch } from '../proofing/vendor-calls.ts'
import type { Database } from '../storage/database.ts'
import type { TextSender } from './senders/sms/text-sender.ts'

/** What the settings may have a vendor for. */
export const notedVendors = ['sender', 'owners', 'recycled', 'onetap'] as const
export type NotedVendor = (typeof notedVendors)[number]

/** When a vendor last answered, and when and why it last did not; milliseconds since 1970 UTC. */
export interface VendorState {
  succeededAt: number | null
  failedAt: number | null
  fault: string | null
}

export const neverAnswered: VendorState = { succeededAt: null, failedAt: null, fault: null }

/** The last answers of vendors, for administrators: never the person who was concerned. */
export interface VendorNotes {
  /**
   * A process writes each kind of answer once a minute: one row for all calls would make them wait for each other.
   * @param vendor the kind of vendor, or `channel <id>`, or `upstream <id>`.
   * @returns false where this process wrote the same a moment ago
   */
  note(vendor: string, fault: string | undefined): Promise<boolean>
  /** A vendor that never answered is not there. */
  read(): Promise<ReadonlyMap<string, VendorState>>
}

const longestFault = 80

/**
 * A note that cannot be written stops no call: the store has checks of its own.
 * @param deps.failed called with the error of such a note
 */
export function createVendorNotes(deps: {
  database: Database
  clock: Clock
  failed?: (error: unknown) => void
}): VendorNotes {
  const { database, clock, failed = () => undefined } = deps
  const noted = new Map<string, number>()

  async function write(vendor: string, fault: string | undefined): Promise<void> {
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
      const key = `${vendor} ${fault ?? ''}`
      if (clock() - (noted.get(key) ?? -minuteMs) < minuteMs) return false
      noted.set(key, clock())
      await write(vendor, fault).catch(failed)
      return true
    },
    async read() {
      const rows = await database.selectFrom('vendor_calls').selectAll().execute()
      return new Map(
        rows.map(({ vendor, succeeded_at: succeededAt, failed_at: failedAt, fault }) => [
          vendor,
          { succeededAt, failedAt, fault },
        ]),
      )
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
