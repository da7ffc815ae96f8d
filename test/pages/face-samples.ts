import { exits } from '../../src/pages/container.ts'
import { accountFrame, csrf } from './account-frame.ts'

const page = { base: '/login/8f3a/face', elsewhere: '/login/8f3a', csrf }
const capture = {
  ...page,
  check: 'ch3ck',
  steps: ['straight', 'left', 'blink', 'nearer'],
  help: 'chromium',
  darkest: 40,
  scripts: ['face.js'],
}
const account = accountFrame('/account/face')
const settings = {
  ...account,
  level: 3,
  agreed: false,
  young: false,
  offered: true,
  blocked: false,
  off: false,
  provenAt: '',
  binding: false,
  done: '',
}

/** Pages of face verification. */
export const faceSamples = [
  { view: 'face/consent', name: 'first time', data: { ...page, young: false, declares: false } },
  { view: 'face/consent', name: 'by passport', data: { ...page, young: false, declares: true } },
  { view: 'face/consent', name: 'a child', data: { ...page, young: true, declares: false } },
  { view: 'face/capture', name: 'ready', data: capture },
  ...exits.map((exit) => ({
    view: 'face/capture',
    name: `in an app, ${exit}`,
    data: { ...capture, help: exit === 'none' ? 'mini' : 'inside', container: { app: 'alipay', exit } },
  })),
  {
    view: 'face/leave',
    name: 'vendor',
    data: { ...page, url: 'https://faceid.example/page?token=1&x=2', domain: 'faceid.example' },
  },
  {
    view: 'face/native',
    name: 'WeChat',
    data: { ...page, channel: 'yss', handle: '8f3a.h4ndle', scripts: ['channel.js'] },
  },
  { view: 'face/not', name: 'blocked', data: { ...page, why: 'blocked' } },
  { view: 'face/not', name: 'switched off', data: { ...page, why: 'switched_off' } },
  { view: 'face/not', name: 'no reference', data: { ...page, why: 'no_reference' } },
  { view: 'face/not', name: 'unmatched', data: { ...page, why: 'unmatched' } },
  {
    view: 'face/result',
    name: 'vendor said no',
    data: { ...page, told: { outcome: 'failed', reasons: ['other_face', 'no_left'] } },
  },
  {
    view: 'face/ready',
    name: 'kiosk',
    data: {
      ...page,
      portal: { name: '政务一体机', host: 'kiosk.sz.gov.cn', organisation: '政务局', region: '深圳市' },
    },
  },
  { view: 'face/settings', name: 'level 3', data: settings },
  {
    view: 'face/settings',
    name: 'just proven',
    data: { ...settings, level: 4, agreed: true, provenAt: '2026-11-24T04:00:00.000Z', binding: true, done: 'proved' },
  },
  { view: 'face/settings', name: 'switched off', data: { ...settings, off: true } },
  { view: 'face/settings', name: 'a child, blocked', data: { ...settings, young: true, blocked: true } },
]
