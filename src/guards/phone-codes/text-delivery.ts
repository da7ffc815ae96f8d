import type { AuditLog } from '../../audit/audit-log.ts'
import type { Receipt } from '../../channels/senders/sender.ts'
import type { TextMessage, TextPurpose, TextSender } from '../../channels/senders/sms/text-sender.ts'
import { VendorFailed } from '../../proofing/vendor-calls.ts'

/** Sends texts, counts them and notes those that were not accepted. */
export interface TextDelivery {
  /** Whether a sender is set. */
  readonly enabled: boolean
  /** Whether this number can get texts: a sender is set, and its country is served. */
  reaches(phone: string): boolean
  /**
   * A text that was not accepted is in the audit log as `text.not-sent`.
   * @returns what the vendor knows an accepted text by
   * @throws Error for a fault of ours
   */
  deliver(message: TextMessage, personId: string | undefined): Promise<Receipt | undefined>
}

export interface TextDeliveryDeps {
  /** Undefined: no text is sent. */
  sender: TextSender | undefined
  /** Country codes that are served. */
  countries: readonly string[]
  audit: Pick<AuditLog, 'record'>
  /** Counts each text by purpose and outcome. */
  counted: (purpose: TextPurpose, outcome: 'sent' | 'failed') => void
}

export function createTextDelivery({ sender, countries, audit, counted }: TextDeliveryDeps): TextDelivery {
  return {
    enabled: sender !== undefined,
    reaches: (phone) => sender !== undefined && countries.some((code) => phone.startsWith(`+${code}`)),
    async deliver(message, personId) {
      const { purpose } = message
      try {
        const receipt = await sender?.send(message)
        counted(purpose, 'sent')
        return receipt
      } catch (error) {
        counted(purpose, 'failed')
        if (!(error instanceof VendorFailed)) throw error
        const details = { purpose, fault: error.message }
        await audit.record({ event: 'text.not-sent', actor: 'system', personId, details })
        return undefined
      }
    },
  }
}
