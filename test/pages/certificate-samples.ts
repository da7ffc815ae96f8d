import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const csrf = 'c5rf-t0ken'
const bound = {
  id: '5f1c',
  name: '佛山市南海大沥铝材有限公司',
  serial: '1c0ffee2a3b4c5d6e7f8091a',
  kind: 'legal',
  ca: '粤信签',
  created: '2026-11-24T02:00:00.000Z',
  used: '2026-11-24T03:30:00.000Z',
  held: false,
}
const outOfUse = { ...bound, id: '7a2b', name: '陈大文', kind: 'natural', ca: '', used: '', held: true }

const text = [
  'yideng-cert-1',
  'https://login.gd.gov.cn',
  'Zk2vQ0cR8mW1xYb4Lt7Na',
  '0f2c1d9e-6a57-4a3c-9d7f-6f1f3a0b5c21',
  'tq3mB0n7dW5xk1Yz8Uv2Lr6Hs9Pe4Gc0Ja3Qf7Xi1Oo',
].join('\n')

/** The pages of certificates, with data they may get. @param signIn data of a sign-in page */
export function certificateSamples(signIn: object): Sample[] {
  const way = {
    name: 'certificate',
    icon: 'id',
    scripted: false,
    shown: 'alone',
    href: '/login/8f3a?way=certificate',
    action: '/login/8f3a/certificate',
    csrf,
    scripts: ['certificate.js'],
    agent: 'http://127.0.0.1:18900',
    cas: ['粤信签', '南方电子认证'],
    text,
    ticket: 'd1.t1cket',
  }
  const alone = { ...signIn, startUrl: '/login/8f3a', ways: [way] }
  const byHand = { ...way, agent: '', scripts: [] }
  const password = { ...way, name: 'password', shown: 'form', scripts: [], identifier: '', recoverUrl: '/recover' }
  const note = { name: 'certificate', ca: '粤信签' }
  const offer = {
    action: '/login/8f3a/certificate/answer',
    csrf,
    proof: 'h4sh',
    ca: '粤信签',
    kind: 'natural',
    names: '陈*文',
  }
  const list = { ...accountFrame('/account/certificate'), bindings: [bound], cas: ['粤信签'], off: false, done: '' }
  const one = { ...accountFrame('/account/certificate/5f1c'), binding: bound, last: false, release: false, until: '' }
  return [
    { view: 'login/one-way', name: 'certificate', data: alone },
    { view: 'login/one-way', name: 'certificate by hand', data: { ...alone, ways: [byHand] } },
    {
      view: 'login/one-way',
      name: 'certificate for encryption',
      data: { ...alone, refusal: 'certificate_encryption', ways: [{ ...way, refusal: 'certificate_encryption' }] },
    },
    { view: 'login/sign-in', name: 'unbound certificate', data: { ...signIn, note, ways: [password] } },
    { view: 'certificate/offer', name: 'natural', data: offer },
    { view: 'certificate/offer', name: 'legal', data: { ...offer, kind: 'legal', names: bound.name } },
    { view: 'certificate/offer', name: 'over', data: { ...offer, ca: '', kind: '', names: '', proof: '' } },
    { view: 'certificate/list', name: 'some', data: { ...list, bindings: [bound, outOfUse], done: 'released' } },
    { view: 'certificate/list', name: 'none', data: { ...list, bindings: [], off: true, done: 'removed' } },
    { view: 'certificate/one', name: 'one', data: one },
    { view: 'certificate/one', name: 'last', data: { ...one, last: true } },
    { view: 'certificate/one', name: 'held', data: { ...one, binding: outOfUse, until: '2026-11-30T03:30:00.000Z' } },
    { view: 'certificate/one', name: 'released', data: { ...one, binding: outOfUse, release: true } },
  ]
}
