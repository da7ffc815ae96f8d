import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** Tells the region (GB/T 2260) a network address belongs to, where it is known: a carrier's or a province's own data. */
export type RegionOf = (address: string) => string | undefined

/** Such as `10.3.0.0/16`. */
export const networkSchema = z.union([z.cidrv4(), z.cidrv6()])

const schema = z.record(z.string().regex(/^\d{6}$/), z.array(networkSchema))

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

function holds(list: BlockList, given: string): boolean {
  const address = plain(given)
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whether an address lies in one of these networks; one that cannot be read lies in none. */
export const isInNetworks = (address: string, networks: readonly string[]): boolean => holds(listOf(networks), address)

/** The embedded adapter: networks that are listed by region in config/network-regions.json. */
export function listedRegions(
  listed: unknown = JSON.parse(readFileSync(new URL('../../config/network-regions.json', import.meta.url), 'utf8')),
): RegionOf {
  const regions = Object.entries(schema.parse(listed)).map(([region, networks]) => ({ region, list: listOf(networks) }))
  return (given) => regions.find(({ list }) => holds(list, given))?.region
}

/** An IPv4 address that came by an IPv6 socket is an IPv4 address. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** True where two addresses share the first bits; one that cannot be read shares nothing. */
export function sameNetwork(one: string, other: string, bits: { ipv4: number; ipv6: number }): boolean {
  const [first, second] = [plain(one), plain(other)]
  const family = isIP(first)
  if (family === 0 || family !== isIP(second)) return false
  const list = new BlockList()
  const kind = family === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(first, bits[kind], kind)
  return list.check(second, kind)
}
