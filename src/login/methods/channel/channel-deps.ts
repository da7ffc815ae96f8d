import { isAlipay, type Channel } from '../../../channels/channels.ts'
import type { MethodServices } from '../../method-services.ts'
import { channel } from './declaration.ts'

/** The services that sign-in by a channel takes. */
export type ChannelDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'database'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'authenticators'
  | 'methodLocks'
  | 'notifier'
  | 'sessions'
  | 'endSignIns'
  | 'audit'
  | 'channels'
  | 'upstreamLinks'
>

export const { name } = channel

/** The vendor, as an `amr` value (DESIGN 1.4). */
export const vendorOf = ({ kind }: Pick<Channel, 'kind'>): 'wechat' | 'alipay' => (isAlipay(kind) ? 'alipay' : 'wechat')

/** The channel of a session, beside its method: a channel that is taken out of the file ends these sessions. */
export const originOf = (id: string) => `${name}:${id}`
