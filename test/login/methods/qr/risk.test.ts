import { describe, expect, it } from 'vitest'
import { listedRegions, sameNetwork } from '../../../../src/config/networks.ts'
import { assessRisk, riskTable, type RiskInputs } from '../../../../src/login/methods/qr/risk.ts'

const calm: RiskInputs = {
  network: 'same',
  region: 'unknown',
  device: 'known',
  level: 3,
  legalPerson: false,
  byLink: false,
  passkey: true,
}

describe('the risk of a scan', () => {
  it.each<[string, Partial<RiskInputs>, string, string[]]>([
    ['nothing unusual', {}, 'none', []],
    ['a new phone in the same network', { device: 'new' }, 'none', []],
    ['another network', { network: 'different' }, 'code', ['different-network']],
    ['another region', { region: 'different' }, 'code', ['different-region']],
    ['level 4', { level: 4 }, 'code', ['real-person-asked']],
    ['a legal person', { legalPerson: true }, 'code', ['legal-person-asked']],
    ['a frame reached by a link', { byLink: true }, 'code', ['reached-by-link']],
    ['nobody with a passkey', { passkey: false }, 'code', ['no-passkey']],
    ['two things at once', { level: 4, network: 'different' }, 'code', ['different-network', 'real-person-asked']],
    ['a new phone far away', { device: 'new', region: 'different', level: 4 }, 'refuse', ['new-phone-far-away']],
  ])('%s', (_name, inputs, outcome, reasons) => {
    expect(assessRisk({ ...calm, ...inputs }, riskTable)).toEqual({ outcome, reasons })
  })
})

it('asks for the digits by a link and without a passkey, with any file', () => {
  const bare = { ...riskTable, rules: [] }
  expect(assessRisk(calm, bare).outcome).toBe('none')
  expect(assessRisk({ ...calm, byLink: true }, bare).outcome).toBe('code')
  expect(assessRisk({ ...calm, passkey: false }, bare).outcome).toBe('code')
})

describe('networks', () => {
  const bits = { ipv4: 24, ipv6: 56 }
  it.each([
    ['113.65.1.7', '113.65.1.200', true],
    ['113.65.1.7', '113.65.2.7', false],
    ['::ffff:113.65.1.7', '113.65.1.9', true],
    ['2409:8a55:1:2::1', '2409:8a55:1:3::9', true],
    ['2409:8a55:1:2::1', '2409:8a55:2:2::1', false],
    ['113.65.1.7', '2409:8a55:1:2::1', false],
    ['', '', false],
  ])('%s and %s: %s', (one, other, same) => {
    expect(sameNetwork(one, other, bits)).toBe(same)
    expect(sameNetwork(other, one, bits)).toBe(same)
  })

  it('have a region where they are listed', () => {
    const regionOf = listedRegions({ '440300': ['113.65.0.0/16', '2409:8a55::/32'], '441322': ['10.0.0.0/8'] })
    expect(regionOf('113.65.9.9')).toBe('440300')
    expect(regionOf('::ffff:10.1.1.1')).toBe('441322')
    expect(regionOf('2409:8a55::1')).toBe('440300')
    expect(regionOf('8.8.8.8')).toBeUndefined()
    expect(regionOf('nowhere')).toBeUndefined()
    expect(() => listedRegions({ Shenzhen: ['1.1.1.1/8'] })).toThrow()
  })
})
