import { z } from 'zod'
import { ended, type FaceVerifier } from '../face-verifier.ts'
import type { AlipayServer } from './channel-servers.ts'

export const alipaySettings = z.strictObject({
  /** A channel of Alipay, whose app has the right to 身份认证. */
  channel: z.string().min(1),
  bizCode: z.enum(['FACE', 'CERT_PHOTO_FACE', 'SMART_FACE']).default('FACE'),
})

const service = 'alipay.user.certify.open'
const begun = z.object({ certify_id: z.string().regex(/^[\w-]{1,128}$/) })
const queried = z.object({ passed: z.string().optional() })

/**
 * 支付宝身份认证 (opendocs.alipay.com): `initialize` returns an id, `certify` is the page of the camera, `query` has the result.
 * The address of the return proves nothing.
 */
export function alipayVerifier({ bizCode }: z.infer<typeof alipaySettings>, server: AlipayServer): FaceVerifier {
  const own = (content: object) => ({ biz_content: JSON.stringify(content) })

  return {
    name: 'alipay',
    // its page opens the app of Alipay, which WeChat does not let a page do
    serves: (userAgent) => !userAgent.includes('MicroMessenger'),
    async begin({ subject, nonce, returnUrl }) {
      if (subject.documentType !== 'resident_id') return { kind: 'ended', result: ended('unavailable', 'no_reference') }
      const content = {
        outer_order_no: nonce,
        biz_code: bizCode,
        identity_param: {
          identity_type: 'CERT_INFO',
          cert_type: 'IDENTITY_CARD',
          cert_name: subject.name,
          cert_no: subject.documentNumber,
        },
        merchant_config: { return_url: returnUrl },
      }
      const answer = await server.call(`${service}.initialize`, own(content), begun)
      if ('failure' in answer) return { kind: 'ended', result: ended('unavailable', 'vendor') }
      const { certify_id: id } = answer.value
      return { kind: 'redirect', url: server.pageUrl(`${service}.certify`, own({ certify_id: id })), state: id }
    },
    async complete(_request, id) {
      const answer = await server.call(`${service}.query`, own({ certify_id: id }), queried)
      if ('failure' in answer) return ended('unavailable', 'vendor')
      const reference = { reference: id }
      const { passed } = answer.value
      if (passed === 'T') return { ...ended('passed'), ...reference }
      if (passed === 'F') return { ...ended('failed', 'vendor'), ...reference }
      return { ...ended('cancelled'), ...reference }
    },
  }
}
