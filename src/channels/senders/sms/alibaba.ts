import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { alibabaAccount, askAlibaba } from '../../../proofing/alibaba-call.ts'
import { read, VendorFailed, type VendorFetch } from '../../../proofing/vendor-calls.ts'
import { isAbroad, templateOf, templates } from './templates.ts'
import type { TextMessage, TextSender } from './text-sender.ts'

export const alibabaSms = z.strictObject({
  ...alibabaAccount,
  /** The approved signature, without brackets. */
  signName: z.string().min(1),
  templates,
  endpoint: z.url().default('https://dysmsapi.aliyuncs.com'),
})

const action = 'SendSms'
const version = '2017-05-25'
const answer = z.object({ Code: z.string(), BizId: z.string().default('') })

/** A 验证码 template of the mainland has one variable. */
function parametersOf(message: TextMessage) {
  const { portal, code } = message
  if (code === '') return { portal }
  return isAbroad(message) ? { portal, code } : { code }
}

/** 阿里云短信: SendSms 2017-05-25, signed by ACS3-HMAC-SHA256. Mainland numbers go without country code and plus. */
export function alibabaSender(fetch: VendorFetch, account: z.infer<typeof alibabaSms>, clock: Clock): TextSender {
  return {
    async send(message) {
      const { to } = message
      const query = {
        PhoneNumbers: to.replace(/^\+(?:86)?/, ''),
        SignName: account.signName,
        TemplateCode: templateOf(account.templates, message),
        TemplateParam: JSON.stringify(parametersOf(message)),
      }
      const { Code, BizId } = read(answer, await askAlibaba(fetch, clock, { account, action, version, query }))
      if (Code !== 'OK') throw new VendorFailed(Code)
      return { id: BizId }
    },
  }
}
