import { expect, it } from 'vitest'
import { isInNetworks } from '../../src/config/networks.ts'

it.each([
  ['10.3.255.1', true],
  ['::ffff:10.3.0.1', true],
  ['10.4.0.1', false],
  ['2001:db8:5::1', true],
  ['2001:db8:6::1', false],
  ['', false],
  ['10.3.0.1, 10.3.0.2', false],
  ['localhost', false],
])('%s lies among the networks: %s', (address, expected) => {
  expect(isInNetworks(address, ['10.3.0.0/16', '2001:db8:5::/48'])).toBe(expected)
  expect(isInNetworks(address, [])).toBe(false)
})
