import { containerOf } from '../pages/container.ts'
import { isProgramOf, type Channel } from './channels.ts'

interface Where {
  userAgent: string
  /** The portal of the login; undefined outside one. */
  clientId: string | undefined
}

/**
 * The WeChat mini program around a page, of those that this portal may use: it can bring a telephone number. Newer versions of
 * WeChat name its appid in the user agent; for others it is the first one. A wrong one costs a button that does not work.
 */
export function phoneChannelIn(channels: readonly Channel[], { userAgent, clientId = '' }: Where): Channel | undefined {
  const container = containerOf(userAgent)
  if (container?.app !== 'wechat' || !container.miniProgram) return undefined
  return channels.find(
    (one) =>
      one.kind === 'wechat-mini' &&
      isProgramOf(one, container) &&
      (one.clients === 'all' || one.clients.includes(clientId)),
  )
}
