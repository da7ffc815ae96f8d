import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { readJson } from './machine-errors.ts'

/** Returns the region (GB/T 2260) of a network address, if known, from data of a carrier or province. */
export type RegionOf = (address: string) => string | undefined

/** A network such as `10.3.0.0/16`. */
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

/** Whether an address is in one of these networks; an unreadable address is in none. */
export const isInNetworks = (address: string, networks: readonly string[]): boolean => holds(listOf(networks), address)

/** The embedded source: config/network-regions.json lists networks by region. */
export function listedRegions(
  listed: z.infer<typeof schema> = readJson(new URL('../../config/network-regions.json', import.meta.url), schema),
): RegionOf {
  const regions = Object.entries(schema.parse(listed)).map(([region, networks]) => ({ region, list: listOf(networks) }))
  return (given) => regions.find(({ list }) => holds(list, given))?.region
}

/** An IPv6 socket shows an IPv4 address as `::ffff:192.0.2.1`. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** Whether two addresses share their first bits; false for an unreadable address. */
export function sameNetwork(one: string, other: string, bits: { ipv4: number; ipv6: number }): boolean {
  const [first, second] = [plain(one), plain(other)]
  const family = isIP(first)
  if (family === 0 || family !== isIP(second)) return false
  const list = new BlockList()
  const kind = family === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(first, bits[kind], kind)
  return list.check(second, kind)
}
