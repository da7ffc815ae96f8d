import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { ended, type FaceResult, type FaceVerifier } from '../face-verifier.ts'
import { read, VendorFailed } from '../../vendor-calls.ts'
import { page, post, unavailable } from './ask.ts'
import { signTc3 } from '../../../keys/request-signatures.ts'

export const tencentSettings = z.strictObject({
  secretId: z.string().min(1),
  secretKey: z.string().min(1),
  /** Id of the business flow in the FaceID console. */
  ruleId: z.string().min(1),
  region: z.string().default('ap-guangzhou'),
  endpoint: z.url().default('https://faceid.tencentcloudapi.com'),
})

const version = '2018-03-01'
const failure = z.object({ Code: z.string(), Message: z.string() })
const begun = z.object({
  Response: z.object({ Url: page.optional(), BizToken: z.string().optional(), Error: failure.optional() }),
})
const text = z.object({
  /** Of the whole verification: 0 is passed, null or absent is not finished. */
  ErrCode: z.number().nullish(),
  /** Results of liveness and comparison; 0 is passed. */
  LiveStatus: z.number().nullish(),
  Comparestatus: z.number().nullish(),
  /** 0 to 100. */
  Sim: z.string().nullish(),
  IdCard: z.string().nullish(),
})
const detected = z.object({
  Response: z.object({ Text: text.nullish(), RequestId: z.string().optional(), Error: failure.optional() }),
})

/** 腾讯云慧眼 (FaceID): DetectAuth returns the address of Tencent's page, GetDetectInfoEnhanced the result. */
export function tencentVerifier(settings: z.infer<typeof tencentSettings>, clock: Clock, mostMs: number): FaceVerifier {
  const { secretId, secretKey, ruleId, region, endpoint } = settings
  const { host } = new URL(endpoint)

  async function call<T>(action: string, parameters: object, schema: z.ZodType<T>): Promise<T> {
    const body = JSON.stringify(parameters)
    const at = Math.floor(clock() / 1000)
    const headers = {
      authorization: signTc3({ secretId, secretKey, service: 'faceid', host, action, body, at }),
      'content-type': 'application/json; charset=utf-8',
      'x-tc-action': action,
      'x-tc-version': version,
      'x-tc-timestamp': String(at),
      'x-tc-region': region,
    }
    return read(schema, (await post(`${endpoint}/`, headers, body, mostMs)).text)
  }

  function conclude(found: z.infer<typeof text>, reference: string | undefined): FaceResult {
    const score = found.Sim ? { score: Number(found.Sim) / 100 } : {}
    const details = { ...score, ...(reference === undefined ? {} : { reference }) }
    if (found.ErrCode === 0) return { ...ended('passed'), ...details }
    // the browser returned before the verification was finished
    if (found.ErrCode === null || found.ErrCode === undefined) return { ...ended('cancelled'), ...details }
    const alive = found.LiveStatus === 0
    return { ...ended('failed', alive ? 'other_face' : 'not_alive'), ...details }
  }

  return {
    name: 'tencent',
    async begin({ subject, nonce, returnUrl }) {
      if (subject.documentType !== 'resident_id') return { kind: 'ended', result: ended('unavailable', 'no_reference') }
      const parameters = {
        RuleId: ruleId,
        IdCard: subject.documentNumber,
        Name: subject.name,
        RedirectUrl: returnUrl,
        Extra: nonce,
      }
      try {
        const { Response } = await call('DetectAuth', parameters, begun)
        const { Url, BizToken, Error: refused } = Response
        if (refused || !Url || !BizToken) throw new VendorFailed(refused?.Code ?? 'no address')
        return { kind: 'redirect', url: Url, state: BizToken }
      } catch (error) {
        return { kind: 'ended', result: unavailable(error) }
      }
    },
    async complete({ subject }, bizToken) {
      try {
        const { Response } = await call(
          'GetDetectInfoEnhanced',
          { BizToken: bizToken, RuleId: ruleId, InfoType: '1' },
          detected,
        )
        const { Text: found, RequestId: reference, Error: refused } = Response
        if (refused || !found) throw new VendorFailed(refused?.Code ?? 'no result')
        if (found.IdCard && found.IdCard.toUpperCase() !== subject.documentNumber)
          throw new VendorFailed('another person')
        return conclude(found, reference)
      } catch (error) {
        return unavailable(error)
      }
    },
  }
}
