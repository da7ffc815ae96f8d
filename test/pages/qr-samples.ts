import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const qrEnds = [
  'declined second_scan level off paused too_many risk phone_by_qr phone_by_face other_person no_sign_in wrong_codes',
  'late_created late_scanned late_approved cancelled',
].flatMap((line) => line.split(' '))

/** The pages of a sign-in by QR code. */
export function qrSamples(given: {
  portal: Record<string, unknown>
  longPortal: Record<string, unknown>
  csrf: string
}): readonly Sample[] {
  const { portal, longPortal, csrf } = given
  const qrAsk = {
    portal,
    level: 3,
    legalPerson: false,
    attributes: ['name', 'phone_number'],
    computer: { browser: 'Chrome', system: 'Windows', region: '深圳市', sameNetwork: true },
    secondsAgo: 5,
    action: '/q/scan/8f3a',
    csrf,
    again: false,
    sign: false,
    refused: false,
    seconds: 90,
    of: 120,
  }

  return [
    { view: 'qr/look', name: 'by-camera', data: { action: '/q/1.8f3a.0.mac', csrf, look: '178.0.mac', byLink: false } },
    { view: 'qr/look', name: 'by-link', data: { action: '/q/1.8f3a.0.mac', csrf, look: '178.1.mac', byLink: true } },
    { view: 'qr/ask', name: 'near', data: qrAsk },
    {
      view: 'qr/ask',
      name: 'far',
      data: {
        ...qrAsk,
        portal: longPortal,
        legalPerson: true,
        attributes: [],
        computer: { browser: '', system: '', region: '', sameNetwork: false },
        again: true,
        secondsAgo: 260,
        seconds: 300,
      },
    },
    { view: 'qr/ask', name: 'sign', data: { ...qrAsk, sign: true, refused: true } },
    {
      view: 'qr/ask',
      name: 'sign in an app',
      data: { ...qrAsk, sign: true, container: { app: 'wechat', exit: 'none' } },
    },
    ...['approved', 'redeemed'].map((code) => ({
      view: 'qr/told',
      name: code,
      data: { state: code, reason: '', portal: portal.name },
    })),
    {
      view: 'qr/told',
      name: 'code',
      data: {
        state: 'approved',
        reason: '',
        portal: portal.name,
        code: ['4', '0', '8', '2'],
        seconds: 48,
        of: 60,
        action: '/q/scan/8f3a',
      },
    },
    ...qrEnds.map((reason) => ({
      view: 'qr/told',
      name: reason,
      data: { state: reason === 'declined' ? reason : 'aborted', reason, portal: portal.name },
    })),
    ...['on', 'off', 'paused'].map((state) => ({
      view: 'qr/settings',
      name: state,
      data: {
        ...accountFrame('/account/qr'),
        state,
        computers: state === 'on' ? [{ browser: 'Chrome', system: '', at: 1_795_485_600_000 }] : [],
      },
    })),
  ]
}
