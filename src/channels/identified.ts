import { Refusal, type RefusalCode } from '../refusal/refusal.ts'
import type { ChannelClient, ChannelFailure, ChannelIdentity, Channels } from './channel-client.ts'
import { isMiniProgram } from './channels.ts'

/** Whether there is a mini program at all: without one, its routes are not there. */
export const hasMiniProgram = ({ list }: Pick<Channels, 'list'>): boolean =>
  list.some(({ kind }) => isMiniProgram(kind))

/** The vendor of a mini program. @throws Refusal `not_found` for the id of no mini program */
export function miniProgramOf(channels: Pick<Channels, 'client'>, id: string): ChannelClient {
  const client = channels.client(id)
  if (!client || !isMiniProgram(client.channel.kind)) throw new Refusal('not_found', 'no such mini program')
  return client
}

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
