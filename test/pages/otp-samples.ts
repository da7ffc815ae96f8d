import { appAddress, appToken, base32 } from '../../src/login/methods/otp/app-secret.ts'
import { qrOutline } from '../../src/login/methods/otp/qr-outline.ts'
import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const secret = Buffer.from('12345678901234567890', 'ascii')
const address = appAddress(appToken('international'), { secret, service: '广东省统一身份认证', account: '张*' })
const code = qrOutline(address)
const letters = base32(secret).replaceAll(/.{4}(?=.)/g, '$& ')

const app = { id: '5f1c', serialEnd: '', held: false, created: '2026-11-24T02:00:00.000Z', used: '' }
const hardware = { ...app, id: '7a2b', serialEnd: '0042', used: '2026-11-24T03:30:00.000Z' }

/** The pages of one-time codes, with data they may get. */
export function otpSamples({ portal }: { portal: object }): Sample[] {
  const frame = accountFrame('/account/otp')
  const list = { ...frame, tokens: [app, hardware], release: false, until: '', done: '' }
  const held = [{ ...app, held: true }]
  const login = {
    portal,
    action: '/login/8f3a/otp',
    startUrl: '/login/8f3a',
    cancelAction: '/login/8f3a/cancel',
    lostUrl: '/recover?back=%2Flogin%2F8f3a',
    csrf: frame.csrf,
    problem: undefined,
  }
  const once = { ...frame, address, letters, code, problem: '' }
  return [
    { view: 'otp/code', name: 'first', data: login },
    ...['missing', 'wrong', 'wait'].map((problem) => ({
      view: 'otp/code',
      name: problem,
      data: { ...login, lostUrl: '', problem: { code: problem, minutes: 15 } },
    })),
    { view: 'otp/list', name: 'some', data: list },
    { view: 'otp/list', name: 'none', data: { ...list, tokens: [] } },
    ...['added', 'removed', 'released'].map((done) => ({
      view: 'otp/list',
      name: done,
      data: { ...list, tokens: done === 'removed' ? [] : [app], done },
    })),
    { view: 'otp/list', name: 'held', data: { ...list, tokens: held, release: true } },
    { view: 'otp/list', name: 'held-later', data: { ...list, tokens: held, until: '2026-11-25T02:00:00.000Z' } },
    { view: 'otp/add', name: 'first', data: frame },
    { view: 'otp/secret', name: 'first', data: once },
    ...['missing', 'wrong', 'over', 'too_many'].map((problem) => ({
      view: 'otp/secret',
      name: problem,
      data: { ...frame, address: '', letters: '', code: undefined, problem },
    })),
  ]
}
