import type { Clock } from '../../../config/clock.ts'
import type { PhoneSettings } from '../../../config/settings/phone.ts'
import type { VendorFetch } from '../../../proofing/vendor-calls.ts'
import type { PhoneVendors } from '../../phone-vendors.ts'
import { alibabaSender } from './alibaba.ts'
import { consoleSender } from './console.ts'
import { tencentSender } from './tencent.ts'
import type { TextSender } from './text-sender.ts'
import { webhookSender } from './webhook.ts'

export interface SenderDeps {
  phone: Pick<PhoneSettings, 'sender' | 'senderUrl'>
  vendors: PhoneVendors
  fetch: VendorFetch
  write: (line: string) => void
  clock: Clock
}

/** The sender of the settings; undefined where no text is sent. The settings have checked that the vendor is known. */
export function openTextSender({ phone, vendors, fetch, write, clock }: SenderDeps): TextSender | undefined {
  const { tencent, alibaba } = vendors
  switch (phone.sender) {
    case 'none':
      return undefined
    case 'console':
      return consoleSender(write)
    case 'webhook':
      return webhookSender(fetch, phone.senderUrl)
    case 'tencent':
      return tencent && tencentSender(fetch, tencent, clock)
    case 'alibaba':
      return alibaba && alibabaSender(fetch, alibaba, clock)
    default:
      return phone.sender satisfies never
  }
}
