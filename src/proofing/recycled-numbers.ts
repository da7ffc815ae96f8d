import { z } from 'zod'
import { secondOf } from '../config/china-time.ts'
import type { Clock } from '../config/clock.ts'
import { alibabaAccount, askAlibaba } from './alibaba-call.ts'
import { read, VendorFailed, type VendorFetch } from './vendor-calls.ts'

/** `unknown` is a normal outcome: no answer, or a number that the vendor cannot judge. `unasked`: the settings have no vendor. */
export type Hands = 'same' | 'changed' | 'unknown' | 'unasked'

/** Whether a carrier has given a number to another subscriber (二次放号). */
export interface RecycledNumbers {
  /** @param since a moment at which the earlier subscriber had the number, in milliseconds since 1970 UTC */
  hands(phone: string, since: number): Promise<Hands>
}

/** Without a vendor, only the age of a proof protects the next subscriber. */
export const noRecycledNumbers: RecycledNumbers = { hands: async () => 'unasked' }

export const recycledSettings = z.strictObject({
  ...alibabaAccount,
  /** Authorisation of the console for this query. */
  authCode: z.string().min(1),
  endpoint: z.url().default('https://dytnsapi.aliyuncs.com'),
})

const action = 'DescribePhoneTwiceTelVerify'
const version = '2020-02-17'
/** 0: cannot be judged; 1: given to another subscriber; 2: not; 3: cancelled, so it will be. */
const answer = z.object({ Code: z.string(), Data: z.object({ VerifyResult: z.string() }).nullish() })
const meanings: Readonly<Record<string, Hands>> = { 1: 'changed', 2: 'same', 3: 'changed' }

/**
 * 阿里云号码百科, 二次放号 (DescribePhoneTwiceTelVerify 2020-02-17). StartTime is a second of China. Its data is late by up to seven
 * days. Mainland numbers only.
 */
export function alibabaRecycled(
  fetch: VendorFetch,
  account: z.infer<typeof recycledSettings>,
  clock: Clock,
): RecycledNumbers {
  async function ask(phone: string, since: number): Promise<Hands> {
    const query = {
      AuthCode: account.authCode,
      InputNumber: phone.slice('+86'.length),
      Mask: 'NORMAL',
      StartTime: secondOf(since),
    }
    const { Code, Data } = read(answer, await askAlibaba(fetch, clock, { account, action, version, query }))
    return (Code === 'OK' && meanings[Data?.VerifyResult ?? '']) || 'unknown'
  }

  return {
    async hands(phone, since) {
      if (!phone.startsWith('+86')) return 'unknown'
      try {
        return await ask(phone, since)
      } catch (error) {
        if (error instanceof VendorFailed) return 'unknown'
        throw error
      }
    },
  }
}
