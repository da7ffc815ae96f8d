import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { canonicalQuery, signAcs3 } from '../../../keys/request-signatures.ts'
import { postTo, read, VendorFailed, type VendorFetch } from '../../../proofing/vendor-calls.ts'
import { templateOf, templates } from './templates.ts'
import type { TextSender } from './text-sender.ts'

export const alibabaSms = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  /** The approved signature, without brackets. */
  signName: z.string().min(1),
  templates,
  endpoint: z.url().default('https://dysmsapi.aliyuncs.com'),
})

const action = 'SendSms'
const version = '2017-05-25'
const answer = z.object({ Code: z.string(), BizId: z.string().default('') })

/** 阿里云短信: SendSms 2017-05-25, signed by ACS3-HMAC-SHA256. Mainland numbers go without country code and plus. */
export function alibabaSender(fetch: VendorFetch, account: z.infer<typeof alibabaSms>, clock: Clock): TextSender {
  const { accessKeyId, accessKeySecret, signName, endpoint } = account
  const { host } = new URL(endpoint)
  return {
    async send(message) {
      const { to, portal, code } = message
      const query = {
        PhoneNumbers: to.replace(/^\+(?:86)?/, ''),
        SignName: signName,
        TemplateCode: templateOf(account.templates, message),
        TemplateParam: JSON.stringify(code === '' ? { portal } : { portal, code }),
      }
      const date = new Date(clock()).toISOString().replace(/\.\d+Z$/, 'Z')
      const nonce = randomBytes(16).toString('hex')
      const signed = signAcs3({ accessKeyId, accessKeySecret, host, action, version, query, nonce, date })
      const { host: _host, ...headers } = signed
      const { text } = await postTo(fetch, `${endpoint}/?${canonicalQuery(query)}`, headers, '')
      const { Code, BizId } = read(answer, text)
      if (Code !== 'OK') throw new VendorFailed(Code)
      return { id: BizId }
    },
  }
}
