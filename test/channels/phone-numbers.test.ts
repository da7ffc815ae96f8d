import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { transportFaults } from '../../examples/made-up-wechat/faults.ts'
import type { ChannelIdentity } from '../../src/channels/channel-client.ts'
import {
  channelOf,
  openVendorChannels,
  patienceFor,
  startVendors,
  vendorUser,
  type Vendors,
} from '../setup/channel-vendors.ts'

let vendors: Vendors
beforeAll(async () => {
  vendors = await startVendors()
})
beforeEach(() => vendors.well())

const anna = { ...vendorUser('anna'), phone: '+8613800138000' }

const phoneOf = (code: string, ids: ChannelIdentity['ids'] = { openid: anna.openid ?? '' }, patienceMs = 5000) =>
  openVendorChannels([channelOf(vendors, 'wechat-mini')], {}, patienceMs)
    .client('wechat-mini')
    ?.phoneOf?.(code, ids)

describe('the number of a person in WeChat', () => {
  it.each(['+8613800138000', '+85261234567', '+12025550123'])('is E.164: %s', async (phone) => {
    expect(await phoneOf(vendors.phoneCode({ ...anna, phone }))).toEqual({ phone })
  })

  it('counts once', async () => {
    const code = vendors.phoneCode(anna)
    expect(await phoneOf(code)).toHaveProperty('phone')
    expect(await phoneOf(code)).toEqual({ failure: 'code_refused' })
  })

  it('is refused with the code of another person', async () => {
    const code = vendors.phoneCode({ ...vendorUser('bo'), phone: '+8613900139000' })
    expect(await phoneOf(code)).toEqual({ failure: 'code_refused' })
  })

  it('is refused with the code of a login, and the other way round', async () => {
    expect(await phoneOf(vendors.loginCode(anna))).toEqual({ failure: 'code_refused' })
    const client = openVendorChannels([channelOf(vendors, 'wechat-mini')]).client('wechat-mini')
    expect(await client?.identify(vendors.phoneCode(anna))).toEqual({ failure: 'code_refused' })
  })

  it('is never asked for without openid', async () => {
    const before = vendors.calls.length
    expect(await phoneOf(vendors.phoneCode(anna), { unionid: 'u-anna' })).toEqual({ failure: 'code_refused' })
    expect(vendors.calls.length).toBe(before)
  })

  it('is refused with the watermark of another app', async () => {
    vendors.fail('getuserphonenumber', 'foreign-watermark')
    expect(await phoneOf(vendors.phoneCode(anna))).toEqual({ failure: 'unavailable' })
  })

  it.each([
    ['no country', (text: string) => text.replace('"countryCode":"86"', '"countryCode":""')],
    ['letters', (text: string) => text.replace('"purePhoneNumber":"138', '"purePhoneNumber":"x38')],
    ['too many digits', (text: string) => text.replace('"purePhoneNumber":"138', '"purePhoneNumber":"1381')],
    ['no watermark', (text: string) => text.replace('"watermark"', '"other"')],
  ])('is no number with %s', async (_, alter) => {
    vendors.alter('getuserphonenumber', (text) => {
      expect(alter(text)).not.toBe(text)
      return alter(text)
    })
    const long = { ...anna, phone: '+861380013800000' }
    expect(await phoneOf(vendors.phoneCode(long))).toEqual({ failure: 'unavailable' })
  })

  it.each([...transportFaults, -1])('is none where WeChat answers %s', async (fault) => {
    vendors.fail('getuserphonenumber', fault)
    expect(await phoneOf(vendors.phoneCode(anna), undefined, patienceFor(fault))).toEqual({ failure: 'unavailable' })
  })
})
