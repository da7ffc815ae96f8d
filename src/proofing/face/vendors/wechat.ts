import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ended, type FaceRequest, type FaceResult, type FaceVerifier } from '../face-verifier.ts'
import type { WechatServer } from './channel-servers.ts'

/** The channel, of kind `wechat-mini`, whose mini program has the right to this interface. */
export const wechatSettings = z.strictObject({ channel: z.string().min(1) })

const path = '/cityservice/face/identify'
const cardType = 'IDENTITY_CARD'
const passed = 10_000
/** From here on: the device cannot, the person cancelled, or the network failed. */
const notDone = 90_001

const begun = z.object({ verify_id: z.string().regex(/^[\w.~+/=-]{1,256}$/) })
const verified = z.object({ verify_ret: z.number().int().optional() })

/** The vendor's id of a verification, and the user of the channel whom it is for. */
const stateSchema = z.object({ verifyId: z.string(), openid: z.string() })

/** Binds a result to name and number: SHA-256 in hexadecimal over the base64 values (developers.weixin.qq.com, 人脸核身 2.0). @internal */
export function certHash({ type, name, number }: { type: string; name: string; number: string }): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const text = `cert_type=${base64(type)}&cert_name=${base64(name)}&cert_no=${base64(number)}`
  return createHash('sha256').update(text).digest('hex')
}

/**
 * 微信人脸核身 for government, 2.0: the mini program opens the camera. The verification is bound to name, number and openid. It
 * passed only where the answer of WeChat's server has that; what the phone brings back proves nothing.
 */
export function wechatVerifier({ channel }: z.infer<typeof wechatSettings>, server: WechatServer): FaceVerifier {
  const orderOf = ({ nonce }: FaceRequest) => nonce

  async function atPhone(request: FaceRequest, openid: string) {
    const { documentNumber, name } = request.subject
    const certificate = { cert_type: cardType, cert_name: name, cert_no: documentNumber }
    const json = { out_seq_no: orderOf(request), cert_info: certificate, openid }
    const answer = await server.post(`${path}/getverifyid`, json, begun)
    if ('failure' in answer) return { kind: 'ended' as const, result: ended('unavailable', 'vendor') }
    const verifyId = answer.value.verify_id
    return { kind: 'opens' as const, verifyId, state: JSON.stringify({ verifyId, openid }) }
  }

  async function complete(request: FaceRequest, state: string): Promise<FaceResult> {
    // the mini program never opened the camera
    if (state === '') return ended('cancelled')
    const { verifyId, openid } = stateSchema.parse(JSON.parse(state))
    const { documentNumber: number, name } = request.subject
    const json = {
      verify_id: verifyId,
      out_seq_no: orderOf(request),
      cert_hash: certHash({ type: cardType, name, number }),
      openid,
    }
    const answer = await server.post(`${path}/queryverifyinfo`, json, verified)
    // also where name, number, order or openid is not the one of the beginning
    if ('failure' in answer) return ended('unavailable', 'vendor')
    const { verify_ret: result } = answer.value
    const reference = { reference: verifyId }
    if (result === passed) return { ...ended('passed'), ...reference }
    if (result === undefined || result >= notDone) return { ...ended('cancelled'), ...reference }
    return { ...ended('failed', 'vendor'), ...reference }
  }

  return {
    name: 'wechat',
    // Alipay's mini programs say miniProgram too
    serves: (userAgent) => userAgent.includes('MicroMessenger') && userAgent.includes('miniProgram'),
    async begin({ subject }) {
      if (subject.documentType !== 'resident_id') return { kind: 'ended', result: ended('unavailable', 'no_reference') }
      return { kind: 'native', channel, state: '' }
    },
    atPhone,
    complete,
  }
}
