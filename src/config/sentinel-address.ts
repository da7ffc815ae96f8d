/** `redis+sentinel://user:password@one:26379,other:26379/name?sentinel_password=…`; `rediss+sentinel` has TLS to all. */
const parts = /^(rediss?)\+sentinel:\/\/([^/?#]+)\/([\w.-]+)(?:\?([^#]*))?$/
const usualPort = '26379'
const parameters = ['sentinel_user', 'sentinel_password']

/** A Redis whose address Sentinels know. */
export interface SentinelAddress {
  /** Addresses of the Sentinels, with their own user and password. */
  sentinels: string[]
  /** The name of the master in the configuration of the Sentinels. */
  name: string
  /** The address of the Redis at this host, with the user and password of Redis. */
  redisAt(host: string, port: number): string
}

export const isSentinelAddress = (text: string): boolean => /^rediss?\+sentinel:/.test(text)

/** @returns undefined where the text is no such address */
export function sentinelAddress(text: string): SentinelAddress | undefined {
  const [, scheme = '', authority = '', name = '', query = ''] = parts.exec(text) ?? []
  const at = authority.lastIndexOf('@') + 1
  const given = new URLSearchParams(query)
  if (name === '' || [...given.keys()].some((key) => !parameters.includes(key))) return undefined
  const [user, password] = parameters.map((key) => encodeURIComponent(given.get(key) ?? ''))
  const own = user || password ? `${user}:${password}@` : ''
  const hosts = authority.slice(at).split(',')
  const sentinels = hosts.map((host) => `${scheme}://${own}${host}${/:\d+$/.test(host) ? '' : `:${usualPort}`}`)
  const usable = (url: string) => URL.canParse(url) && new URL(url).hostname !== ''
  if (!sentinels.every(usable) || !usable(`${scheme}://${authority.slice(0, at)}host`)) return undefined
  return {
    sentinels,
    name,
    redisAt: (host, port) => `${scheme}://${authority.slice(0, at)}${host.includes(':') ? `[${host}]` : host}:${port}`,
  }
}
