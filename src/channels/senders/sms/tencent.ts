import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { signTc3 } from '../../../keys/request-signatures.ts'
import { postTo, read, VendorFailed, type VendorFetch } from '../../../proofing/vendor-calls.ts'
import { isAbroad, templateOf, templates } from './templates.ts'
import type { TextMessage, TextSender } from './text-sender.ts'

export const tencentSms = z.strictObject({
  secretId: z.string().min(1),
  secretKey: z.string().min(1),
  /** SmsSdkAppId of the console. */
  appId: z.string().min(1),
  /** The approved signature, without brackets. */
  signName: z.string().min(1),
  templates,
  region: z.string().default('ap-guangzhou'),
  endpoint: z.url().default('https://sms.tencentcloudapi.com'),
})

const action = 'SendSms'
const version = '2021-01-11'
const answer = z.object({
  Response: z.object({
    SendStatusSet: z.array(z.object({ Code: z.string(), SerialNo: z.string().default('') })).default([]),
    Error: z.object({ Code: z.string() }).optional(),
  }),
})

/** One signed call of SendSms; returns the answer as it came. @throws VendorFailed */
export async function callTencent(
  fetch: VendorFetch,
  account: z.infer<typeof tencentSms>,
  clock: Clock,
  content: object,
): Promise<string> {
  const { secretId, secretKey, region, endpoint } = account
  const { host } = new URL(endpoint)
  const service = action.slice('Send'.length).toLowerCase()
  const body = JSON.stringify(content)
  const at = Math.floor(clock() / 1000)
  const headers = {
    authorization: signTc3({ secretId, secretKey, service, host, action, body, at }),
    'content-type': 'application/json; charset=utf-8',
    'x-tc-action': action,
    'x-tc-version': version,
    'x-tc-timestamp': String(at),
    'x-tc-region': region,
  }
  return (await postTo(fetch, `${endpoint}/`, headers, body)).text
}

/** A variable of the mainland holds six digits (验证码), or six characters: too few for the name of a portal. */
const parametersOf = (message: TextMessage): string[] => [
  ...(isAbroad(message) ? [message.portal] : []),
  ...(message.code === '' ? [] : [message.code]),
]

/** 腾讯云短信: SendSms 2021-01-11, signed by TC3-HMAC-SHA256. One number a call. */
export const tencentSender = (fetch: VendorFetch, account: z.infer<typeof tencentSms>, clock: Clock): TextSender => ({
  async send(message) {
    const text = await callTencent(fetch, account, clock, {
      PhoneNumberSet: [message.to],
      SmsSdkAppId: account.appId,
      SignName: account.signName,
      TemplateId: templateOf(account.templates, message),
      TemplateParamSet: parametersOf(message),
    })
    const { Response } = read(answer, text)
    const [status] = Response.SendStatusSet
    if (status?.Code !== 'Ok') throw new VendorFailed(status?.Code ?? Response.Error?.Code ?? 'no status')
    return { id: status.SerialNo }
  },
})
