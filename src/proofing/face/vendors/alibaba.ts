import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { ended, type FaceVerifier } from '../face-verifier.ts'
import { read, VendorFailed } from '../../vendor-calls.ts'
import { page, post, unavailable } from './ask.ts'
import { canonicalQuery, signAcs3 } from '../../../keys/request-signatures.ts'

export const alibabaSettings = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  sceneId: z.string().regex(/^\d+$/),
  /** Version of the vendor's script in `MetaInfo`; our Content-Security-Policy does not allow that script. */
  bioMetaInfo: z.string().default('4.1.0:2916352,0'),
  endpoint: z.url().default('https://cloudauth.aliyuncs.com'),
})

const version = '2019-03-07'
const begun = z.object({
  Code: z.string(),
  ResultObject: z.object({ CertifyId: z.string(), CertifyUrl: page }).nullish(),
})
const described = z.object({
  Code: z.string(),
  RequestId: z.string().optional(),
  ResultObject: z
    .object({
      /** T or F. */
      Passed: z.string().nullish(),
      SubCode: z.string().nullish(),
    })
    .nullish(),
})

/**
 * The value of the vendor's script (`getMetaInfo()`), as in the example of the vendor's SDK. Made from the User-Agent header:
 * third-party scripts do not run on our pages.
 */
const metaInfo = (browser: string, bioMetaInfo: string) =>
  JSON.stringify({ bioMetaInfo, deviceType: /Mobi|Android/i.test(browser) ? 'h5' : 'web', ua: browser })

/** 阿里云金融级实人认证: InitFaceVerify returns the address of Alibaba's page, DescribeFaceVerify the result. */
export function alibabaVerifier(settings: z.infer<typeof alibabaSettings>, clock: Clock, mostMs: number): FaceVerifier {
  const { accessKeyId, accessKeySecret, sceneId, bioMetaInfo, endpoint } = settings
  const { host } = new URL(endpoint)

  async function call<T>(action: string, query: Record<string, string>, schema: z.ZodType<T>): Promise<T> {
    const date = new Date(clock()).toISOString().replace(/\.\d+Z$/, 'Z')
    const nonce = randomBytes(16).toString('hex')
    const { host: _host, ...headers } = signAcs3({
      accessKeyId,
      accessKeySecret,
      host,
      action,
      version,
      query,
      nonce,
      date,
    })
    return read(schema, (await post(`${endpoint}/?${canonicalQuery(query)}`, headers, '', mostMs)).text)
  }

  return {
    name: 'alibaba',
    async begin({ subject, nonce, returnUrl, browser }) {
      if (subject.documentType !== 'resident_id') return { kind: 'ended', result: ended('unavailable', 'no_reference') }
      const query = {
        SceneId: sceneId,
        OuterOrderNo: nonce,
        ProductCode: 'ID_PRO',
        CertType: 'IDENTITY_CARD',
        CertName: subject.name,
        CertNo: subject.documentNumber,
        ReturnUrl: returnUrl,
        MetaInfo: metaInfo(browser, bioMetaInfo),
      }
      try {
        const { Code, ResultObject } = await call('InitFaceVerify', query, begun)
        if (Code !== '200' || !ResultObject) throw new VendorFailed(Code)
        return { kind: 'redirect', url: ResultObject.CertifyUrl, state: ResultObject.CertifyId }
      } catch (error) {
        return { kind: 'ended', result: unavailable(error) }
      }
    },
    async complete(_request, certifyId) {
      try {
        const { Code, RequestId, ResultObject } = await call(
          'DescribeFaceVerify',
          { SceneId: sceneId, CertifyId: certifyId },
          described,
        )
        if (Code !== '200' || !ResultObject) throw new VendorFailed(Code)
        const reference = RequestId === undefined ? {} : { reference: RequestId }
        const { Passed, SubCode } = ResultObject
        if (Passed === 'T' && SubCode === '200') return { ...ended('passed'), ...reference }
        // only T and F are clear answers; all others count as cancelled
        if (Passed === 'F') return { ...ended('failed', 'vendor'), ...reference }
        return { ...ended('cancelled'), ...reference }
      } catch (error) {
        return unavailable(error)
      }
    },
  }
}
