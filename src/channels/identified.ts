import { Refusal, type RefusalCode } from '../refusal/refusal.ts'
import type { ChannelClient, ChannelFailure, ChannelIdentity } from './channel-client.ts'

const codes: Readonly<Record<ChannelFailure, RefusalCode>> = {
  code_refused: 'bad_request',
  snapshot_visitor: 'forbidden',
  user_blocked: 'forbidden',
  unavailable: 'unavailable',
  channel_misconfigured: 'server_error',
}

/** The refusal of a program's request that a vendor did not answer. */
export const refusalOf = (failure: ChannelFailure): Refusal => new Refusal(codes[failure], failure)

/**
 * Who shows this code to the native page of a mini program.
 * @throws Refusal where the vendor names no person
 */
export async function identified(client: ChannelClient, code: string): Promise<ChannelIdentity> {
  const answer = await client.identify(code)
  if ('failure' in answer) throw refusalOf(answer.failure)
  return answer.identity
}
