import { Refusal, type RefusalCode } from '../refusal/refusal.ts'
import type { ChannelClient, ChannelFailure, ChannelIdentity } from './channel-client.ts'

/** The refusal of each failure. */
export const refusalCodes: Readonly<Record<ChannelFailure, RefusalCode>> = {
  code_refused: 'channel_refused',
  snapshot_visitor: 'channel_snapshot',
  user_blocked: 'channel_blocked',
  unavailable: 'channel_unavailable',
  channel_misconfigured: 'channel_misconfigured',
}

/** The refusal of a program's request that a vendor did not answer. */
export const refusalOf = (failure: ChannelFailure): Refusal => new Refusal(refusalCodes[failure], failure)

/**
 * The user whose code the native page of a mini program hands in.
 * @throws Refusal where the vendor names no person
 */
export async function identified(client: ChannelClient, code: string): Promise<ChannelIdentity> {
  const answer = await client.identify(code)
  if ('failure' in answer) throw refusalOf(answer.failure)
  return answer.identity
}
