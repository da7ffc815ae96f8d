import { z } from 'zod'
import type { AlipayGateway } from './alipay-gateway.ts'
import type { ChannelAnswer, ChannelClient } from './channel-client.ts'
import type { Channel } from './channels.ts'
import { identityOf, vendorId } from './identity.ts'
import { codeShape, showsRegistration, wrongCode } from './code.ts'

/** What names the person; tokens of the person are dropped here. */
const named = z.object({ user_id: vendorId.optional(), open_id: vendorId.optional() })

/** Alipay's mini programs and its page for browsers (opendocs.alipay.com; docs/channels.md). */
export function createAlipayClient(channel: Channel, gateway: AlipayGateway): ChannelClient {
  async function identify(code: string): Promise<ChannelAnswer> {
    if (!codeShape.test(code)) return { failure: 'code_refused' }
    const own = { grant_type: 'authorization_code', code }
    const answer = await gateway.call('alipay.system.oauth.token', own, named)
    // an app that moves from user_id to open_id gets both
    return 'failure' in answer ? answer : identityOf(channel, answer.value)
  }

  const check = async () => showsRegistration(await identify(wrongCode))
  return channel.kind === 'alipay-mini'
    ? { channel, identify, check }
    : { channel, identify, check, authorizeUrl: (request) => authorizeUrl(channel, request) }
}

function authorizeUrl(
  { open, appid }: Channel,
  { state, redirectUri }: { state: string; redirectUri: string },
): string {
  const query = new URLSearchParams({ app_id: appid, scope: 'auth_base', redirect_uri: redirectUri, state })
  return `${open}/oauth2/publicAppAuthorize.htm?${query.toString()}`
}
