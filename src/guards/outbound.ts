import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP } from 'node:net'

/** Special-purpose addresses (IANA registries, RFC 6890). No public server has one. */
const special = new BlockList()
const ranges: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]
for (const [address, prefix] of ranges) special.addSubnet(address, prefix, 'ipv4')

/** Global unicast, without prefixes that tunnel to other addresses or embed them. */
const ranges6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]
for (const [address, prefix] of ranges6) special.addSubnet(address, prefix, 'ipv6')
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/** True for an address on the public internet, in any notation. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4')
  // ::ffff:10.0.0.1 and ::ffff:a00:1 are not global unicast either
  return isIP(address) === 6 && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

type Lookup = (
  host: string,
  options: { all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const usualPatienceMs = 2500
const mostBytes = 256 * 1024
const keptHeaders = ['content-type', 'cache-control', 'expires'] as const

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Fetches the URLs of a portal's registration: its key set and its back-channel logout. The resolved address is
 * checked at connection time, so a name cannot change between check and use. Redirects are not followed. The response
 * is limited in size and time.
 */
export function createOutbound(options: {
  allowed: (address: string) => boolean
  lookup?: Lookup
  patienceMs?: number
}): Fetch {
  const { allowed, lookup = systemLookup, patienceMs = usualPatienceMs } = options
  const refused = (host: string) => new Error(`${host} is not on the public internet`)

  // the connection uses one of the checked addresses
  const guarded = (host: string, { all }: { all?: boolean }, answer: (...given: unknown[]) => void) => {
    lookup(host, { all: true }, (error, addresses) => {
      const forbidden = addresses?.length === 0 || addresses?.some(({ address }) => !allowed(address))
      if (error) answer(error)
      else if (forbidden) answer(refused(host))
      else if (all) answer(null, addresses)
      else answer(null, addresses[0]?.address, addresses[0]?.family)
    })
  }

  return async (given, init = {}) => {
    const url = new URL(given instanceof Request ? given.url : given)
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) && !allowed(literal)) throw refused(literal)
    const body = init.body === undefined || init.body === null ? undefined : await new Response(init.body).text()
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest

    return new Promise((resolve, reject) => {
      const request = start(
        url,
        {
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          lookup: guarded as never,
          agent: false,
          signal: AbortSignal.timeout(patienceMs),
        },
        (answer) => {
          const chunks: Buffer[] = []
          let length = 0
          answer.on('data', (chunk: Buffer) => {
            length += chunk.length
            chunks.push(chunk)
            if (length > mostBytes) answer.destroy(new Error(`${url.host} answers more than ${mostBytes} bytes`))
          })
          answer.on('error', reject)
          answer.on('end', () => {
            const status = answer.statusCode ?? 502
            const empty = [204, 205, 304].includes(status)
            const headers = keptHeaders.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []))
            resolve(
              new Response(empty ? null : Buffer.concat(chunks), {
                status,
                headers: Object.fromEntries(headers) as Record<string, string>,
              }),
            )
          })
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }
}
