import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const faults = ['malformed', 'challenge_gone', 'invalid', 'known_credential', 'too_many']

const phone = {
  id: '5f1c',
  title: '我的手机',
  own: '我的手机',
  keeper: '苹果钥匙串（iCloud）',
  showKeeper: true,
  synced: true,
  held: false,
  created: '2026-11-24T02:00:00.000Z',
  used: '2026-11-24T03:30:00.000Z',
}
const unnamed = { ...phone, id: '7a2b', title: '', own: '', keeper: '', showKeeper: false, synced: false, used: '' }

const signed = {
  mandate: { role: 'handler', all: false, matters: ['税务申报', '申请证照'], from: '2026-11-24', until: '2027-11-24' },
  principal: '云岭科技有限公司',
  to: '周小桐',
  text: `yideng mandate 1\nact: offer\nmandate: 0f3c2b1a-9d8e-4f7a-8b6c-5d4e3f2a1b0c\nprincipal: 7c1d${'0'.repeat(40)}\n`,
}

/** The pages of passkeys, with data they may get. */
export function passkeySamples(): Sample[] {
  const offer = { days: 30, action: '/login/8f3a/passkey/offer', csrf: 'c5rf-t0ken', problem: '' }
  const list = {
    ...accountFrame('/account/passkey'),
    passkeys: [phone, { ...unnamed, held: true }],
    off: false,
    possible: true,
    done: '',
  }
  const onOne = {
    removable: true,
    ...accountFrame('/account/passkey/5f1c'),
    last: false,
    release: false,
    until: '',
  }
  return [
    { view: 'passkey/offer', name: 'first', data: offer },
    ...faults.map((problem) => ({ view: 'passkey/offer', name: problem, data: { ...offer, problem } })),
    { view: 'passkey/list', name: 'some', data: { ...list, done: 'added' } },
    {
      view: 'passkey/list',
      name: 'renamed',
      data: { ...list, passkeys: [{ ...phone, showKeeper: false }], done: 'renamed' },
    },
    { view: 'passkey/list', name: 'released', data: { ...list, passkeys: [phone], done: 'released' } },
    { view: 'passkey/list', name: 'none', data: { ...list, passkeys: [], done: 'removed' } },
    { view: 'passkey/list', name: 'off', data: { ...list, off: true, possible: false } },
    ...['offer', 'accept', 'confirm', 'regrant'].map((act) => ({
      view: 'account/mandate-sign',
      name: act,
      data: { ...accountFrame('/account/mandates/sign'), act, ...signed, refused: act === 'accept' },
    })),
    { view: 'passkey/add', name: 'first', data: { ...accountFrame('/account/passkey/add'), problem: '' } },
    { view: 'passkey/add', name: 'problem', data: { ...accountFrame('/account/passkey/add'), problem: 'invalid' } },
    {
      view: 'passkey/add',
      name: 'in an app',
      data: { ...accountFrame('/account/passkey/add'), problem: '', container: { app: 'qq', exit: 'menu' } },
    },
    ...[true, false].map((last) => ({
      view: 'passkey/one',
      name: last ? 'last' : 'one',
      data: { ...onOne, passkey: last ? unnamed : phone, last },
    })),
    ...[true, false].map((release) => ({
      view: 'passkey/one',
      name: release ? 'held' : 'held-account',
      data: {
        ...onOne,
        passkey: { ...phone, held: true },
        release,
        removable: release,
        until: release ? '' : '2026-11-25T02:00:00.000Z',
      },
    })),
  ]
}
