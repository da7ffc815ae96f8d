import { z } from 'zod'
import type { ChannelAnswer, ChannelClient, ChannelPhone } from './channel-client.ts'
import type { Channel } from './channels.ts'
import { codeShape, showsRegistration, wrongCode } from './code.ts'
import { identityOf, vendorId } from './identity.ts'
import type { AskVendor } from './vendor-call.ts'
import { readWechat } from './wechat-answers.ts'
import type { WechatToken } from './wechat-token.ts'

/** What names the person. Everything else is dropped here, `session_key` and tokens of the person included. */
const named = z.object({
  openid: vendorId.optional(),
  unionid: vendorId.optional(),
  /** 1 for a visitor of a 快照页. */
  is_snapshotuser: z.unknown().optional(),
})

const phone = z.object({
  phone_info: z.object({
    purePhoneNumber: z.string().regex(/^\d{4,14}$/),
    countryCode: z.string().regex(/^[1-9]\d{0,3}$/),
    watermark: z.object({ appid: z.string() }),
  }),
})

interface WechatDeps {
  ask: AskVendor
  token: WechatToken
}

/** WeChat's mini programs, official accounts and websites (developers.weixin.qq.com; docs/channels.md). */
export function createWechatClient(channel: Channel, { ask, token }: WechatDeps): ChannelClient {
  const { appid, secret, kind } = channel
  const mini = kind === 'wechat-mini'

  async function identify(code: string): Promise<ChannelAnswer> {
    if (!codeShape.test(code)) return { failure: 'code_refused' }
    const query = { appid, secret, [mini ? 'js_code' : 'code']: code, grant_type: 'authorization_code' }
    const text = await ask(mini ? '/sns/jscode2session' : '/sns/oauth2/access_token', { query })
    const answer = readWechat(named, text)
    if ('failure' in answer) return answer
    const { openid, unionid, is_snapshotuser: snapshot } = answer.value
    // ids of such a visitor are not the person's
    if (snapshot !== undefined && snapshot !== null && snapshot !== 0) return { failure: 'snapshot_visitor' }
    return identityOf(channel, { openid, unionid })
  }

  async function check() {
    // a website has no token of its own
    const fresh = kind === 'wechat-web' ? undefined : await token.ask()
    if (fresh && 'failure' in fresh) return { ok: false as const, failure: fresh.failure }
    return showsRegistration(await identify(wrongCode))
  }

  async function phoneOf(code: string, { openid }: { openid?: string }): Promise<ChannelPhone> {
    // without it WeChat does not check whose code this is
    if (openid === undefined || !codeShape.test(code)) return { failure: 'code_refused' }
    const answer = await token.post('/wxa/business/getuserphonenumber', { code, openid }, phone)
    if ('failure' in answer) return answer
    const { watermark, countryCode, purePhoneNumber } = answer.value.phone_info
    if (watermark.appid !== appid) return { failure: 'unavailable' }
    const e164 = `+${countryCode}${purePhoneNumber}`
    return e164.length <= 16 ? { phone: e164 } : { failure: 'unavailable' }
  }

  if (mini) return { channel, identify, check, phoneOf }
  return { channel, identify, check, authorizeUrl: (request) => authorizeUrl(channel, request) }
}

/** WeChat reads the parameters in this order, and needs the fragment. */
function authorizeUrl(
  { kind, open, appid, subject }: Channel,
  request: { state: string; redirectUri: string },
): string {
  const web = kind === 'wechat-web'
  // only snsapi_userinfo answers with unionid
  const scopeOfAccount = subject === 'unionid' ? 'snsapi_userinfo' : 'snsapi_base'
  const query = new URLSearchParams([
    ['appid', appid],
    ['redirect_uri', request.redirectUri],
    ['response_type', 'code'],
    ['scope', web ? 'snsapi_login' : scopeOfAccount],
    ['state', request.state],
  ])
  return `${open}/connect/${web ? 'qrconnect' : 'oauth2/authorize'}?${query.toString()}#wechat_redirect`
}
