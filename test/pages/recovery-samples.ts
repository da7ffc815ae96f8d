import { accountFrame, csrf } from './account-frame.ts'

const account = accountFrame('/account/recovery')
const portal = {
  name: '深圳市政务服务网',
  host: 'www.sz.gov.cn',
  organisation: '深圳市政务服务和数据管理局',
  region: '深圳市',
}
const until = '2026-11-25T02:00:00.000Z'
const start = {
  hours: 24,
  identifier: '',
  problems: {},
  refusal: '',
  waitMinutes: 15,
  tries: 6,
  back: '/login/8f3a',
  csrf,
}
const problems = { password: 'password_too_short', password_again: 'password_mismatch' }

/** The way back into an account, its codes, and the password's own room. */
export const recoverySamples = [
  {
    view: 'recover/start',
    name: 'first',
    data: {
      back: '/account',
      hours: 24,
      ways: [
        { name: 'face', icon: 'face' },
        { name: 'sms', icon: 'phone' },
      ],
      bound: [
        { name: 'channel', icon: 'phone' },
        { name: 'certificate', icon: 'id' },
        { name: 'upstream', icon: 'building' },
      ],
      passkeyFirst: false,
    },
  },
  {
    view: 'recover/start',
    name: 'passkey',
    data: { back: '/login/8f3a', hours: 0, ways: [], bound: [], passkeyFirst: true },
  },
  { view: 'recover/code', name: 'first', data: start },
  ...[{}, { identifier: 'identifier_required', document_number: 'document_number_required' }].map((wrong, index) => ({
    view: 'face/recover',
    name: index === 0 ? 'first' : 'missing',
    data: { back: '/login/8f3a', identifier: '', problems: wrong, action: '/recover/face/identify', csrf },
  })),
  ...['recovery_refused', 'too_many_tries'].map((refusal) => ({
    view: 'recover/code',
    name: refusal,
    data: { ...start, identifier: '13800138000', refusal },
  })),
  {
    view: 'recover/code',
    name: 'missing',
    data: {
      ...start,
      problems: {
        identifier: 'identifier_required',
        knowledge: 'knowledge_required',
        code: 'recovery_code_malformed',
      },
    },
  },
  { view: 'recover/new-password', name: 'first', data: { name: '张*', username: 'zhangsan', problems: {}, csrf } },
  { view: 'recover/new-password', name: 'problems', data: { name: '张*', username: 'zhangsan', problems, csrf } },
  ...[
    { name: 'first', wrong: {} },
    { name: 'wait', wrong: { waitMinutes: 4 } },
    { name: 'over', wrong: { over: true } },
    { name: 'unchecked', wrong: { unchecked: true } },
    { name: 'missing', wrong: { problems: { phone: 'phone_unserved', document_number: 'document_number_required' } } },
  ].map(({ name, wrong }) => ({
    view: 'recover/text',
    name,
    data: {
      back: '/login/8f3a',
      action: '/recover/sms',
      phone: '13800138000',
      problems: {},
      waitMinutes: 0,
      over: false,
      unchecked: false,
      days: 30,
      hours: 24,
      csrf,
      ...wrong,
    },
  })),
  ...[{}, { code: 'text_code_wrong' }].map((wrong, index) => ({
    view: 'recover/text-code',
    name: index === 0 ? 'first' : 'wrong',
    data: { back: '/account', action: '/recover/sms/code', phone: '13800138000', problems: wrong, hours: 24, csrf },
  })),
  { view: 'recover/stop', name: 'first', data: { recoveredAt: Date.parse(until), days: 7, csrf } },
  { view: 'recover/stopped', name: 'first', data: {} },
  { view: 'recover/done', name: 'held', data: { back: '/login/8f3a', until, heldPasskeys: 2 } },
  { view: 'recover/done', name: 'free', data: { back: '/account', until: '', heldPasskeys: 0 } },
  { view: 'password/account', name: 'first', data: { ...account, username: 'zhangsan', problems: {}, changed: false } },
  {
    view: 'password/account',
    name: 'changed',
    data: { ...account, username: 'zhangsan', problems: {}, changed: true },
  },
  { view: 'password/account', name: 'problems', data: { ...account, username: 'zhangsan', problems, changed: false } },
  { view: 'account/recovery', name: 'none', data: { ...account, left: 0, made: 10, done: 'shown' } },
  { view: 'account/recovery', name: 'some', data: { ...account, left: 7, made: 10, done: '' } },
  {
    view: 'account/recovery-codes',
    name: 'made',
    data: {
      ...account,
      codes: Array.from({ length: 10 }, (_, index) => `7K3M-W9QD-HJ4T-XCN${index}`),
      made: '2026-11-24T02:00:00.000Z',
    },
  },
  {
    view: 'login/possession-offer',
    name: 'both',
    data: {
      ways: ['sms', 'face'].map((name) => ({ name, action: `/login/8f3a/${name}/start` })),
      until: Date.UTC(2027, 5, 30),
      action: '/login/8f3a/possession',
      csrf,
    },
  },
  {
    view: 'login/possession-offer',
    name: 'none',
    data: { ways: [], until: undefined, action: '/login/8f3a/possession', csrf },
  },
  { view: 'login/codes-offer', name: 'first', data: { action: '/login/8f3a/codes', csrf } },
  {
    view: 'login/codes',
    name: 'made',
    data: {
      name: '张小兰',
      codes: Array.from({ length: 10 }, (_, index) => `7K3M-W9QD-HJ4T-XCN${index}`),
      made: '2026-11-24T02:00:00.000Z',
      action: '/login/8f3a/codes',
      csrf,
    },
  },
  { view: 'account/held', name: 'held', data: { ...account, until } },
  { view: 'login/held', name: 'held', data: { portal, until, cancelAction: '/login/8f3a/cancel', csrf } },
]
