import type { Channel } from './channels.ts'

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
  const inside = /miniProgram(?:\/(\w+))?/.exec(userAgent)
  if (!inside || !userAgent.includes('MicroMessenger')) return undefined
  const usable = channels.filter(
    ({ kind, clients }) => kind === 'wechat-mini' && (clients === 'all' || clients.includes(clientId)),
  )
  return usable.find(({ appid }) => appid === inside[1]) ?? usable.at(0)
}
