import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { alibabaAccount, askAlibaba } from '../proofing/alibaba-call.ts'
import { read, refusesAccount, VendorFailed, type VendorFetch } from '../proofing/vendor-calls.ts'

/** Where a carrier made a token: its SDK in an app (valid for two minutes), or its script in a page (one minute). */
export const tokenKinds = ['app', 'h5'] as const

/** What a carrier gives a telephone for its own number (号码认证). It is good once, for the vendor's account of this province. */
export interface CarrierToken {
  kind: (typeof tokenKinds)[number]
  token: string
}

/** One-tap: the carrier says which number the telephone has. No code is typed. */
export interface OneTap {
  /** `refused`: used, too old, of another app, or no token. `unavailable`: no vendor answers. Both are normal outcomes. */
  numberOf(token: CarrierToken): Promise<{ phone: string } | 'refused' | 'unavailable'>
}

export const oneTapSettings = z.strictObject({
  ...alibabaAccount,
  endpoint: z.url().default('https://dypnsapi.aliyuncs.com'),
})

const version = '2017-05-25'
const mobile = z.object({ Mobile: z.string() }).nullish()
const answer = z.object({ Code: z.string(), GetMobileResultDTO: mobile, Data: mobile })
const actions = {
  app: { action: 'GetMobile', parameter: 'AccessToken' },
  h5: { action: 'GetPhoneWithToken', parameter: 'SpToken' },
} as const

/** 阿里云号码认证: GetMobile and GetPhoneWithToken of Dypnsapi 2017-05-25. Mainland numbers only. */
export function alibabaOneTap(fetch: VendorFetch, account: z.infer<typeof oneTapSettings>, clock: Clock): OneTap {
  return {
    async numberOf({ kind, token }) {
      const { action, parameter } = actions[kind]
      try {
        const text = await askAlibaba(fetch, clock, { account, action, version, query: { [parameter]: token } })
        const { Code, GetMobileResultDTO, Data } = read(answer, text)
        if (Code !== 'OK') return refusesAccount(Code) || Code.startsWith('isp.') ? 'unavailable' : 'refused'
        const { Mobile = '' } = GetMobileResultDTO ?? Data ?? {}
        return /^1\d{10}$/.test(Mobile) ? { phone: `+86${Mobile}` } : 'refused'
      } catch (error) {
        if (error instanceof VendorFailed) return 'unavailable'
        throw error
      }
    },
  }
}
