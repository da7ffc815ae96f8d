import { exits } from '../../src/pages/container.ts'
import { certificateSamples } from './certificate-samples.ts'
import { channelSamples } from './channel-samples.ts'
import { upstreamRoomSamples } from './upstream-room-samples.ts'
import { upstreamSamples } from './upstream-samples.ts'
import { citySamples } from './city-samples.ts'
import type { Sample } from './samples.ts'

/** The sign-in page of each device, one way alone, and the start of 关怀版. */
export function signInSamples({
  portal,
  longPortal,
  csrf,
}: {
  portal: object
  longPortal: object
  csrf: string
}): Sample[] {
  const wayOf = (name: string, icon: string, scripted: boolean, more: object = {}) => ({
    name,
    icon,
    scripted,
    shown: 'row',
    href: `/login/8f3a?way=${name}`,
    action: `/login/8f3a/${name}`,
    csrf,
    identifier: '',
    registerUrl: '/login/8f3a/register',
    last: false,
    ...more,
  })
  const passwordWay = wayOf('password', 'entry', false, {
    shown: 'form',
    recoverUrl: '/recover?back=%2Flogin%2F8f3a',
  })
  const faceWay = wayOf('face', 'face', false, { shown: 'form' })
  const qrWay = wayOf('qr', 'phones', true, { shown: 'panel', hideSeconds: 3, shownSeconds: 60 })
  const passkeyWay = wayOf('passkey', 'finger', true, { shown: 'button' })
  const smsWay = wayOf('sms', 'sms', false, { shown: 'tile' })
  const text = {
    portal,
    action: '/login/8f3a/sms',
    startUrl: '/login/8f3a',
    cancelAction: '/login/8f3a/cancel',
    csrf,
    typed: '',
    phone: '138****8000',
    again: false,
  }
  const refusedWays = (refusal: string) => ({
    refusal,
    ways: [{ ...passwordWay, identifier: '13800138000', refusal }, passkeyWay],
  })

  const signIn = {
    portal,
    device: 'computer',
    ways: [passkeyWay, passwordWay, qrWay],
    registerUrl: '/register?from=8f3a',
    cancelAction: '/login/8f3a/cancel',
    level: 2,
    waitMinutes: 15,
    tries: 6,
    reauthentication: false,
    administers: false,
    csrf,
  }
  /** A phone that scanned and is not signed in. */
  const purpose = {
    kind: 'qr',
    portal,
    computer: { browser: 'Edge', system: 'Windows', region: '佛山市', sameNetwork: false },
    minutes: 4,
  }
  const first = { ...signIn, purpose, device: 'phone', ways: [passkeyWay, passwordWay] }
  const alone = (way: object) => ({ ...signIn, startUrl: '/login/8f3a', ways: [{ ...way, shown: 'alone' }] })
  const atKiosk = { ...signIn, device: 'kiosk', ways: [faceWay, qrWay, { ...passwordWay, shown: 'row' }] }
  const asRows = (...ways: object[]) => ways.map((way) => ({ ...way, shown: 'row' }))
  const elderStart = { ...signIn, ways: asRows(passkeyWay, passwordWay, qrWay, faceWay) }

  return [
    { view: 'login/sign-in', name: 'computer', data: signIn },
    ...certificateSamples(signIn),
    ...channelSamples(signIn),
    ...upstreamRoomSamples(),
    ...upstreamSamples(signIn, passwordWay),
    ...citySamples(signIn, [passkeyWay, passwordWay, smsWay]),
    {
      view: 'login/sign-in',
      name: 'phone',
      data: { ...signIn, device: 'phone', ways: [passkeyWay, passwordWay, { ...qrWay, shown: 'tile' }, smsWay] },
    },
    {
      view: 'login/sign-in',
      name: 'known',
      data: { ...signIn, ways: [{ ...passkeyWay, shown: 'alone', last: true }, ...asRows(passwordWay, qrWay)] },
    },
    {
      view: 'login/sign-in',
      name: 'in an app',
      data: {
        ...signIn,
        device: 'phone',
        container: { app: 'wechat', exit: 'menu' },
        ways: [passwordWay, { ...qrWay, shown: 'tile' }, smsWay, ...asRows(passkeyWay)],
      },
    },
    ...exits.map((exit) => ({
      view: 'login/one-way',
      name: `passkey in an app, ${exit}`,
      data: {
        ...alone({ ...passkeyWay, container: { app: 'wechat', exit } }),
        device: 'phone',
        container: { app: 'wechat', exit },
      },
    })),
    { view: 'login/sign-in', name: 'to-scan', data: first },
    { view: 'login/elder-start', name: 'to-scan', data: { ...first, ways: asRows(passkeyWay, passwordWay) } },
    {
      view: 'login/one-way',
      name: 'to-scan',
      data: { ...alone(passwordWay), device: 'phone', purpose: { ...purpose, portal: longPortal } },
    },
    { view: 'login/sign-in', name: 'kiosk', data: atKiosk },
    { view: 'login/one-way', name: 'password', data: alone(passwordWay) },
    { view: 'login/one-way', name: 'passkey', data: alone(passkeyWay) },
    { view: 'login/one-way', name: 'text', data: alone(smsWay) },
    { view: 'sms/phone', name: 'first', data: text },
    {
      view: 'sms/phone',
      name: 'asks-document',
      data: { ...text, typed: '13800138000', asksDocument: true, problem: { code: 'wait', minutes: 60 } },
    },
    { view: 'sms/phone', name: 'refused', data: { ...text, typed: '110', problem: { code: 'malformed', minutes: 0 } } },
    { view: 'sms/code', name: 'first', data: { ...text, portal: longPortal } },
    { view: 'sms/own', name: 'first', data: text },
    { view: 'sms/own', name: 'offered', data: { ...text, offered: true, failed: true } },
    { view: 'sms/own', name: 'not own', data: { ...text, problem: { code: 'not_own', minutes: 0 } } },
    { view: 'sms/code', name: 'wrong', data: { ...text, problem: { code: 'code_wrong', minutes: 0 } } },
    { view: 'sms/who', name: 'first', data: text },
    { view: 'login/one-way', name: 'qr', data: { ...alone(qrWay), device: 'phone' } },
    { view: 'login/one-way', name: 'kiosk', data: { ...alone(passwordWay), device: 'kiosk' } },
    {
      view: 'login/one-way',
      name: 'administers',
      data: { ...signIn, administers: true, ways: [{ ...passkeyWay, shown: 'alone' }] },
    },
    {
      view: 'login/one-way',
      name: 'refused',
      data: { ...alone({ ...passwordWay, refusal: 'missing_password' }), refusal: 'missing_password' },
    },
    { view: 'login/elder-start', name: 'all', data: elderStart },
    {
      view: 'login/elder-start',
      name: 'known',
      data: { ...elderStart, ways: asRows({ ...passkeyWay, last: true }, passwordWay, qrWay) },
    },
    {
      view: 'login/elder-start',
      name: 'kiosk',
      data: { ...elderStart, device: 'kiosk', level: 3, ways: asRows(faceWay, qrWay, passwordWay) },
    },
    {
      view: 'login/sign-in',
      name: 'refused',
      data: { ...signIn, ...refusedWays('sign_in_refused'), level: 3 },
    },
    {
      view: 'login/sign-in',
      name: 'wait',
      data: { ...signIn, ...refusedWays('too_many_tries'), portal: longPortal, waitMinutes: 15, level: 4 },
    },
    {
      view: 'login/sign-in',
      name: 'missing',
      data: { ...signIn, ...refusedWays('missing_password'), reauthentication: true },
    },
    {
      view: 'login/sign-in',
      name: 'passkey',
      data: { ...signIn, refusal: 'passkey_unknown', ways: [passkeyWay, passwordWay] },
    },
    { view: 'login/sign-in', name: 'no-identifier', data: { ...signIn, ...refusedWays('missing_identifier') } },
    { view: 'login/sign-in', name: 'busy', data: { ...signIn, ...refusedWays('busy') } },
  ]
}
