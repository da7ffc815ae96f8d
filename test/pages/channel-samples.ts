import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const csrf = 'c5rf-t0ken'
const bound = {
  id: '5f1c',
  names: ['粤省事', '广东政务服务公众号'],
  created: '2026-11-24T02:00:00.000Z',
  used: '2026-11-24T03:30:00.000Z',
  held: false,
}
const outOfUse = { ...bound, id: '7a2b', names: [], used: '', held: true }

/** The pages of channels, with data they may get. @param signIn data of a sign-in page */
export function channelSamples(signIn: object): Sample[] {
  const offer = { action: '/login/8f3a/channel/answer', csrf, channel: '粤省事', alipay: false }
  const list = { ...accountFrame('/account/channel'), bindings: [bound], channels: ['粤省事'], off: false, done: '' }
  const one = { ...accountFrame('/account/channel/5f1c'), binding: bound, last: false, release: false, until: '' }
  const way = {
    name: 'channel',
    icon: 'phone',
    scripted: false,
    shown: 'alone',
    href: '/login/8f3a?way=channel',
    action: '/login/8f3a/channel',
    csrf,
    attempt: '8f3a',
    channels: [{ id: 'yss', name: '粤省事', vendor: 'wechat', handle: 'd1.h4ndle' }],
  }
  const forms = [
    { id: 'h5', name: '微信', vendor: 'wechat', start: '/login/8f3a/channel/h5/start' },
    { id: 'alipay', name: '支付宝', vendor: 'alipay', start: '/login/8f3a/channel/alipay/start' },
  ]
  const rows = ['password', 'passkey'].map((name) => ({
    ...way,
    name,
    shown: 'row',
    icon: name === 'password' ? 'entry' : 'finger',
    href: `/login/8f3a?way=${name}`,
  }))
  const password = { ...way, name: 'password', shown: 'form', identifier: '', recoverUrl: '/recover' }
  const note = { name: 'channel', channel: '粤省事', alipay: false }
  const tile = { ...way, shown: 'tile' }
  return [
    { view: 'login/sign-in', name: 'mini program', data: { ...signIn, device: 'phone', ways: [way, ...rows] } },
    {
      view: 'login/sign-in',
      name: 'unbound channel',
      data: { ...signIn, device: 'phone', note, ways: [rows[1], password] },
    },
    {
      view: 'login/sign-in',
      name: 'snapshot',
      data: { ...signIn, device: 'phone', refusal: 'channel_snapshot', ways: [tile, rows[1], password] },
    },
    {
      view: 'login/one-way',
      name: 'channels',
      data: { ...signIn, startUrl: '/login/8f3a', ways: [{ ...way, channels: forms }] },
    },
    {
      view: 'login/elder-start',
      name: 'unbound channel',
      data: { ...signIn, note, ways: rows },
    },
    { view: 'channel/offer', name: 'wechat', data: offer },
    { view: 'channel/offer', name: 'alipay', data: { ...offer, channel: '支付宝', alipay: true } },
    { view: 'channel/offer', name: 'over', data: { ...offer, channel: '' } },
    { view: 'channel/list', name: 'some', data: { ...list, bindings: [bound, outOfUse], done: 'released' } },
    { view: 'channel/list', name: 'none', data: { ...list, bindings: [], done: 'removed' } },
    { view: 'channel/list', name: 'elsewhere', data: { ...list, channels: [], off: true } },
    { view: 'channel/one', name: 'one', data: one },
    { view: 'channel/one', name: 'last', data: { ...one, last: true } },
    { view: 'channel/one', name: 'held', data: { ...one, binding: outOfUse, until: '2026-11-30T03:30:00.000Z' } },
    { view: 'channel/one', name: 'released', data: { ...one, binding: outOfUse, release: true } },
  ]
}
