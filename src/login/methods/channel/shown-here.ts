import type { Channel, ChannelKind } from '../../../channels/channels.ts'
import type { RouterContext } from '../../method.ts'
import type { Attempt } from '../../attempt.ts'

/** The app whose web view shows a page, as its user agent says. `mini`: inside a mini program of that app. */
function containerOf(userAgent: string): { app: 'wechat' | 'alipay' | 'browser'; mini: boolean } {
  const mini = /miniProgram/i.test(userAgent)
  if (/MicroMessenger/i.test(userAgent)) return { app: 'wechat', mini }
  if (/AlipayClient/i.test(userAgent)) return { app: 'alipay', mini }
  return { app: 'browser', mini: false }
}

type Container = ReturnType<typeof containerOf>

/** Where each kind works. A page of WeChat opens in WeChat alone; a page of Alipay opens anywhere but there. */
const worksIn: Readonly<Record<ChannelKind, (container: Container) => boolean>> = {
  'wechat-mini': ({ app, mini }) => app === 'wechat' && mini,
  'wechat-h5': ({ app, mini }) => app === 'wechat' && !mini,
  'wechat-web': ({ app }) => app === 'browser',
  'alipay-mini': ({ app, mini }) => app === 'alipay' && mini,
  'alipay-h5': ({ app, mini }) => app === 'browser' || (app === 'alipay' && !mini),
}

const agentOf = (ctx: RouterContext) => ctx.get('user-agent')

/** Whether the browser is the app of a channel: its way comes first there. */
export const isOwnApp = (ctx: RouterContext): boolean => containerOf(agentOf(ctx)).app !== 'browser'

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
  const container = containerOf(agentOf(ctx))
  return list.filter((one) => worksIn[one.kind](container) && mayUse(one, attempt))
}
