import { accountFrame, csrf } from './account-frame.ts'
import type { Sample } from './samples.ts'

const at = 1_795_485_600_000
const frame = (path: string) => accountFrame(path, { unread: 3 })
const device = { browser: 'Chrome', system: 'Windows' }
const place = { ...device, place: '深圳市' }
const nowhere = { browser: '', system: '', place: '' }
const longPortal = '连南瑶族自治县三排镇南岗千年瑶寨村民委员会便民服务站网上办事大厅'

const session = {
  uid: 's1',
  ...place,
  method: 'password',
  since: at,
  portals: [longPortal, '粤省事'],
  oldPortals: [{ name: '粤省事', usedAt: at }],
  signIn: 'i1',
  current: true,
}
const known = { key: 'k1', ...device, firstSeenAt: at, lastSeenAt: at, current: true }
const silent = { purpose: '', privacyUri: '', contact: '', retention: '' }
const portal = {
  id: 'p1',
  name: longPortal,
  host: 'bianminfuwu.nangang-qiannian-yaozhai.sanpai.liannan.qingyuan.gov.example:8443',
  organisation: '连南瑶族自治县三排镇人民政府公共服务办公室',
  region: '清远市连南瑶族自治县',
  attributes: ['name', 'phone_number', 'id_number'],
  permissions: ['查看您的电子证照'],
  givenAt: at,
  enteredAt: at,
  purpose: '办理社保、医保和户政事项',
  privacyUri: 'https://www.sz.gov.cn/privacy',
  contact: '0755-12345',
  retention: '办结后 30 天',
  withdrawnAt: 0,
  unasked: false,
}
const entry = {
  at,
  event: 'login.succeeded',
  byOperator: false,
  method: 'qr',
  portal: longPortal,
  ...place,
  signIn: 'i1',
  receipt: '7',
  receiptSoon: false,
  own: false,
}
const notice = {
  kind: 'new-device',
  method: 'password',
  portal: '',
  lead: '/account/history',
  stops: false,
  at,
  read: false,
  organisations: [] as string[],
  mandates: 0,
  ...place,
}

export const accountSamples: readonly Sample[] = [
  ...[true, false].map((whole) => ({
    view: 'account/record',
    name: whole ? 'whole' : 'masked',
    data: {
      ...accountFrame(whole ? '/account/whole' : '/account/details', { closesAt: whole ? at : 0 }),
      level: whole ? 3 : 2,
      documentType: 'resident_id',
      documentNumber: whole ? '440300 19900101 1234' : '4****************4',
      name: whole ? '周晓岚' : '周**',
      phone: whole ? '+86 138 1234 5678' : '138****5678',
      username: 'zhangsan',
      whole,
      done: whole ? '' : 'corrected',
    },
  })),
  ...[2, 3].map((level) => ({
    view: 'account/correct',
    name: level === 2 ? 'plain' : 'wrong',
    data: {
      ...accountFrame('/account/details/correct'),
      level,
      present: { name: '周**', number: '4****************4' },
      documents: ['resident_id', 'passport'].map((type) => ({ type, hint: '18 位' })),
      values: { name: level === 2 ? '' : '周晓澜', document_type: 'resident_id', document_number: '' },
      problems: level === 2 ? {} : { name: 'correction_not_matched' },
    },
  })),
  ...[
    { typing: false },
    { typing: false, proven: true, done: 'changed', oneTap: true },
    { typing: false, native: { channel: 'yss', handle: 'h4ndle' }, problem: { code: 'number_late', minutes: 0 } },
    { typing: true, phone: '139****9000' },
    { typing: true, phone: '139****9000', failed: true },
    { typing: true, old: true, phone: '138****5678', problem: { code: 'code_wrong', minutes: 0 } },
    { typing: true, old: true, phone: '+852 *****567', reached: false },
  ].map((change, index) => ({
    view: 'account/phone',
    name: String(index),
    data: {
      ...accountFrame('/account/phone', { closesAt: 0 }),
      old: false,
      present: '138****5678',
      proven: false,
      phone: '',
      typed: '',
      texts: true,
      reached: true,
      done: '',
      ...change,
    },
  })),
  ...['', 'off', 'on', 'not_me', 'not_me_last'].map((done) => ({
    view: 'account/ways',
    name: done || 'plain',
    data: {
      ...frame('/account/ways'),
      ways: [
        { name: 'password', count: 1, held: 0, room: true, unused: false, empty: false, state: 'on' },
        { name: 'qr', count: 0, held: 0, room: true, unused: false, empty: false, state: 'switched_off' },
        { name: 'passkey', count: 2, held: 1, room: false, unused: false, empty: false, state: 'not_me_off' },
        { name: 'face', count: 0, held: 0, room: true, unused: true, empty: true, state: 'on' },
        { name: 'otp', count: 1, held: 1, room: true, unused: false, empty: true, state: 'on' },
      ],
      done,
      undo: done === 'off' ? 'qr' : '',
      refused: done === '' ? 'password' : '',
    },
  })),
  ...['', 'ended', 'others_ended', 'forgotten', 'restored', 'late'].map((done) => ({
    view: 'account/sessions',
    name: done || 'plain',
    data: {
      ...frame('/account/sessions'),
      sessions: [session, { ...session, ...nowhere, uid: 's2', method: '', portals: [], current: false }],
      devices: [known, { ...known, key: 'k2', browser: '', current: false }],
      done,
      undo: done === 'forgotten' ? 'k3' : '',
    },
  })),
  {
    view: 'account/portals',
    name: 'some',
    data: {
      ...frame('/account/portals'),
      portals: [
        portal,
        { ...portal, ...silent, id: 'p2', attributes: [], permissions: [], givenAt: 0, unasked: true },
        { ...portal, id: 'p4', givenAt: 0, withdrawnAt: at },
        { ...portal, id: 'p5', givenAt: 0 },
        { ...portal, ...silent, id: 'p3', name: '', host: '', organisation: '', region: '', enteredAt: 0 },
      ],
      done: 'withdrawn',
      undo: 'p4',
    },
  },
  { view: 'account/portals', name: 'none', data: { ...frame('/account/portals'), portals: [], done: '', undo: '' } },
  ...['given_again', 'late'].map((done) => ({
    view: 'account/portals',
    name: done,
    data: { ...frame('/account/portals'), portals: [portal], done, undo: '' },
  })),
  {
    view: 'account/history',
    name: 'all',
    data: {
      ...frame('/account/history'),
      entries: [
        entry,
        { ...entry, own: true, receipt: '', receiptSoon: true },
        { ...entry, event: 'login.refused', signIn: '', receipt: '', browser: '', system: '', place: '', more: 128 },
        { ...entry, ...nowhere, event: 'person.unlocked', byOperator: true, method: '', portal: '', signIn: '' },
      ],
      only: false,
      page: 2,
      more: true,
    },
  },
  {
    view: 'account/history',
    name: 'sign-ins',
    data: { ...frame('/account/history'), entries: [entry], only: true, page: 1, more: false },
  },
  { view: 'account/receipt-soon', name: 'all', data: frame('/account/receipts/7') },
  { view: 'account/not-me', name: 'one', data: { ...frame('/account/history/i1'), entry } },
  {
    view: 'account/not-me',
    name: 'bare',
    data: { ...frame('/account/history/i1'), entry: { ...entry, ...nowhere, portal: '' } },
  },
  {
    view: 'account/notices',
    name: 'some',
    data: {
      ...frame('/account/notices'),
      notices: [
        notice,
        { ...notice, kind: 'account-recovered', method: '', lead: '/recover/stop/x', stops: true },
        { ...notice, ...nowhere, kind: 'account-kept', method: '', read: true },
        {
          ...notice,
          ...nowhere,
          kind: 'opened-in-your-name',
          method: '',
          organisations: ['深圳市云岭科技有限公司', '东江制造有限公司'],
          mandates: 3,
        },
      ],
      until: at,
      unread: true,
      page: 1,
      more: true,
    },
  },
  {
    view: 'account/notices',
    name: 'none',
    data: { ...frame('/account/notices'), notices: [], until: 0, unread: false, page: 1, more: false },
  },
  { view: 'account/data', name: 'all', data: frame('/account/data') },
  {
    view: 'account/my-data',
    name: 'all',
    data: {
      ...frame('/account/data'),
      madeAt: at,
      own: {
        documentType: 'resident_id',
        documentNumber: '440300 19900101 1234',
        name: '周晓岚',
        phone: '+86 138 1234 5678',
        username: 'zhangsan',
        identityLevel: 3,
        createdAt: at,
      },
      authenticators: ['password', 'passkey', 'recovery-codes'].map((kind, index) => ({
        kind,
        createdAt: at,
        lastUsedAt: index === 0 ? at : null,
      })),
      sessions: [{ ...device, signedInAt: at, address: '203.0.113.7', portals: [longPortal] }],
      devices: [{ ...device, firstSeenAt: at, lastSeenAt: at }],
      privacyNotices: [{ version: '2026-11', givenAt: at }],
      faceConsent: { version: '2026-11', givenAt: at },
      consents: [
        { portal: longPortal, givenAt: at },
        { portal: '', givenAt: at },
      ],
      acting: [{ name: '东江制造有限公司', uscc: '914403001922038216' }],
      notices: [{ kind: 'new-device', createdAt: at }],
      history: [{ event: 'login.succeeded', at }],
      more: true,
    },
  },
  ...['', 'closing_confirm'].map((problem) => ({
    view: 'account/closing',
    name: problem || 'plain',
    data: { ...frame('/account/closing'), closesAt: 0, organisations: [], days: 7, problem },
  })),
  {
    view: 'account/closing',
    name: 'blocked',
    data: {
      ...frame('/account/closing'),
      closesAt: 0,
      organisations: ['深圳市云岭科技有限公司'],
      days: 7,
      problem: '',
    },
  },
  {
    view: 'account/closing',
    name: 'soon',
    data: { ...frame('/account/closing'), closesAt: at, organisations: [], days: 7, problem: '' },
  },
  { view: 'account/leaving', name: 'all', data: { closesAt: at } },
  {
    view: 'login/closing',
    name: 'all',
    data: {
      portal: { name: longPortal, organisation: '', region: '' },
      closesAt: at,
      action: '/login/8f3a/closing',
      csrf,
    },
  },
]
