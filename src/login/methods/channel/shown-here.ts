import { isProgramOf, type Channel, type ChannelKind } from '../../../channels/channels.ts'
import type { Container } from '../../../pages/container.ts'
import { requestOf } from '../../../pages/request-context.ts'
import type { RouterContext } from '../../method.ts'
import type { Attempt } from '../../attempt.ts'

/** Where each kind works. A page of WeChat opens in WeChat alone; a page of Alipay opens anywhere but there. */
const worksIn: Readonly<Record<ChannelKind, (container: Container | undefined) => boolean>> = {
  'wechat-mini': (container) => container?.app === 'wechat' && container.miniProgram,
  'wechat-h5': (container) => container?.app === 'wechat' && !container.miniProgram,
  'wechat-web': (container) => !isVendorsApp(container),
  'alipay-mini': (container) => container?.app === 'alipay' && container.miniProgram,
  'alipay-h5': (container) => container?.app !== 'wechat' && container?.miniProgram !== true,
}

const isVendorsApp = (container: Container | undefined) => container?.app === 'wechat' || container?.app === 'alipay'

/** Whether the browser is the app of a channel: its way comes first there. */
export const isOwnApp = (ctx: RouterContext): boolean => isVendorsApp(requestOf(ctx).container)

/** A QR code of WeChat on a computer can be relayed, without digits against it: its channel reaches level 2. */
export const levelOf = ({ kind, level }: Pick<Channel, 'kind' | 'level'>): Channel['level'] =>
  kind === 'wechat-web' ? 2 : level

/** Whether this login may use a channel: its portal has it, and its level, with a face, reaches what the portal needs. */
export const mayUse = (channel: Channel, { client, needed }: Pick<Attempt, 'client' | 'needed'>): boolean =>
  client.administers !== true &&
  (channel.clients === 'all' || channel.clients.includes(client.id)) &&
  levelOf(channel) >= Math.min(needed, 3)

/** The channels that this login shows in this browser. */
export const shownHere = (
  list: readonly Channel[],
  ctx: RouterContext,
  attempt: Pick<Attempt, 'client' | 'needed'>,
): Channel[] => {
  const { container } = requestOf(ctx)
  return list.filter((one) => worksIn[one.kind](container) && isProgramOf(one, container) && mayUse(one, attempt))
}
