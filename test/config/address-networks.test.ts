import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { networksOf } from '../../src/config/address-networks.ts'

const keys = (address: string) => networksOf(address).map(({ key }) => key)

it('counts IPv6 by /64, /56 and /48 with rising factors, in every notation', () => {
  const networks = [
    { key: '2001:db8:1:2345/64', factor: 1 },
    { key: '2001:db8:1:2300/56', factor: 4 },
    { key: '2001:db8:1/48', factor: 16 },
  ]
  for (const address of [
    '2001:db8:1:2345::9',
    '2001:DB8:1:2345:0:0:0:9',
    '2001:0db8:0001:2345:ffff:0:0:9',
    '2001:db8:1:2345::192.0.2.1',
    '[2001:db8:1:2345::9]:4711',
    '[2001:db8:1:2345::9]',
    '2001:db8:1:2345::9%eth0',
  ])
    expect(networksOf(address), address).toEqual(networks)
  expect(keys('::1')).toEqual(['0:0:0:0/64', '0:0:0:0/56', '0:0:0/48'])
})

it.each([
  ['as it is', '192.0.2.33'],
  ['with a port', '192.0.2.33:4711'],
  ['mapped', '::ffff:192.0.2.33'],
  ['mapped, in hexadecimal', '::ffff:c000:221'],
  ['mapped, written out', '0:0:0:0:0:FFFF:C000:0221'],
  ['translated without state (RFC 7915)', '::ffff:0:192.0.2.33'],
  ['through NAT64', '64:ff9b::192.0.2.33'],
  ['through a NAT64 of the operator', '64:ff9b:1:abcd::192.0.2.33'],
  ['by 6to4, whichever of its networks', '2002:c000:221:17::5'],
])('takes an IPv4 address for itself: %s', (_how, address) => {
  expect(networksOf(address)).toEqual([{ key: '192.0.2.33', factor: 1 }])
})

it.each(['', 'unknown', '_hidden', '192.0.2', '1.2.3.4.5', '2001:db8::g', '2001:db8', '1.2.3.4:', "' or 1=1"])(
  'makes one network of all that cannot be read: %s',
  (address) => expect(networksOf(address)).toEqual([{ key: 'unreadable', factor: 1 }]),
)

it('gives addresses of one prefix one key, and others another key', () => {
  const address = fc.array(fc.integer({ min: 0, max: 0xff_ff }), { minLength: 8, maxLength: 8 })
  const bitsOf = (groups: number[]) => groups.map((group) => group.toString(2).padStart(16, '0')).join('')
  const text = (groups: number[]) => groups.map((group) => group.toString(16)).join(':')
  fc.assert(
    fc.property(address, address, fc.nat(128), (one, rest, shared) => {
      // The first bits of one address, the other bits of the other.
      const mixed = (bitsOf(one).slice(0, shared) + bitsOf(rest).slice(shared)).match(/.{16}/g) ?? []
      const other = mixed.map((group) => Number.parseInt(group, 2))
      const [mine, theirs] = [keys(text(one)), keys(text(other))]
      if ([...mine, ...theirs].some((key) => isIPv4(key))) return
      for (const [index, bits] of [64, 56, 48].entries()) {
        const same = bitsOf(one).slice(0, bits) === bitsOf(other).slice(0, bits)
        expect(mine[index] === theirs[index]).toBe(same)
      }
    }),
    { numRuns: 500 },
  )
})
