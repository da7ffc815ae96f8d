import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

type Range = readonly [address: string, bits: number]

function blockList(ranges: readonly Range[]): BlockList {
  const list = new BlockList()
  for (const [address, bits] of ranges) list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return list
}

/** Special-purpose addresses (IANA registries, RFC 6890). No public server has one. */
const special = blockList([
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
  // prefixes that tunnel to other addresses or embed them
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
])

const globalUnicast = blockList([['2000::', 3]])

/** Where a network may lie that portals live in: ordinary addresses, and unique local ones (RFC 4193). */
const ordinary6 = blockList([
  ['2000::', 3],
  ['fc00::', 7],
])

/** This machine, its neighbours, groups, tunnels, and the metadata services of clouds: no wide network holds them. */
const onlyByName = blockList([
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
  ['2001::', 23],
  ['2002::', 16],
  // Alibaba Cloud, Azure, Amazon (IPv6)
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['fd00:ec2::254', 128],
])

const holds = (list: BlockList, address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** True for an address on the public internet, in any notation. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !holds(special, address) && !holds(onlyByName, address)
  // ::ffff:10.0.0.1 and ::ffff:a00:1 are not global unicast either
  return isIP(address) === 6 && holds(globalUnicast, address) && !holds(special, address)
}

/** Whether a portal may have this address. */
export type AddressRule = (address: string) => boolean

/** The settings of the rule. */
export interface Reach {
  production: boolean
  /** YIDENG_OUTBOUND_NETWORKS: networks such as 10.3.0.0/16, and single addresses. */
  outboundNetworks: readonly string[]
}

/**
 * Portals have public addresses, or addresses in the networks of the setting. A network gives no loopback, link-local or
 * metadata address; each of these must be named alone. Outside production portals run on any address.
 */
export function reachRule({ production, outboundNetworks }: Reach): AddressRule {
  if (!production) return () => true
  const ranges = outboundNetworks.map((network): Range => {
    const [address = '', bits] = network.split('/')
    return [address, bits === undefined ? wholeOf(address) : Number(bits)]
  })
  const networks = blockList(ranges)
  const named = blockList(ranges.filter(([address, bits]) => bits === wholeOf(address)))
  return (address) => {
    const family = isIP(address)
    if (family === 0) return false
    if (isPublic(address) || holds(named, address)) return true
    if (holds(onlyByName, address) || (family === 6 && !holds(ordinary6, address))) return false
    return holds(networks, address)
  }
}

/** The bits of an address of this family. */
const wholeOf = (address: string) => (isIP(address) === 6 ? 128 : 32)

/** The host of a URL as the resolver takes it: without the brackets of an IPv6 address. */
export const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '')

/**
 * Whether the server would connect to this URL of a portal. A name without an address now is not refused.
 * The check at the connection decides (outbound.ts); this one is for notes to administrators.
 */
export async function isReachableByRule(url: string, reach: Reach): Promise<boolean> {
  const host = hostOf(new URL(url))
  const allowed = reachRule(reach)
  if (isIP(host)) return allowed(host)
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.every(({ address }) => allowed(address))
}
