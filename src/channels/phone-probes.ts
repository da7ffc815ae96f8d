import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { PhoneSettings } from '../config/settings/phone.ts'
import { askAlibaba } from '../proofing/alibaba-call.ts'
import { read, refusesAccount, VendorFailed, type VendorFetch } from '../proofing/vendor-calls.ts'
import type { PhoneVendors } from './phone-vendors.ts'
import { callTencent } from './senders/sms/tencent.ts'
import type { NotedVendor } from './vendor-calls-noted.ts'

/** `reached`: it answers, and shows nothing of the key. `accepted`: it answers, and does not refuse the key. */
export type Probed = 'accepted' | 'reached' | 'refused' | 'silent'

export interface PhoneProbe {
  vendor: NotedVendor
  /** As the operator knows it. */
  name: string
  /** Host of the vendor, without the secrets of its address. */
  host: string
  run(): Promise<Probed>
}

/** Asks for the status of an address alone. */
export type Reach = (url: string) => Promise<{ status: number }>

const ofTencent = z.object({ Response: z.object({ Error: z.object({ Code: z.string() }).optional() }) })
const ofAlibaba = z.object({ Code: z.string() })

/**
 * Calls to the vendors that `doctor` makes. Each is the real action without its number: the vendor checks the signature, then refuses
 * the call for what it lacks. So no text is sent, and no person is asked about.
 */
export function phoneProbes(options: {
  phone: Pick<PhoneSettings, 'sender' | 'senderUrl' | 'owners'>
  vendors: PhoneVendors
  fetch: VendorFetch
  reach: Reach
  clock: Clock
}): PhoneProbe[] {
  const { phone, vendors, fetch, reach, clock } = options
  const { tencent, alibaba, owners, recycled, onetap } = vendors

  const reached = async (url: string): Promise<Probed> => {
    const { status } = await reach(url).catch(() => ({ status: 599 }))
    return status < 500 ? 'reached' : 'silent'
  }
  const byCode = (ask: () => Promise<string>) => async (): Promise<Probed> => {
    try {
      return refusesAccount(await ask()) ? 'refused' : 'accepted'
    } catch (error) {
      if (error instanceof VendorFailed) return 'silent'
      throw error
    }
  }
  const alibabaCode = (account: Parameters<typeof askAlibaba>[2]['account'], action: string, version: string) =>
    byCode(async () => read(ofAlibaba, await askAlibaba(fetch, clock, { account, action, version, query: {} })).Code)
  const hostOf = (url: string) => new URL(url).host

  const probes: (PhoneProbe | undefined)[] = [
    phone.sender === 'webhook'
      ? { vendor: 'sender', name: 'webhook', host: hostOf(phone.senderUrl), run: () => reached(phone.senderUrl) }
      : undefined,
    phone.sender === 'tencent' && tencent
      ? {
          vendor: 'sender',
          name: 'tencent',
          host: hostOf(tencent.endpoint),
          run: byCode(
            async () => read(ofTencent, await callTencent(fetch, tencent, clock, {})).Response.Error?.Code ?? '',
          ),
        }
      : undefined,
    phone.sender === 'alibaba' && alibaba
      ? {
          vendor: 'sender',
          name: 'alibaba',
          host: hostOf(alibaba.endpoint),
          run: alibabaCode(alibaba, 'SendSms', '2017-05-25'),
        }
      : undefined,
    phone.owners === 'webhook' && owners
      ? { vendor: 'owners', name: 'webhook', host: hostOf(owners.url), run: () => reached(owners.url) }
      : undefined,
    recycled && {
      vendor: 'recycled',
      name: 'alibaba',
      host: hostOf(recycled.endpoint),
      run: alibabaCode(recycled, 'DescribePhoneTwiceTelVerify', '2020-02-17'),
    },
    onetap && {
      vendor: 'onetap',
      name: 'alibaba',
      host: hostOf(onetap.endpoint),
      run: alibabaCode(onetap, 'GetMobile', '2017-05-25'),
    },
  ]
  return probes.filter((probe) => probe !== undefined)
}
